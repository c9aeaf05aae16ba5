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
	return NewGAT(g, name, in, a).Of(neighbours, x)
}

// GAT is the graph attention layer of [GATConv] with its parameters declared, so that its coefficients can be read elsewhere too.
type GAT struct {
	attention                Attention
	name                     string
	weight, atti, attj, bias *graph.Value
}

// NewGAT declares the parameters of a graph attention layer for features of a width.
func NewGAT(g *graph.Graph, name string, in int, a Attention) GAT {
	g.Helper()
	return GAT{a, name,
		g.Param(name+"/lin/weight", "glorot_uniform", in, a.Heads*a.Width),
		g.Param(name+"/att_i", "glorot_uniform", 1, a.Heads, a.Width),
		g.Param(name+"/att_j", "glorot_uniform", 1, a.Heads, a.Width),
		g.Param(name+"/bias", "zeros", a.Heads*a.Width),
	}
}

// Of returns the layer's result for features x.
func (l GAT) Of(neighbours *graph.Value, x Matrix) *graph.Value {
	x.Graph().Helper()
	z := l.transformed(neighbours, x)
	alpha := graph.Dropout(l.coefficients(neighbours, z), l.attention.Dropout, l.name+"/attention")
	y := graph.SpMM(neighbours, alpha, z)
	return graph.Add(graph.Reshape(y, neighbours.Type.Dims[0], l.attention.Heads*l.attention.Width), l.bias)
}

// Coefficients returns the attention of every node to its neighbours for features x, without dropout, the mean over heads, as a
// matrix [nodes, nodes].
func (l GAT) Coefficients(neighbours *graph.Value, x Matrix) Sparse {
	x.Graph().Helper()
	return Sparse{neighbours, graph.Mean(l.coefficients(neighbours, l.transformed(neighbours, x)), 1)}
}

// transformed returns x W by heads.
func (l GAT) transformed(neighbours *graph.Value, x Matrix) *graph.Value {
	x.Graph().Helper()
	return graph.Reshape(x.Times(l.weight), neighbours.Type.Dims[0], l.attention.Heads, l.attention.Width)
}

// coefficients returns alpha [links, heads].
func (l GAT) coefficients(neighbours, z *graph.Value) *graph.Value {
	g := z.Graph()
	g.Helper()
	score := func(v *graph.Value, side string) *graph.Value {
		return g.Add("edge_gather", graph.Attrs{"side": side}, neighbours, graph.Sum(graph.Mul(z, v), 2))[0]
	}
	e := g.Add("leaky_relu", graph.Attrs{"slope": 0.2}, graph.Add(score(l.atti, "row"), score(l.attj, "col")))[0]
	return g.Add("segment_softmax", nil, neighbours, e)[0]
}
