// Package dataset knows the public data sets of the zoo: their files and checksums, where copies are looked for, and how
// they are downloaded. It does not read them; the loaders are beside the models.
//
// Conventions. A data set is named as on the command line: "mnist", "cora", "citeseer", "pubmed", "wikitext-2". Its files lie together in
// one folder, which may be a root (the --data flag, $GRAFT_DATA, the user's cache directory; looked at in this order) or
// that root's subfolder for the kind, "mnist", "planetoid" or "wikitext-2".
package dataset
