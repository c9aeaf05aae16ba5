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
	nodes, links, heads := p.Pattern.Type.Dims[0], p.Pattern.Type.Dims[2], l.jumps.Heads
	entries := p.Entries
	if l.jumps.Dropout > 0 { // of the coefficients, which are these times the attention's shares
		each := g.Add("repeat", graph.Attrs{"axis": 2, "times": heads}, graph.Reshape(entries, 1, links, 1))[0]
		if len(history) > 1 {
			each = g.Add("repeat", graph.Attrs{"axis": 0, "times": len(history)}, each)[0]
		}
		entries = graph.Dropout(each, l.jumps.Dropout, l.name+"/attention")
	}
	y := l.attend(p.Pattern, entries, history)
	bias := graph.Mul(graph.Reshape(y[1], nodes, heads, 1), graph.Reshape(l.value.bias, heads, l.width/heads))
	return graph.Add(l.value.product(graph.Reshape(y[0], nodes, l.width), false), graph.Reshape(bias, nodes, l.width))
}

// Newest returns with which coefficients, without dropout, the aggregation propagates the newest representation of a history, the
// mean over heads, as a matrix [nodes, nodes].
func (l DNA) Newest(p Sparse, history []*graph.Value) Sparse {
	g := p.Graph()
	g.Helper()
	weights := l.attend(p.Pattern, p.Entries, history)[3]
	last := g.Add("slice", graph.Attrs{"axis": 0, "start": len(history) - 1, "size": 1}, weights)[0]
	return Sparse{p.Pattern, graph.Mean(graph.Reshape(last, p.Pattern.Type.Dims[2], l.jumps.Heads), 1)}
}

// attend returns the results of history_attention.
func (l DNA) attend(pattern, entries *graph.Value, history []*graph.Value) []*graph.Value {
	g := pattern.Graph()
	g.Helper()
	q := graph.Scale(l.query.of(history[len(history)-1]), 1/math.Sqrt(float64(l.width/l.jumps.Heads)))
	ofBias := graph.Sum(l.perHead(graph.Mul(q, l.key.bias)), 2)
	args := []*graph.Value{pattern, l.perHead(l.key.product(q, true)), ofBias, entries}
	for _, h := range history {
		args = append(args, l.perHead(h))
	}
	return g.Add("history_attention", nil, args...)
}

func (l DNA) perHead(x *graph.Value) *graph.Value {
	x.Graph().Helper()
	return graph.Reshape(x, x.Type.Dims[0], l.jumps.Heads, l.width/l.jumps.Heads)
}
