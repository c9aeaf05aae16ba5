// Package buffer holds the two kinds of storage that kernels read and write: a [Buffer], a typed dense array in row-major
// order, and a [Pattern], the positions of the stored entries of a sparse matrix.
//
// Conventions. A Buffer never owns more than one of its slices; which one is said by DType. Its Shape is fully bound:
// no symbols survive to this package. A Pattern is built once, when it is fed, together with its transposed order, and is
// read-only from then on, so any number of executables and goroutines may share it.
//
// Users of graft meet gorgonia.org/tensor's Dense at every public boundary; [FromDense] views one without copying.
package buffer
