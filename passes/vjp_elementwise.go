package passes

import "graft/graph"

func elementwiseRules() VJPs {
	// unary makes a rule of a function from the node and its cotangent to the operand's.
	unary := func(f func(l *Local, dy *graph.Value) *graph.Value) VJP {
		return func(l *Local) []*graph.Value { return []*graph.Value{f(l, l.Dy[0])} }
	}
	// binary makes a rule of two such functions, undoing the broadcast of either operand.
	binary := func(dx, dy func(l *Local, d *graph.Value) *graph.Value) VJP {
		return func(l *Local) []*graph.Value {
			out := make([]*graph.Value, 2)
			for i, f := range []func(*Local, *graph.Value) *graph.Value{dx, dy} {
				if l.Need[i] {
					out[i] = l.sumTo(f(l, l.Dy[0]), l.In[i].Type)
				}
			}
			return out
		}
	}
	same := func(_ *Local, d *graph.Value) *graph.Value { return d }
	negated := func(l *Local, d *graph.Value) *graph.Value { return l.Add("neg", nil, d) }
	// byResult is the rule of an activation whose gradient op reads the cotangent and the activation's result.
	byResult := func(op string) VJP {
		return unary(func(l *Local, d *graph.Value) *graph.Value { return l.Add(op, l.Node.Attrs, d, l.Out[0]) })
	}
	return VJPs{
		"add": binary(same, same),
		"sub": binary(same, negated),
		"mul": binary(
			func(l *Local, d *graph.Value) *graph.Value { return l.Add("mul", nil, d, l.In[1]) },
			func(l *Local, d *graph.Value) *graph.Value { return l.Add("mul", nil, d, l.In[0]) }),
		"div": binary(
			func(l *Local, d *graph.Value) *graph.Value { return l.Add("div", nil, d, l.In[1]) },
			func(l *Local, d *graph.Value) *graph.Value {
				return l.Add("neg", nil, l.Add("mul", nil, d, l.Add("div", nil, l.Out[0], l.In[1])))
			}),
		"neg":   unary(negated),
		"scale": unary(func(l *Local, d *graph.Value) *graph.Value { return graph.Scale(d, l.Node.Float("by")) }),
		"shift": unary(same),
		"square": unary(func(l *Local, d *graph.Value) *graph.Value {
			return l.Add("mul", nil, d, graph.Scale(l.In[0], 2))
		}),
		"sqrt": unary(func(l *Local, d *graph.Value) *graph.Value {
			return l.Add("div", nil, d, graph.Scale(l.Out[0], 2))
		}),
		"exp": unary(func(l *Local, d *graph.Value) *graph.Value { return l.Add("mul", nil, d, l.Out[0]) }),
		"log": unary(func(l *Local, d *graph.Value) *graph.Value { return l.Add("div", nil, d, l.In[0]) }),
		"log1p": unary(func(l *Local, d *graph.Value) *graph.Value {
			return l.Add("div", nil, d, l.Add("shift", graph.Attrs{"by": 1.0}, l.In[0]))
		}),
		// Not d*(y+1), which loses all digits where exp(x) is small.
		"expm1": unary(func(l *Local, d *graph.Value) *graph.Value { return l.Add("mul", nil, d, l.Add("exp", nil, l.In[0])) }),
		"sin":   unary(func(l *Local, d *graph.Value) *graph.Value { return l.Add("mul", nil, d, l.Add("cos", nil, l.In[0])) }),
		"cos": unary(func(l *Local, d *graph.Value) *graph.Value {
			return l.Add("neg", nil, l.Add("mul", nil, d, l.Add("sin", nil, l.In[0])))
		}),
		"abs": unary(func(l *Local, d *graph.Value) *graph.Value { return l.Add("abs_grad", nil, d, l.In[0]) }),
		"leaky_relu": func(l *Local) []*graph.Value {
			if l.Node.Float("slope") < 0 {
				return l.Refuse("with a negative slope the result does not tell the sign of the operand")
			}
			return []*graph.Value{l.Add("leaky_relu_grad", l.Node.Attrs, l.Dy[0], l.Out[0])}
		},
		"relu":    byResult("relu_grad"),
		"elu":     byResult("elu_grad"),
		"sigmoid": byResult("sigmoid_grad"),
		"tanh":    byResult("tanh_grad"),
		"cast": unary(func(l *Local, d *graph.Value) *graph.Value {
			return l.Add("cast", graph.Attrs{"dtype": l.In[0].Type.DType.String()}, d)
		}),
		// Dropout is linear in x with a mask that its key fixes: the same node on the cotangent is its adjoint.
		"dropout":       unary(func(l *Local, d *graph.Value) *graph.Value { return l.Add("dropout", l.Node.Attrs, d, l.In[1]) }),
		"dropout_given": unary(func(l *Local, d *graph.Value) *graph.Value { return l.Add("dropout_given", l.Node.Attrs, d, l.In[1]) }),
	}
}
