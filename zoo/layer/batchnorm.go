package layer

import "graft/graph"

// BatchNorm is batch normalisation (Ioffe & Szegedy 2015) of x [rows, features] with PyTorch's constants: eps 1e-5, and running
// statistics that keep 0.9 of what they were. Its scale "weight" begins at 1, its shift "bias" at 0.
//
// The running statistics are states, name/running_mean and name/running_var. They are stored by every training step, in every
// mode and also below a cut, since no gradient is part of them.
func BatchNorm(x *graph.Value, name string) *graph.Value {
	g := x.Graph()
	g.Helper()
	width, ok := lastDim(x)
	if !ok {
		return g.Invalid("batch norm %q: its input must be [rows, a known width], not %v", name, x)
	}
	features := graph.Tensor(graph.F32, graph.Int(width))
	mean, variance := name+"/running_mean", name+"/running_var"
	out := g.Add("batch_norm", nil, x, g.Param(name+"/weight", "ones", width), g.Param(name+"/bias", "zeros", width),
		g.State(mean, "zeros", features), g.State(variance, "ones", features))
	g.Store(mean, out[3])
	g.Store(variance, out[4])
	return out[0]
}
