package layer

import (
	"fmt"
	"math"

	"graft/graph"
)

// grouped is a linear layer whose inputs and outputs are split into groups that do not mix: a weight [groups, in, out] and a bias.
type grouped struct {
	weight, bias *graph.Value
}

// newGrouped declares a grouped layer from width to width features; groups divides width. Weight and bias are uniform on
// +-1/sqrt(in).
func newGrouped(g *graph.Graph, name string, width, groups int) grouped {
	g.Helper()
	n := width / groups
	return grouped{
		g.Param(name+"/weight", "lecun_uniform", groups, n, n),
		g.Param(name+"/bias", fmt.Sprintf("uniform(%.9g)", 1/math.Sqrt(float64(n))), width),
	}
}

// of returns the layer's result for x [rows, groups*in], which is [rows, groups*out].
func (l grouped) of(x *graph.Value) *graph.Value {
	x.Graph().Helper()
	return graph.Add(l.product(x, false), l.bias)
}

// product returns x times the weight without the bias or, transposed, of what has a result's form times the weight's transpose.
func (l grouped) product(x *graph.Value, transposed bool) *graph.Value {
	g := x.Graph()
	g.Helper()
	return g.Add("grouped_matmul", graph.Attrs{"transB": transposed}, x, l.weight)[0]
}
