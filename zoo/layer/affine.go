package layer

import (
	"fmt"
	"math"
	"slices"

	"graft/graph"
)

// Affine returns x W + b for x [..., in], with W [in, out] and b [out] drawn from the given initial distributions. All leading
// axes are rows of one product, so that the weight's gradient is one product too.
func Affine(x *graph.Value, name string, out int, weight, bias string) *graph.Value {
	g := x.Graph()
	g.Helper()
	rank := x.Type.Rank()
	if x.Type.Sparse || rank < 2 {
		return g.Invalid("affine layer %q: its input must be [..., a known width], not %v", name, x)
	}
	lead := x.Type.Dims[:rank-1]
	in, ok := x.Type.Dims[rank-1].Const()
	if !ok {
		return g.Invalid("affine layer %q: the width of its input %v must be known", name, x)
	}
	w, b := g.Param(name+"/weight", weight, in, out), g.Param(name+"/bias", bias, out)
	if rank == 2 {
		return graph.Add(graph.MatMul(x, w), b)
	}
	rows := graph.Int(1)
	for _, d := range lead {
		rows = rows.Mul(d)
	}
	y := graph.Add(graph.MatMul(graph.Reshape(x, rows, in), w), b)
	return graph.Reshape(y, shape(lead, out)...)
}

// torchBias is PyTorch's default distribution of the bias of a Linear layer that reads in values.
func torchBias(in int) string { return fmt.Sprintf("uniform(%.9g)", 1/math.Sqrt(float64(in))) }

// shape lists dimensions as graph.Reshape takes them.
func shape(lead []graph.Dim, rest ...any) []any {
	var out []any
	for _, d := range lead {
		out = append(out, d)
	}
	return slices.Concat(out, rest)
}
