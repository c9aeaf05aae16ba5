package layer

import (
	"fmt"
	"math"

	"graft/graph"
)

// SplineConv is the spline convolution of Fey et al. (2018, equation 4) without its activation, for one pseudo-coordinate u an
// edge in [0, 1], kernels of two open B-splines of degree 1, and the mean over incoming edges. As u is given, the convolution is
// two sparse products: S0 x W0 + S1 x W1 + x R + b, where row i of S0 holds (1-u)/degree(i), and of S1 u/degree(i), at the
// sources of its edges. The weight [2, in, out] and the root R [in, out] are uniform on +-1/sqrt(2 in), b is zero.
func SplineConv(s [2]Sparse, x Matrix, name string, out int) *graph.Value {
	g := x.Graph()
	g.Helper()
	in, ok := x.Width()
	if !ok {
		return noWidth(g, "spline convolution", name)
	}
	init := fmt.Sprintf("uniform(%.9g)", 1/math.Sqrt(float64(2*in)))
	w := g.Param(name+"/weight", init, 2, in, out)
	y := graph.Add(s[0].Times(x.Times(plane(w, 0, in, out))), s[1].Times(x.Times(plane(w, 1, in, out))))
	y = graph.Add(y, x.Times(g.Param(name+"/root", init, in, out)))
	return graph.Add(y, g.Param(name+"/bias", "zeros", out))
}
