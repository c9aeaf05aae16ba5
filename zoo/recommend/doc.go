// Package recommend is the family of click models: factorization machines, DeepFM, deep & cross, adaptive factorization and
// AutoInt networks, trained by backpropagation, direct feedback alignment and shallow training (Launay et al. 2020, tables 2
// and A.3). The architectures are those of torchfm 0.7.0, the feedback points those of the published code.
//
// Data conventions. A row has one feature of each of 39 fields. All fields share one table: a feature is the number of its row
// there, the field's offset added already. A label is 1 for a click. [Synthetic] generates such data with known probabilities;
// its results are never reported beside the published ones, which are Criteo's.
package recommend
