package layer

import "graft/graph"

// Dense returns x W + b for x [batch, in], with W [in, out] and b [out] uniform on +-1/sqrt(in), PyTorch's default for Linear.
func Dense(x *graph.Value, name string, out int) *graph.Value {
	g := x.Graph()
	g.Helper()
	in, ok := lastDim(x)
	if !ok {
		return g.Invalid("dense %q: its input must be [rows, a known width], not %v", name, x)
	}
	return NewLinear(g, name, in, out).Of(x)
}

// lastDim returns the width of a matrix, where it is a number.
func lastDim(x *graph.Value) (int, bool) {
	if x.Type.Sparse || x.Type.Rank() != 2 {
		return 0, false
	}
	return x.Type.Dims[1].Const()
}
