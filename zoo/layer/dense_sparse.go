package layer

import (
	"fmt"
	"math"

	"graft/graph"
)

// DenseSparse is [Dense] for sparse features x [rows, in].
func DenseSparse(x Sparse, name string, out int) *graph.Value {
	g := x.Graph()
	g.Helper()
	in, ok := x.Width()
	if !ok {
		return noWidth(g, "dense", name)
	}
	w := g.Param(name+"/weight", "lecun_uniform", in, out)
	b := g.Param(name+"/bias", fmt.Sprintf("uniform(%.9g)", 1/math.Sqrt(float64(in))), out)
	return graph.Add(x.Times(w), b)
}
