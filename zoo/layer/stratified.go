package layer

import "graft/graph"

// Depths returns n depths from near to far in equal steps for each row of rows: [rows, n].
func Depths(g *graph.Graph, rows graph.Dim, near, far float64, n int) *graph.Value {
	g.Helper()
	if n < 2 || near >= far {
		return g.Invalid("%d depths from %v to %v asked for: at least 2 are needed, in ascending order", n, near, far)
	}
	place := counted(g, rows, n)
	return apply("shift", graph.Scale(place, (far-near)/float64(n-1)), near)
}

// Stratified returns one uniform draw from the bin around each of the ascending depths z [rows, n]. Bins end halfway between
// depths; the first and the last end at their depth. In evaluation the draw is the middle of the bin (Mildenhall et al. 2020,
// equation 2, with the bins of the published code).
func Stratified(z *graph.Value, stream string) *graph.Value {
	g := z.Graph()
	g.Helper()
	n, ok := lastDim(z)
	if !ok || n < 2 {
		return g.Invalid("stratified sampling needs depths [rows, at least 2], not %v", z)
	}
	middle := middles(z, n)
	lower := joined(1, part(z, 1, 0, 1), middle)
	upper := joined(1, middle, part(z, 1, n-1, 1))
	return graph.Add(lower, graph.Mul(graph.Sub(upper, lower), Uniform(g, stream, z.Type.Dims...)))
}

// Uniform returns draws from [0, 1), which are 0.5 in evaluation.
func Uniform(g *graph.Graph, stream string, shape ...graph.Dim) *graph.Value {
	g.Helper()
	return g.Add("random_uniform", graph.Attrs{"stream": stream, "shape": shape}, g.Key())[0]
}

// middles returns the values halfway between neighbours of the n columns of z.
func middles(z *graph.Value, n int) *graph.Value {
	z.Graph().Helper()
	return graph.Scale(graph.Add(part(z, 1, 1, n-1), part(z, 1, 0, n-1)), 0.5)
}

// counted returns 0, 1, ..., n-1 in each row.
func counted(g *graph.Graph, rows graph.Dim, n int) *graph.Value {
	g.Helper()
	ones := g.Const(1, graph.Tensor(graph.F32, rows, graph.Int(n)))
	return g.Add("cumsum", graph.Attrs{"exclusive": true}, ones)[0]
}
