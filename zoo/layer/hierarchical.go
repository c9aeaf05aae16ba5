package layer

import "graft/graph"

// Hierarchical returns depths z [rows, n] together with k more in ascending order, [rows, n+k]. The new ones are drawn from the
// density that the rendering weights [rows, n] give to the bins between the middles of z, by inverse transform sampling
// (Mildenhall et al. 2020, section 5.2; the ends and the 1e-5 of the published code). They are independent uniform draws in
// training and spread evenly in evaluation. No cotangent passes.
func Hierarchical(z, weights *graph.Value, k int, stream string) *graph.Value {
	g := z.Graph()
	g.Helper()
	n, ok := lastDim(z)
	if !ok || n < 3 || k < 1 {
		return g.Invalid("hierarchical sampling of %d depths needs depths [rows, at least 3], not %v", k, z)
	}
	z, weights = graph.Detach(z), graph.Detach(weights)
	mass := apply("shift", part(weights, 1, 1, n-2), 1e-5)
	fine := g.Add("inverse_cdf", nil, middles(z, n), mass, turned(g, stream, z.Type.Dims[0], k))[0]
	return g.Add("sort", nil, joined(1, z, fine))[0]
}

// turned returns draws [rows, k], draw i moved by (i+1/2)/k + 1/2 around a circle of length 1. They are as uniform and
// independent as before; but where all draws are 0.5, as in evaluation, they cover [0, 1) evenly instead of coinciding.
func turned(g *graph.Graph, stream string, rows graph.Dim, k int) *graph.Value {
	g.Helper()
	even := apply("shift", graph.Scale(counted(g, rows, k), 1/float64(k)), 0.5/float64(k)+0.5)
	moved := graph.Add(Uniform(g, stream, rows, graph.Int(k)), even)
	return graph.Sub(moved, graph.Cast(graph.Cast(moved, graph.I32), graph.F32)) // casts truncate
}
