package passes

import "graft/graph"

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
