package layer

import "graft/graph"

// GraphConv is the graph convolution of Kipf & Welling (2017, equation 2) without its activation: P x W + b, where P is the
// normalised propagation matrix D~^-1/2 (A+I) D~^-1/2. W is Glorot uniform, b zero.
func GraphConv(p Sparse, x Matrix, name string, out int) *graph.Value {
	g := x.Graph()
	g.Helper()
	in, ok := x.Width()
	if !ok {
		return noWidth(g, "graph convolution", name)
	}
	w := g.Param(name+"/weight", "glorot_uniform", in, out)
	return graph.Add(p.Times(x.Times(w)), g.Param(name+"/bias", "zeros", out))
}
