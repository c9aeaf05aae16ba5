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
// projections.
//
// Keys and values of the representations are never made. They are linear, and their groups lie within heads: q . (h K + b) is
// (q K^T) . h + q . b, and a weighted sum of values h V + b is that of h, times V, and the sum of the weights times b. So there are three
// projections of an aggregation, whatever the length of the history.
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

// NewDNA declares the parameters of an aggregation for representations of a width, which heads and groups divide. Groups must not reach
// over heads: heads divide their number.
func NewDNA(g *graph.Graph, name string, width int, a Jumps) DNA {
	g.Helper()
	if width%a.Heads != 0 || width%a.Groups != 0 {
		g.Invalid("dynamic neighbourhood aggregation %q: %d heads and %d groups must both divide the width %d", name, a.Heads, a.Groups, width)
	} else if a.Groups%a.Heads != 0 {
		g.Invalid("dynamic neighbourhood aggregation %q: the number of groups, %d, must be a multiple of the %d heads", name, a.Groups, a.Heads)
	}
	return DNA{a, name, width,
		newGrouped(g, name+"/multi_head/lin_q", width, a.Groups),
		newGrouped(g, name+"/multi_head/lin_k", width, a.Groups),
		newGrouped(g, name+"/multi_head/lin_v", width, a.Groups),
	}
}

// Of returns the aggregation's result for a history.
func (l DNA) Of(p Sparse, history []*graph.Value) *graph.Value {
	g := p.Graph()
	g.Helper()
	share := l.weighted(p, graph.Dropout(l.shares(p, history), l.jumps.Dropout, l.name+"/attention"))
	var y *graph.Value
	for t, h := range history {
		part := graph.SpMM(p.Pattern, l.shareOf(p, share, t), l.perHead(h))
		if y == nil {
			y = part
		} else {
			y = graph.Add(y, part)
		}
	}
	nodes, head := p.Pattern.Type.Dims[0], l.width/l.jumps.Heads
	total := g.Add("edge_sum", graph.Attrs{"side": "row"}, p.Pattern, graph.Sum(share, 2))[0]
	bias := graph.Mul(graph.Reshape(total, nodes, l.jumps.Heads, 1), graph.Reshape(l.value.bias, l.jumps.Heads, head))
	return graph.Add(l.value.product(graph.Reshape(y, nodes, l.width), nodes, false), graph.Reshape(bias, nodes, l.width))
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
	q := l.query.of(history[len(history)-1], nodes)
	ofBias := g.Add("edge_gather", graph.Attrs{"side": "row"}, p.Pattern, graph.Sum(l.perHead(graph.Mul(q, l.key.bias)), 2))[0] // [links, heads]
	q = l.perHead(l.key.product(q, nodes, true))
	scores := make([]*graph.Value, len(history)) // [links, heads, 1] each
	for t, h := range history {
		score := graph.Add(g.Add("sddmm", nil, p.Pattern, q, l.perHead(h))[0], ofBias)
		scores[t] = graph.Reshape(score, links, l.jumps.Heads, 1)
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

func (l DNA) perHead(x *graph.Value) *graph.Value {
	x.Graph().Helper()
	return graph.Reshape(x, x.Type.Dims[0], l.jumps.Heads, l.width/l.jumps.Heads)
}
