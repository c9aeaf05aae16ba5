package native

import (
	"math"

	"graft/graph"
)

// headCases has heads of rows x inner x classes over all their attributes and operands: a single block and chunk, several blocks
// and groups, and several chunks of which the last is smaller.
func headCases() []testCase {
	var cs []testCase
	for i, s := range [][3]int{{6, 5, 11}, {1, 1, 1}, {0, 3, 4}, {2, 7, 2*breadth + 3}, {2*chunkRows + 77, 9, breadth + 40}} {
		for variant := range 32 {
			if i < 3 || (variant+i)%7 == 0 {
				cs = append(cs, headCase(s, variant)...)
			}
		}
	}
	return cs
}

// headCase is both ops on one head; the bits of variant are transB, a bias, weights, a sum for the mean, and no dx.
func headCase(s [3]int, variant int) []testCase {
	is := func(bit int) bool { return variant>>bit&1 != 0 }
	rows, inner, classes := s[0], s[1], s[2]
	attrs := graph.Attrs{"transB": is(0), "weighted": is(2), "reduce": "mean"}
	if is(3) {
		attrs["reduce"] = "sum"
	} else if rows == 0 {
		return nil // no rows have no mean
	}
	w, shape := normals(inner, classes), []int{rows}
	if is(0) {
		w = normals(classes, inner)
	}
	if rows%2 == 0 && rows > 0 {
		shape = []int{2, rows / 2}
	}
	args := []operand{normals(rows, inner), w, labels(classes, shape...)}
	if is(1) {
		args = append(args, normals(classes))
	}
	if is(2) {
		args = append(args, weights(shape...))
		if rows == 1 {
			args[len(args)-1] = constant(2, shape...) // a total of 0 has no mean
		}
	}
	gradient := graph.Attrs{"dx": !is(4)}
	for name, a := range attrs {
		gradient[name] = a
	}
	return []testCase{
		{"linear_cross_entropy", attrs, args},
		{"linear_cross_entropy_grad", gradient, append([]operand{constant(0.3)}, args...)},
	}
}

// headBound is the error that the results of a head may have. A logit is a sum of inner terms and a bias, whose magnitudes add up
// to size at most, so it errs by inner*eps*size, and so does the loss of a row, twice. Each element of the logits' gradient is
// an exponential, or a difference from 1 that is made without cancellation: it errs by twice as much relative to itself, and by a
// few roundings of the exponent. The other gradients are sums of products with it (see bounds): they are made once more of
// magnitudes.
func headBound(want *Call, eps float64) func(k, i int) float64 {
	h := want.Data.(*head)
	abs := func(x []float64) []float64 {
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = math.Abs(v)
		}
		return y
	}
	x, w, size := abs(h.x.F64), abs(h.w.F64), 0.0
	for r := range h.rows {
		for j := range h.classes {
			v := strided(x[r*h.inner:][:h.inner], w, j*h.colW, h.rowW)
			if h.bias != nil {
				v += math.Abs(h.bias.F64[j])
			}
			size = max(size, v)
		}
	}
	relative := eps * (2*float64(h.inner+4)*size + 4*size + 16)
	heaviest := 1.0
	if h.weight != nil {
		for _, v := range h.weight.F64 {
			heaviest = max(heaviest, v)
		}
	}
	if want.Node.Str("reduce") == "sum" {
		heaviest *= float64(h.rows)
	}
	if h.dloss == nil {
		return func(_, _ int) float64 { return heaviest*relative + 8*eps*math.Abs(want.Out[0].F64[0]) }
	}
	sized := &Call{Node: want.Node, In: want.In, Out: clone(want.Out)}
	headGradients(newHead(sized), x, w, abs(h.logits.F64))
	terms := float64(max(h.rows, h.classes) + 4)
	return func(k, i int) float64 {
		if k == 0 {
			return heaviest*relative + 8*eps*math.Abs(want.Out[0].F64[0])
		}
		return (relative+terms*eps)*sized.Out[k].F64[i] + 0x1p-140
	}
}
