package layer

import "graft/graph"

// Matrix is what a layer multiplies its weights by: features [rows, width], [Full] or [Sparse].
type Matrix interface {
	Graph() *graph.Graph
	// Times returns the matrix times w [width, out].
	Times(w *graph.Value) *graph.Value
	// Width returns the number of columns, where it is known.
	Width() (int, bool)
}

// Full is a matrix of which every entry is stored.
type Full struct{ *graph.Value }

// Times returns m w.
func (m Full) Times(w *graph.Value) *graph.Value {
	w.Graph().Helper()
	return graph.MatMul(m.Value, w)
}

// Width returns the number of columns.
func (m Full) Width() (int, bool) { return lastDim(m.Value) }

// Sparse is a sparse matrix: the pattern of its stored entries, and the entries.
type Sparse struct{ Pattern, Entries *graph.Value }

// Graph returns the graph that m belongs to.
func (m Sparse) Graph() *graph.Graph { return m.Pattern.Graph() }

// Times returns m x.
func (m Sparse) Times(x *graph.Value) *graph.Value {
	x.Graph().Helper()
	return graph.SpMM(m.Pattern, m.Entries, x)
}

// Width returns the number of columns.
func (m Sparse) Width() (int, bool) {
	if !m.Pattern.Type.Sparse {
		return 0, false
	}
	return m.Pattern.Type.Dims[1].Const()
}

// noWidth is the mistake of giving a layer features whose width it cannot know.
func noWidth(g *graph.Graph, layer, name string) *graph.Value {
	g.Helper()
	return g.Invalid("%s %q: its features must be a matrix [nodes, a known width]", layer, name)
}
