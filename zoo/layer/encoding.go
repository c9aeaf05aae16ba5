package layer

import (
	"math"

	"graft/graph"
)

// PositionalEncoding returns [x, sin x, cos x, sin 2x, cos 2x, ..., sin 2^(L-1)x, cos 2^(L-1)x] for x [rows, k], which is
// [rows, k(2L+1)], with L frequencies (Mildenhall et al. 2020, equation 4; like the published code without its factor pi, and
// with x itself).
func PositionalEncoding(x *graph.Value, frequencies int) *graph.Value {
	g := x.Graph()
	g.Helper()
	parts := []*graph.Value{x}
	for i := range frequencies {
		turned := x
		if i > 0 {
			turned = graph.Scale(x, math.Ldexp(1, i))
		}
		parts = append(parts, graph.Apply("sin", turned), graph.Apply("cos", turned))
	}
	return joined(1, parts...)
}

// joined concatenates values along an axis.
func joined(axis int, parts ...*graph.Value) *graph.Value {
	g := parts[0].Graph()
	g.Helper()
	return g.Add("concat", graph.Attrs{"axis": axis}, parts...)[0]
}

// part returns size elements of an axis, from start.
func part(x *graph.Value, axis, start, size int) *graph.Value {
	g := x.Graph()
	g.Helper()
	return g.Add("slice", graph.Attrs{"axis": axis, "start": start, "size": size}, x)[0]
}

// apply returns an elementwise function of x that takes one constant.
func apply(op string, x *graph.Value, by float64) *graph.Value {
	g := x.Graph()
	g.Helper()
	return g.Add(op, graph.Attrs{"by": by}, x)[0]
}
