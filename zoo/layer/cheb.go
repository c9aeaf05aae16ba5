package layer

import "graft/graph"

// ChebConv is the Chebyshev convolution of order 2 (Defferrard et al. 2016, equation 4) without its activation:
// x W0 + L x W1 + b, where L = -D^-1/2 A D^-1/2 is the normalised Laplacian scaled by its largest eigenvalue, taken for 2, and
// shifted to [-1, 1]. The weight [2, in, out] is Glorot uniform, b zero.
func ChebConv(laplacian Sparse, x Matrix, name string, out int) *graph.Value {
	g := x.Graph()
	g.Helper()
	in, ok := x.Width()
	if !ok {
		return noWidth(g, "Chebyshev convolution", name)
	}
	w := g.Param(name+"/weight", "glorot_uniform", 2, in, out)
	y := graph.Add(x.Times(plane(w, 0, in, out)), laplacian.Times(x.Times(plane(w, 1, in, out))))
	return graph.Add(y, g.Param(name+"/bias", "zeros", out))
}

// plane returns matrix k of w [matrices, in, out].
func plane(w *graph.Value, k, in, out int) *graph.Value {
	g := w.Graph()
	g.Helper()
	return graph.Reshape(g.Add("slice", graph.Attrs{"axis": 0, "start": k, "size": 1}, w)[0], in, out)
}
