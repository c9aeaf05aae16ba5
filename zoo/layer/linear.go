package layer

import (
	"fmt"
	"math"

	"graft/graph"
)

// Linear is a dense layer whose parameters are declared once and applied to several values.
type Linear struct{ weight, bias *graph.Value }

// NewLinear declares W [in, out] and b [out], uniform on +-1/sqrt(in), PyTorch's default for Linear.
func NewLinear(g *graph.Graph, name string, in, out int) Linear {
	g.Helper()
	return Linear{
		weight: g.Param(name+"/weight", "lecun_uniform", in, out),
		bias:   g.Param(name+"/bias", fmt.Sprintf("uniform(%.9g)", 1/math.Sqrt(float64(in))), out),
	}
}

// Of returns x W + b for x [rows, in].
func (l Linear) Of(x *graph.Value) *graph.Value {
	x.Graph().Helper()
	return graph.Add(graph.MatMul(x, l.weight), l.bias)
}
