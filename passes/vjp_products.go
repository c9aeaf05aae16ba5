package passes

import "graft/graph"

func productRules() VJPs {
	return VJPs{
		// With y = op(A) op(B): dA = dy op(B)^T and dB = op(A)^T dy, transposed again where A or B were. All are matmuls.
		"matmul": func(l *Local) []*graph.Value {
			a, b, dy := l.In[0], l.In[1], l.Dy[0]
			ta, tb := l.Node.Bool("transA"), l.Node.Bool("transB")
			out := make([]*graph.Value, 2)
			if l.Need[0] {
				if ta {
					out[0] = graph.MatMulT(b, dy, tb, true)
				} else {
					out[0] = graph.MatMulT(dy, b, false, !tb)
				}
			}
			if l.Need[1] {
				if tb {
					out[1] = graph.MatMulT(dy, a, true, ta)
				} else {
					out[1] = graph.MatMulT(a, dy, !ta, false)
				}
			}
			return out
		},
		// The same with a matrix for each group of features.
		"grouped_matmul": func(l *Local) []*graph.Value {
			x, w, dy, trans := l.In[0], l.In[1], l.Dy[0], l.Node.Bool("transB")
			out := make([]*graph.Value, 2)
			if l.Need[0] {
				out[0] = l.Add("grouped_matmul", graph.Attrs{"transB": !trans}, dy, w)
			}
			if l.Need[1] {
				rows, cols := x, dy
				if trans {
					rows, cols = dy, x
				}
				groups, _ := w.Type.Dims[0].Const()
				out[1] = l.Add("grouped_matmul_grad", graph.Attrs{"groups": groups}, rows, cols)
			}
			return out
		},
		"spmm": func(l *Local) []*graph.Value {
			p, x, dy := l.In[0], l.In[2], l.Dy[0]
			out := make([]*graph.Value, 3)
			if l.Need[1] {
				rows, cols := dy, x
				if l.Node.Bool("trans") {
					rows, cols = x, dy
				}
				out[1] = l.Add("sddmm", nil, p, rows, cols)
			}
			if l.Need[2] {
				out[2] = l.Add("spmm", graph.Attrs{"trans": !l.Node.Bool("trans")}, p, l.In[1], dy)
			}
			return out
		},
		"sddmm": func(l *Local) []*graph.Value {
			p, d := l.In[0], l.Dy[0]
			out := make([]*graph.Value, 3)
			if l.Need[1] {
				out[1] = l.Add("spmm", nil, p, d, l.In[2])
			}
			if l.Need[2] {
				out[2] = l.Add("spmm", graph.Attrs{"trans": true}, p, d, l.In[1])
			}
			return out
		},
	}
}

func lossRules() VJPs {
	byResult := func(op string) VJP {
		return func(l *Local) []*graph.Value { return []*graph.Value{l.Add(op, nil, l.Dy[0], l.Out[0])} }
	}
	return VJPs{
		"softmax":     byResult("softmax_grad"),
		"log_softmax": byResult("log_softmax_grad"),
		// The score that is left out is a constant, and the term that its share would add is 0.
		"restricted_softmax": byResult("softmax_grad"),
		"sigmoid_cross_entropy": func(l *Local) []*graph.Value {
			if l.Need[1] {
				return l.Refuse("the target carries no gradient: detach it")
			}
			return []*graph.Value{l.Add("sigmoid_cross_entropy_grad", l.Node.Attrs, l.Dy[0], l.In[0], l.In[1]), nil}
		},
		"softmax_cross_entropy": func(l *Local) []*graph.Value {
			if len(l.Need) == 3 && l.Need[2] {
				return l.Refuse("the weights carry no gradient: detach them")
			}
			return []*graph.Value{l.Add("softmax_cross_entropy_grad", l.Node.Attrs, append([]*graph.Value{l.Dy[0]}, l.In...)...)}
		},
	}
}
