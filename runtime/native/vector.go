package native

import "graft/runtime/rng"

// point32 is a function of each element and a number. dst may be x.
type point32 func(dst, x []float32, p float32)

// pair32 is a function of two elements and a number. dst may be x or y.
type pair32 func(dst, x, y []float32, p float32)

// column32 is an op on rows that lie as columns, cols of them, of as many elements as there are rows, which lie stride elements
// apart. x is the first operand and becomes the result, y is the second where there is one.
type column32 func(x, y []float32, cols, rows, stride int)

// vectors are a family's functions of float32 vectors, of which ops on elements and on rows are made. Each element's bits
// are a function of its operands alone, whatever its place in the vector, and each sum's of its vector alone.
//
// Those of avx512 and avx2 have these errors, in units in the last place of the correctly rounded result:
//
//	exp, log                          1
//	sin, cos                          1.5
//	expm1, log1p, tanh                2
//	sigmoid                           2.5
//	sqrt and arithmetic               1/2 for each operation
//
// with half the smallest denormal added for results that have no normal float32, one of it for expm1 and tanh. Sin and cos
// hold the bound near their zeros too, but sin(-0) is 0; beyond |x| = 1e5 they are those of package math.
type vectors struct {
	point map[string]point32 // by op; also "less": p-x, "over": x/p, "under": p/x
	pair  map[string]pair32  // by op; what the ops on rows compute of each element once p, their sum, is known

	// column are ops on short rows, by op; none in a family that takes each row alone.
	column map[string]column32

	drop          func(dst, x, draws []float32, rate float64)                   // dropout_given
	dropout       func(s rng.Stream, dst, x []float32, first int, rate float64) // of draw first and those after it
	sum           func(x []float32) float64
	dot           func(x, y []float32) float64
	binaryEntropy func(x, target []float32) float64 // the sum of sigmoid_cross_entropy

	// expRow sets dst, which may be x, to exp(x - largest) and sums it; largest is the largest of x and floor. expSum only
	// sums. The sum is NaN where x has a NaN, or an infinity that is the largest.
	expRow func(dst, x []float32, floor float32) (largest float32, sum float64)
	expSum func(x []float32, floor float32) (largest float32, sum float64)

	norm *norms // nil where the reference serves
}
