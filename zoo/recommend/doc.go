// Package recommend is the family of click models: factorization machines, DeepFM, deep & cross, adaptive factorization and
// AutoInt networks, trained by backpropagation, direct feedback alignment and shallow training (Launay et al. 2020, tables 2
// and A.3). The architectures are those of torchfm 0.7.0, the feedback points those of the published code.
//
// The counterparts in PyTorch are modules of torch.nn layers with graft's names. embedding is an Embedding; linear has the weight of
// an Embedding of width 1, and a bias [1]. A block has a Linear dense and a BatchNorm1d norm, attention0, attention1, ... are
// MultiheadAttention, and all others Linear: also a cross layer, whose bias is as wide as its input, and the logarithmic neurons
// lnn, without a bias.
//
// Data conventions. A row has one feature of each of 39 fields. All fields share one table: a feature is the number of its row
// there, the field's offset added already. A label is 1 for a click. [Synthetic] generates such data with known probabilities;
// its results are never reported beside the published ones, which are Criteo's.
package recommend
