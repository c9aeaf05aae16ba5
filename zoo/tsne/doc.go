// Package tsne lays points of many dimensions out in the plane by t-distributed stochastic neighbour embedding (van der Maaten &
// Hinton, Journal of Machine Learning Research 9, 2008, "the paper" here), as figures of hidden activations do.
//
// It is the exact method: all pairs of points are looked at in every iteration, so that time grows with n² per iteration, and memory
// is 4n² bytes, those of the joint probabilities in float32. Positions, and all sums, are float64.
//
// Conventions. Matrices are row-major slices. Pairs of points are divided into parts by their number alone; one worker sums a part, in
// an order of its own, and parts are added in theirs. So a layout is a function of points, options and architecture, whatever the number
// of workers.
package tsne
