package layer

import "graft/graph"

// LayerNorm normalises x [..., width] along its last axis and scales and shifts the result (Ba et al. 2016, with PyTorch's
// epsilon 1e-5). The scale, "weight", starts at 1 and the shift, "bias", at 0.
func LayerNorm(x *graph.Value, name string) *graph.Value {
	g := x.Graph()
	g.Helper()
	if x.Type.Rank() < 2 {
		return g.Invalid("layer norm %q: its input must be [..., width], not %v", name, x)
	}
	width := x.Type.Dims[x.Type.Rank()-1]
	return g.Add("layer_norm", nil, x, g.Param(name+"/weight", "ones", width), g.Param(name+"/bias", "zeros", width))[0]
}
