// Package geometric is the family of graph networks on citation data: it reproduces the node classification of Cora,
// CiteSeer and PubMed by backpropagation, direct feedback alignment and shallow training, and the graph auto-encoder.
//
// The counterparts in PyTorch are modules of PyTorch Geometric 2 layers: conv1 and conv2 of GCNConv, ChebConv with K=2,
// SplineConv with dim=1 and kernel_size=2, or GATConv; for dna a Linear lin1, a ModuleList convs of DNAConv, and a Linear lin2; for
// gae GAE, whose encoder has conv1 and conv2 of GCNConv. On graphs with edges in one direction only, GCNConv and DNAConv differ
// from these models, which count degrees by source like version 1.5.0, with which the paper's results were made; GATConv attends
// twice to a neighbour whose edge is given twice; and spline leaves self loops out.
//
// Data conventions. A [Citation] is a whole graph: sparse bag-of-words features [nodes, words] as a pattern plus its
// entries in row order, one int32 class a node, and the adjacency as a square pattern with both directions of every
// undirected edge, no self loop and no duplicate. Splits are lists of node ids. [LoadPlanetoid] reads the files of the
// public split; [SyntheticCitation] generates a stand-in of the same size and statistics, whose results are never
// reported beside the published numbers.
package geometric
