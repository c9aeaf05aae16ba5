package layer

import (
	"fmt"
	"math"

	"graft/graph"
)

// grouped is a linear layer whose inputs and outputs are split into groups that do not mix: a weight [groups, in, out] and a bias.
type grouped struct {
	weight, bias    *graph.Value
	groups, in, out int // in and out are those of a group
}

// newGrouped declares a grouped layer from width to width features; groups divides width. Weight and bias are uniform on
// +-1/sqrt(in).
func newGrouped(g *graph.Graph, name string, width, groups int) grouped {
	g.Helper()
	n := width / groups
	return grouped{
		g.Param(name+"/weight", "lecun_uniform", groups, n, n),
		g.Param(name+"/bias", fmt.Sprintf("uniform(%.9g)", 1/math.Sqrt(float64(n))), width), groups, n, n,
	}
}

// of returns the layer's result for x [rows, groups*in], which is [rows, groups*out].
func (l grouped) of(x *graph.Value, rows graph.Dim) *graph.Value {
	x.Graph().Helper()
	return graph.Add(l.product(x, rows, false), l.bias)
}

// product returns x times the weight without the bias or, transposed, of what has a result's form times the weight's transpose.
func (l grouped) product(x *graph.Value, rows graph.Dim, transposed bool) *graph.Value {
	g := x.Graph()
	g.Helper()
	swap := func(v *graph.Value) *graph.Value {
		return g.Add("transpose", graph.Attrs{"perm": []int{1, 0, 2}}, v)[0]
	}
	in, out := l.in, l.out
	if transposed {
		in, out = out, in
	}
	y := swap(graph.MatMulT(swap(graph.Reshape(x, rows, l.groups, in)), l.weight, false, transposed))
	return graph.Reshape(y, rows, l.groups*out)
}
