package layer

import "graft/graph"

// FeedForward is the position-wise network of a transformer's block for x [batch, time, width] (Vaswani et al. 2017, section
// 3.3): a linear layer to hidden features, ReLU, dropout, and a linear layer back. mark is called with the hidden activation
// and returns what the second layer reads: it is where a definition sets a feedback point.
func FeedForward(x *graph.Value, name string, hidden int, dropout float64, mark func(h *graph.Value) *graph.Value) *graph.Value {
	g := x.Graph()
	g.Helper()
	if x.Type.Rank() < 2 {
		return g.Invalid("feed-forward network %q: its input must be [..., width], not %v", name, x)
	}
	width, ok := x.Type.Dims[x.Type.Rank()-1].Const()
	if !ok {
		return g.Invalid("feed-forward network %q: the width of its input %v must be known", name, x)
	}
	h := graph.Relu(Affine(x, name+"/hidden", hidden, "lecun_uniform", torchBias(width)))
	h = mark(graph.Dropout(h, dropout, name+"/dropout"))
	return Affine(h, name+"/out", width, "lecun_uniform", torchBias(hidden))
}
