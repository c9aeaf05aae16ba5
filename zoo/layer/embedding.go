package layer

import "graft/graph"

// Embedding returns the rows that index names of a table [rows, width] of its own: a value of index's shape and a last axis of
// that width. init is the table's initial distribution; "glorot_uniform" is Xavier's over the whole table.
func Embedding(index *graph.Value, name, init string, rows, width int) *graph.Value {
	g := index.Graph()
	g.Helper()
	return g.Add("gather", nil, g.Param(name+"/weight", init, rows, width), index)[0]
}
