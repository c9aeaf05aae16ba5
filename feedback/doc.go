// Package feedback says how the error at the top of a network is delivered to its feedback points: which points are selected
// (granularity), by which fixed matrices the error is projected (sharing and distribution), and along which operator it
// travels (route).
//
// Let E be the cotangent of an error site, reshaped to [rows, O], and let F_i be the per-row width of selected point i. The
// delivered cotangent is
//
//	D_i = s * (A_i^T)^k E B_i
//
// with B_i a fixed matrix [O, F_i] that is independent of every weight. The conventions of the published method (Launay et al.
// 2020, arXiv 2006.12878, and its code) are the defaults: one matrix [O, max F_i] with entries uniform on [-1, 1) per site, of
// which point i reads the leading F_i columns; s = 1/sqrt(max F_i), for every point of the site; k = 0. A point with m times
// the site's rows receives every row m times, divided by sqrt(m).
//
// With Route k > 0 the error is carried k hops along the point's own route operator A_i, a fixed linear operator that the
// model names (for instance a graph's propagation matrix), in the direction in which backpropagation would carry it. No
// trained weight is read on the way, so there is no weight transport: the parameter-free structure of the backward path is
// kept, and only what trained weights would have done is replaced.
//
// Matrices are keyed by the seed and the name of the site (shared) or point (independent): nothing random needs storing, and a
// resumed run has the same matrices. Uniform and Rademacher ones can also be generated where they are multiplied (Options.Generate),
// with the same elements: then no matrix is kept, which is worth while where the error is wide. Given matrices are state leaves "feedback/<point>" [O, F_i] and are used as they are,
// without any scale.
package feedback
