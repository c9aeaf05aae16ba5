package layer

import "graft/graph"

// Sparse is a sparse matrix: the pattern of its stored entries, and the entries.
type Sparse struct{ Pattern, Entries *graph.Value }

// Times returns m x.
func (m Sparse) Times(x *graph.Value) *graph.Value {
	x.Graph().Helper()
	return graph.SpMM(m.Pattern, m.Entries, x)
}

// GraphConv is the graph convolution of Kipf & Welling (2017, equation 2) without its activation: P x W + b, where P is the
// normalised propagation matrix D~^-1/2 (A+I) D~^-1/2. W is Glorot uniform, b zero.
func GraphConv(p Sparse, x *graph.Value, name string, out int) *graph.Value {
	g := x.Graph()
	g.Helper()
	in, ok := lastDim(x)
	if !ok {
		return g.Invalid("graph convolution %q: its input must be [nodes, a known width], not %v", name, x)
	}
	w := g.Param(name+"/weight", "glorot_uniform", in, out)
	return graph.Add(p.Times(graph.MatMul(x, w)), g.Param(name+"/bias", "zeros", out))
}

// GraphConvSparse is GraphConv for sparse features x.
func GraphConvSparse(p, x Sparse, name string, out int) *graph.Value {
	g := x.Pattern.Graph()
	g.Helper()
	if !x.Pattern.Type.Sparse {
		return g.Invalid("graph convolution %q: its features must be a sparse matrix, not %v", name, x.Pattern)
	}
	in, ok := x.Pattern.Type.Dims[1].Const()
	if !ok {
		return g.Invalid("graph convolution %q: the number of features %v must be known", name, x.Pattern.Type.Dims[1])
	}
	w := g.Param(name+"/weight", "glorot_uniform", in, out)
	return graph.Add(p.Times(x.Times(w)), g.Param(name+"/bias", "zeros", out))
}
