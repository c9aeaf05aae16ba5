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
	return NewDNA(g, name, width, a).Of(p, history)
}

// DNA is the aggregation of [DNAConv] with its parameters declared, so that its coefficients can be read elsewhere too.
type DNA struct {
	jumps             Jumps
	name              string
	width             int
	query, key, value grouped
}

// NewDNA declares the parameters of an aggregation for representations of a width, which heads and groups divide.
func NewDNA(g *graph.Graph, name string, width int, a Jumps) DNA {
	g.Helper()
	if width%a.Heads != 0 || width%a.Groups != 0 {
		g.Invalid("dynamic neighbourhood aggregation %q: %d heads and %d groups must both divide the width %d", name, a.Heads, a.Groups, width)
	}
	return DNA{a, name, width,
		newGrouped(g, name+"/multi_head/lin_q", width, a.Groups),
		newGrouped(g, name+"/multi_head/lin_k", width, a.Groups),
		newGrouped(g, name+"/multi_head/lin_v", width, a.Groups),
	}
}

// Of returns the aggregation's result for a history.
func (l DNA) Of(p Sparse, history []*graph.Value) *graph.Value {
	p.Graph().Helper()
	nodes := p.Pattern.Type.Dims[0]
	share := l.weighted(p, graph.Dropout(l.shares(p, history), l.jumps.Dropout, l.name+"/attention"))
	var y *graph.Value
	for t, h := range history {
		part := graph.SpMM(p.Pattern, l.shareOf(p, share, t), l.perHead(l.value, h, nodes))
		if y == nil {
			y = part
		} else {
			y = graph.Add(y, part)
		}
	}
	return graph.Reshape(y, nodes, l.width)
}

// Newest returns with which coefficients, without dropout, the aggregation propagates the newest representation of a history, the
// mean over heads, as a matrix [nodes, nodes].
func (l DNA) Newest(p Sparse, history []*graph.Value) Sparse {
	p.Graph().Helper()
	return Sparse{p.Pattern, graph.Mean(l.shareOf(p, l.weighted(p, l.shares(p, history)), len(history)-1), 1)}
}

// shares returns what each edge takes of each representation, [links, heads, representations].
func (l DNA) shares(p Sparse, history []*graph.Value) *graph.Value {
	g := p.Graph()
	g.Helper()
	nodes, links, head := p.Pattern.Type.Dims[0], p.Pattern.Type.Dims[2], l.width/l.jumps.Heads
	q := l.perHead(l.query, history[len(history)-1], nodes)
	scores := make([]*graph.Value, len(history)) // [links, heads, 1] each
	for t, h := range history {
		scores[t] = graph.Reshape(g.Add("sddmm", nil, p.Pattern, q, l.perHead(l.key, h, nodes))[0], links, l.jumps.Heads, 1)
	}
	score := scores[0]
	if len(scores) > 1 {
		score = g.Add("concat", graph.Attrs{"axis": 2}, scores...)[0]
	}
	return g.Add("restricted_softmax", nil, graph.Scale(score, 1/math.Sqrt(float64(head))))[0]
}

// weighted multiplies the shares of an edge by its entry.
func (l DNA) weighted(p Sparse, share *graph.Value) *graph.Value {
	p.Graph().Helper()
	return graph.Mul(share, graph.Reshape(p.Entries, p.Pattern.Type.Dims[2], 1, 1))
}

// shareOf returns the shares [links, heads] of representation t.
func (l DNA) shareOf(p Sparse, share *graph.Value, t int) *graph.Value {
	g := p.Graph()
	g.Helper()
	one := g.Add("slice", graph.Attrs{"axis": 2, "start": t, "size": 1}, share)[0]
	return graph.Reshape(one, p.Pattern.Type.Dims[2], l.jumps.Heads)
}

func (l DNA) perHead(part grouped, h *graph.Value, nodes graph.Dim) *graph.Value {
	h.Graph().Helper()
	return graph.Reshape(part.of(h, nodes), nodes, l.jumps.Heads, l.width/l.jumps.Heads)
}
