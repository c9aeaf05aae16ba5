// Package native holds graft's own kernels: a plain Go reference for every op, and faster kernels that agree with it.
//
// [Reference] is the oracle. Its kernels are loops over single elements, generic over float32 and float64: what is computed
// of float32 operands is computed in float64, summed in ascending order, and rounded once, so that a float32 result is
// as good as float32 can be. [Kernels] is what programs run on: the same table with kernels divided into parts for
// several workers, and float32 bodies that sum in float32 where that is faster (products). Both take every dtype that the
// ops' shape rules permit. [Table.Eval] and [Table.Interpret] run a node or a graph at once, without a plan.
//
// Conventions:
//
//   - A kernel's Run allocates nothing. Layouts and scratch memory are made by Prepare. The one exception is the orthogonal
//     feedback matrix, which is made once.
//   - Parts are equal ranges of units (elements, rows, tiles) and a function of shapes alone, and each sum is made in an
//     order that shapes fix. So bits depend neither on the number of workers nor on the order of the parts, nor on where
//     buffers lie in memory. An op that ends in one number keeps the contribution of each part and adds them in order.
//   - InPlace holds for operands that have the result's shape and dtype; the caller checks that. Such kernels read an element,
//     or a row, before they write it.
//   - Errors are about values only, such as a label out of range; shapes and dtypes are the graph's business, but for a batch
//     norm of a single row, whose size is known when Prepare is called.
//   - Random elements depend on (seed, step, stream, index) alone, see package rng; float64 draws are the float32 draws.
//   - NaN passes through arithmetic, relu included. Dense float32 products may pass over what stands against an exact 0.
//
// The files reference_*.go hold the reference by group of ops, fast_*.go what Kernels puts in its place, and gemm.go the
// dense float32 product that the fast ones rest on.
package native
