package layer

import (
	"math"

	"graft/graph"
)

// Jumps says how a dynamic neighbourhood aggregation attends over layers: with how many heads, with projections of how many
// groups, and with which dropout of the coefficients.
type Jumps struct {
	Heads, Groups int
	Dropout       float64
}

// DNAConv is the dynamic neighbourhood aggregation of Fey (2019, equations 2 to 4) without its activation. Each edge from j to i
// attends over the history of node j, all its representations [nodes, width] so far, with the newest of node i as the query: a
// restricted softmax over layers, for each head, of q . k / sqrt(width/heads) weighs the values. What an edge brings is multiplied
// by its entry of the normalised propagation matrix and summed over the edges of i. Queries, keys and values are grouped
// projections. They do not depend on the edge, so they are computed once a node.
func DNAConv(p Sparse, history []*graph.Value, name string, a Jumps) *graph.Value {
	newest := history[len(history)-1]
	g := newest.Graph()
	g.Helper()
	width, ok := lastDim(newest)
	if !ok || !p.Pattern.Type.Sparse {
		return noWidth(g, "dynamic neighbourhood aggregation", name)
	}
	if width%a.Heads != 0 || width%a.Groups != 0 {
		return g.Invalid("dynamic neighbourhood aggregation %q: %d heads and %d groups must both divide the width %d", name, a.Heads, a.Groups, width)
	}
	nodes, links, head := p.Pattern.Type.Dims[0], p.Pattern.Type.Dims[2], width/a.Heads
	query := newGrouped(g, name+"/multi_head/lin_q", width, a.Groups)
	key := newGrouped(g, name+"/multi_head/lin_k", width, a.Groups)
	value := newGrouped(g, name+"/multi_head/lin_v", width, a.Groups)
	perHead := func(l grouped, h *graph.Value) *graph.Value {
		return graph.Reshape(l.of(h, nodes), nodes, a.Heads, head)
	}

	q := perHead(query, newest)
	scores := make([]*graph.Value, len(history)) // [links, heads, 1] each
	for t, h := range history {
		scores[t] = graph.Reshape(g.Add("sddmm", nil, p.Pattern, q, perHead(key, h))[0], links, a.Heads, 1)
	}
	score := scores[0]
	if len(scores) > 1 {
		score = g.Add("concat", graph.Attrs{"axis": 2}, scores...)[0]
	}
	share := g.Add("restricted_softmax", nil, graph.Scale(score, 1/math.Sqrt(float64(head))))[0]
	share = graph.Mul(graph.Dropout(share, a.Dropout, name+"/attention"), graph.Reshape(p.Entries, links, 1, 1))
	var y *graph.Value
	for t, h := range history {
		weight := g.Add("slice", graph.Attrs{"axis": 2, "start": t, "size": 1}, share)[0]
		part := graph.SpMM(p.Pattern, graph.Reshape(weight, links, a.Heads), perHead(value, h))
		if y == nil {
			y = part
		} else {
			y = graph.Add(y, part)
		}
	}
	return graph.Reshape(y, nodes, width)
}
