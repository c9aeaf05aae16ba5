package passes

import (
	"slices"

	"graft/graph"
)

func shapeRules() VJPs {
	// kept is the shape of a reduction's result with the reduced axes left at length 1, so that it broadcasts back.
	kept := func(l *Local) []graph.Dim {
		dims := slices.Clone(l.In[0].Type.Dims)
		for _, a := range l.Node.Ints("axes") {
			dims[a] = graph.Int(1)
		}
		return dims
	}
	spreadBack := func(op string) VJP {
		return func(l *Local) []*graph.Value {
			d := l.reshape(l.Dy[0], kept(l))
			return []*graph.Value{l.Add(op, graph.Attrs{"shape": l.In[0].Type.Dims}, d)}
		}
	}
	return VJPs{
		"sum":  spreadBack("broadcast"),
		"mean": spreadBack("spread"),
		"reshape": func(l *Local) []*graph.Value {
			return []*graph.Value{l.reshape(l.Dy[0], l.In[0].Type.Dims)}
		},
		"broadcast": func(l *Local) []*graph.Value { return []*graph.Value{l.sumTo(l.Dy[0], l.In[0].Type)} },
		"spread": func(l *Local) []*graph.Value {
			d := l.Dy[0]
			if axes := broadcastAxes(l.In[0].Type.Dims, d.Type.Dims); len(axes) > 0 {
				d = l.Add("mean", graph.Attrs{"axes": axes}, d)
			}
			return []*graph.Value{l.reshape(d, l.In[0].Type.Dims)}
		},
		"transpose": func(l *Local) []*graph.Value {
			perm := l.Node.Ints("perm")
			inverse := make([]int, len(perm))
			for i, p := range perm {
				inverse[p] = i
			}
			return []*graph.Value{l.Add("transpose", graph.Attrs{"perm": inverse}, l.Dy[0])}
		},
		"slice": func(l *Local) []*graph.Value {
			n, _ := l.In[0].Type.Dims[l.Node.Int("axis")].Const()
			before := l.Node.Int("start")
			return []*graph.Value{l.Add("pad", graph.Attrs{
				"axis": l.Node.Int("axis"), "before": before, "after": n - before - l.Node.Int("size"),
			}, l.Dy[0])}
		},
		"pad": func(l *Local) []*graph.Value {
			n, _ := l.In[0].Type.Dims[l.Node.Int("axis")].Const()
			return []*graph.Value{l.Add("slice", graph.Attrs{
				"axis": l.Node.Int("axis"), "start": l.Node.Int("before"), "size": n,
			}, l.Dy[0])}
		},
		"concat": func(l *Local) []*graph.Value {
			out := make([]*graph.Value, len(l.In))
			axis, start := l.Node.Int("axis"), 0
			for i, x := range l.In {
				n, _ := x.Type.Dims[axis].Const()
				if l.Need[i] {
					out[i] = l.Add("slice", graph.Attrs{"axis": axis, "start": start, "size": n}, l.Dy[0])
				}
				start += n
			}
			return out
		},
		"repeat": func(l *Local) []*graph.Value {
			axis := l.Node.Int("axis")
			dims := slices.Insert(slices.Clone(l.In[0].Type.Dims), axis+1, graph.Int(l.Node.Int("times")))
			d := l.Add("reshape", graph.Attrs{"shape": dims}, l.Dy[0])
			return []*graph.Value{l.Add("sum", graph.Attrs{"axes": []int{axis + 1}}, d)}
		},
	}
}
