package passes

import "graft/graph"

func normRules() VJPs {
	return VJPs{
		// The batch's statistics depend on x; batch_norm_grad knows that. The result y does not depend on the running ones.
		"batch_norm": func(l *Local) []*graph.Value {
			if l.flowsBesideFirst() {
				return l.Refuse("a gradient flows to its statistics, and only y has a gradient rule: detach them")
			}
			g := l.g.Add("batch_norm_grad", graph.Attrs{"eps": l.Node.Float("eps")}, l.Dy[0], l.In[0], l.In[1], l.Out[1], l.Out[2])
			return []*graph.Value{g[0], g[1], g[2], nil, nil}
		},
		"batch_norm_eval": func(l *Local) []*graph.Value {
			x, gamma, mean, dy := l.In[0], l.In[1], l.In[3], l.Dy[0]
			if l.Need[3] || l.Need[4] {
				return l.Refuse("running statistics carry no gradient: detach them")
			}
			deviation := l.Add("sqrt", nil, l.Add("shift", graph.Attrs{"by": l.Node.Float("eps")}, l.In[4]))
			out := make([]*graph.Value, 5)
			if l.Need[0] {
				out[0] = l.Add("mul", nil, dy, l.Add("div", nil, gamma, deviation))
			}
			if l.Need[1] {
				centred := l.Add("mul", nil, dy, l.Add("sub", nil, x, mean))
				out[1] = l.Add("div", nil, l.sumTo(centred, gamma.Type), deviation)
			}
			if l.Need[2] {
				out[2] = l.sumTo(dy, gamma.Type)
			}
			return out
		},
		"layer_norm": func(l *Local) []*graph.Value {
			if l.flowsBesideFirst() {
				return l.Refuse("a gradient flows to its statistics, and only y has a gradient rule: detach them")
			}
			return l.g.Add("layer_norm_grad", nil, l.Dy[0], l.In[0], l.In[1], l.Out[1], l.Out[2])[:3]
		},
	}
}

// flowsBesideFirst reports whether a result other than the first has a cotangent.
func (l *Local) flowsBesideFirst() bool {
	for _, d := range l.Dy[1:] {
		if d != nil {
			return true
		}
	}
	return false
}
