package layer

import (
	"math"

	"graft/graph"
)

// Tokens returns the embedding [batch, time, width] of tokens i32[batch, time] and its table [vocabulary, width], which is
// uniform on +-0.1. Embeddings are multiplied by sqrt(width) (Vaswani et al. 2017, section 3.4).
func Tokens(tokens *graph.Value, name string, vocabulary, width int) (x, table *graph.Value) {
	g := tokens.Graph()
	g.Helper()
	table = g.Param(name+"/weight", "uniform(0.1)", vocabulary, width)
	return graph.Scale(g.Add("gather", nil, table, tokens)[0], math.Sqrt(float64(width))), table
}

// Positions adds the fixed sinusoids of each position to x [batch, time, width] (Vaswani et al. 2017, section 3.5).
func Positions(x *graph.Value) *graph.Value {
	g := x.Graph()
	g.Helper()
	if x.Type.Rank() != 3 {
		return g.Invalid("positions are added to [batch, time, width], not to %v", x)
	}
	return graph.Add(x, g.Add("positions", graph.Attrs{"shape": x.Type.Dims[1:]})[0])
}
