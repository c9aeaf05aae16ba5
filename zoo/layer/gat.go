package layer

import "graft/graph"

// Attention says how a graph attention layer attends: with how many heads of which width, and with which dropout of the
// coefficients.
type Attention struct {
	Heads, Width int
	Dropout      float64
}

// GATConv is the graph attention layer of Velickovic et al. (2018, equations 1 to 5) without its activation, its heads side by
// side: for z = x W, node i gets the sum over its stored neighbours j of alpha_ij z_j, plus b [heads*width], where alpha is the
// softmax over j of leaky_relu(a_i . z_i + a_j . z_j) with slope 0.2. Rows of the pattern are targets, and it should hold self
// loops. W and both vectors a [1, heads, width] are Glorot uniform, b is zero.
func GATConv(neighbours *graph.Value, x Matrix, name string, a Attention) *graph.Value {
	g := x.Graph()
	g.Helper()
	in, ok := x.Width()
	if !ok || !neighbours.Type.Sparse {
		return noWidth(g, "graph attention", name)
	}
	nodes := neighbours.Type.Dims[0]
	w := g.Param(name+"/lin/weight", "glorot_uniform", in, a.Heads*a.Width)
	z := graph.Reshape(x.Times(w), nodes, a.Heads, a.Width)
	score := func(end, side string) *graph.Value {
		v := g.Param(name+"/att_"+end, "glorot_uniform", 1, a.Heads, a.Width)
		return g.Add("edge_gather", graph.Attrs{"side": side}, neighbours, graph.Sum(graph.Mul(z, v), 2))[0]
	}
	e := g.Add("leaky_relu", graph.Attrs{"slope": 0.2}, graph.Add(score("i", "row"), score("j", "col")))[0]
	alpha := graph.Dropout(g.Add("segment_softmax", nil, neighbours, e)[0], a.Dropout, name+"/attention")
	y := graph.Reshape(graph.SpMM(neighbours, alpha, z), nodes, a.Heads*a.Width)
	return graph.Add(y, g.Param(name+"/bias", "zeros", a.Heads*a.Width))
}
