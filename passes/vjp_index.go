package passes

import (
	"slices"

	"graft/graph"
)

// spreadTimes is the number of results that an op may have.
const spreadTimes = 8

// times returns some of the elements along x's first axis.
func (l *Local) times(x *graph.Value, first, size int) *graph.Value {
	if x.Type.Dims[0] == graph.Int(size) {
		return x
	}
	return l.Add("slice", graph.Attrs{"axis": 0, "start": first, "size": size}, x)
}

// indexRules are those of ops that read by an index or along an axis. What gathers and what sums are each other's gradient.
func indexRules() VJPs {
	return VJPs{
		"gather": func(l *Local) []*graph.Value {
			rows := l.In[0].Type.Dims[:1]
			return []*graph.Value{l.Add("scatter_add", graph.Attrs{"rows": rows}, l.Dy[0], l.In[1]), nil}
		},
		"scatter_add": func(l *Local) []*graph.Value {
			return []*graph.Value{l.Add("gather", nil, l.Dy[0], l.In[1]), nil}
		},
		"edge_gather": func(l *Local) []*graph.Value {
			return []*graph.Value{nil, l.Add("edge_sum", l.Node.Attrs, l.In[0], l.Dy[0])}
		},
		"edge_sum": func(l *Local) []*graph.Value {
			return []*graph.Value{nil, l.Add("edge_gather", l.Node.Attrs, l.In[0], l.Dy[0])}
		},
		"segment_softmax": func(l *Local) []*graph.Value {
			return []*graph.Value{nil, l.Add("segment_softmax_grad", nil, l.In[0], l.Dy[0], l.Out[0])}
		},
		"history_attention": func(l *Local) []*graph.Value {
			if l.Need[3] {
				return l.Refuse("entries carry no gradient: detach them")
			}
			if l.Dy[2] != nil || l.Dy[3] != nil {
				return l.Refuse("a gradient flows to its shares or weights, and only its sums have a gradient rule: detach them")
			}
			pattern, query, entries, history := l.In[0], l.In[1], l.In[3], l.In[4:]
			dmixed, dtotal := l.orZeros(0), l.orZeros(1)
			g := l.g.Add("history_attention_grad", nil, append([]*graph.Value{pattern, dmixed, dtotal, l.Out[2], entries}, history...)...)
			out := append([]*graph.Value{nil, g[0], g[1], nil}, make([]*graph.Value, len(history))...)
			if slices.Contains(l.Need[4:], true) {
				for first := 0; first < len(history); first += spreadTimes {
					times := min(spreadTimes, len(history)-first)
					copy(out[4+first:], l.g.Add("history_spread", nil, pattern, l.times(g[2], first, times), query, l.times(l.Out[3], first, times), dmixed))
				}
			}
			return out
		},
		// An element goes into all sums behind it, so its cotangent is the sum of theirs, run from the other end.
		"cumsum": func(l *Local) []*graph.Value {
			attrs := graph.Attrs{"exclusive": l.Node.Bool("exclusive"), "reverse": !l.Node.Bool("reverse")}
			return []*graph.Value{l.Add("cumsum", attrs, l.Dy[0])}
		},
		"cumprod_exclusive": func(l *Local) []*graph.Value {
			return []*graph.Value{l.Add("cumprod_exclusive_grad", nil, l.Dy[0], l.In[0])}
		},
		"causal": func(l *Local) []*graph.Value { return []*graph.Value{l.Add("causal", nil, l.Dy[0])} },
	}
}
