// Package geometric is the family of graph networks on citation data: it reproduces the node classification of Cora,
// CiteSeer and PubMed by backpropagation, direct feedback alignment and shallow training, and the graph auto-encoder.
//
// Data conventions. A [Citation] is a whole graph: sparse bag-of-words features [nodes, words] as a pattern plus its
// entries in row order, one int32 class a node, and the adjacency as a square pattern with both directions of every
// undirected edge, no self loop and no duplicate. Splits are lists of node ids. [LoadPlanetoid] reads the files of the
// public split; [SyntheticCitation] generates a stand-in of the same size and statistics, whose results are never
// reported beside the published numbers.
package geometric
