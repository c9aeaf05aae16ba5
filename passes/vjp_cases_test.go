package passes_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"graft/graph"
)

// operands declares the operands x0, x1, ... of a case: parameters, or, unless it is number only's turn, inputs.
type operands struct {
	t    *testing.T
	g    *graph.Graph
	w    *world
	only int // the one that is trainable; -1 for all
	n    int
}

func (o *operands) with(domain func(x float64) float64, shape ...any) *graph.Value {
	name := fmt.Sprintf("x%d", o.n)
	var v *graph.Value
	if o.only < 0 || o.only == o.n {
		v = o.g.Param(name, "zeros", shape...)
	} else {
		v = o.g.Input(name, graph.F32, shape...)
	}
	o.n++
	for i, x := range o.w.leaf(o.t, v) {
		o.w.values[name][i] = domain(x)
	}
	return v
}

// x is an operand of any values; positive and apart stay away from where a function or its derivative is not continuous.
func (o *operands) x(shape ...any) *graph.Value {
	return o.with(func(x float64) float64 { return x }, shape...)
}

func positive(x float64) float64 { return 0.5 + math.Abs(x) }
func apart(x float64) float64    { return x + math.Copysign(0.1, x) }

func (o *operands) pattern(rows, cols int) *graph.Value {
	o.w.sparse(o.t, "pattern", "nnz", rows, cols)
	p, _ := o.g.Sparse("pattern", rows, cols, "nnz")
	return p
}

// label is an input of whole numbers below n.
func (o *operands) label(n int, shape ...any) *graph.Value {
	v := o.g.Input("label", graph.I32, shape...)
	for i := range o.w.leaf(o.t, v) {
		o.w.values["label"][i] = float64((i * i) % n)
	}
	return v
}

// weight is an input of weights, of which every third is 0.
func (o *operands) weight(shape ...any) *graph.Value {
	v := o.g.Input("weight", graph.F32, shape...)
	for i := range o.w.leaf(o.t, v) {
		o.w.values["weight"][i] = float64((i + 1) % 3)
	}
	return v
}

// uniform is an input of values in [0, 1).
func (o *operands) uniform(shape ...any) *graph.Value {
	v := o.g.Input("u", graph.F32, shape...)
	for i := range o.w.leaf(o.t, v) {
		o.w.values["u"][i] = math.Mod(0.37*float64(i+1), 1)
	}
	return v
}

type build = func(o *operands) *graph.Value

type shape = []any

// unary gives a case of an op of one operand for every shape and attributes.
func unary(op string, domain func(float64) float64, shapes []shape, attrs ...graph.Attrs) []build {
	var out []build
	if attrs == nil {
		attrs = []graph.Attrs{nil}
	}
	for _, a := range attrs {
		for _, s := range shapes {
			out = append(out, func(o *operands) *graph.Value { return o.g.Add(op, a, o.with(domain, s...))[0] })
		}
	}
	return out
}

func anything(x float64) float64 { return x }

var pointwiseShapes = []shape{{2, 3}, {}, {1}, {2, 1, 3}}

// binary gives a case for every way in which two shapes broadcast, and one of an operand with itself.
func binary(op string) []build {
	pairs := [][2]shape{
		{{2, 3}, {2, 3}}, {{2, 3}, {3}}, {{3}, {2, 3}}, {{2, 3}, {}}, {{}, {2, 3}}, {{2, 1}, {1, 3}}, {{1}, {2, 3}}, {{1, 1}, {3}},
		{{2, 1, 3}, {4, 1}}, {{4, 1}, {2, 1, 3}}, {{2, 4, 3}, {2, 1, 3}},
	}
	out := []build{func(o *operands) *graph.Value { x := o.with(apart, 2, 3); return o.g.Add(op, nil, x, x)[0] }}
	for _, p := range pairs {
		out = append(out, func(o *operands) *graph.Value {
			return o.g.Add(op, nil, o.with(apart, p[0]...), o.with(positive, p[1]...))[0]
		})
	}
	return out
}

// shaped gives cases of an op of one operand, each with its own shape and attributes.
func shaped(op string, cases ...shapedCase) []build {
	var out []build
	for _, c := range cases {
		out = append(out, unary(op, anything, []shape{c.shape}, c.attrs)...)
	}
	return out
}

type shapedCase struct {
	shape shape
	attrs graph.Attrs
}

func reductions(op string) []build {
	var out []build
	for _, keep := range []bool{false, true} {
		for _, axes := range [][]int{{}, {0}, {1}, {2}, {0, 1}, {1, 2}, {0, 1, 2}} {
			out = append(out, unary(op, anything, []shape{{2, 3, 4}, {1, 3, 1}}, graph.Attrs{"axes": axes, "keep": keep})...)
		}
	}
	return out
}

func expansions(op string) []build {
	to := func(dims ...any) graph.Attrs { return graph.Attrs{"shape": graph.Dims(dims...)} }
	return shaped(op, shapedCase{shape{}, to(2, 3)}, shapedCase{shape{3}, to(2, 3)}, shapedCase{shape{2, 1}, to(2, 3)},
		shapedCase{shape{1, 3}, to(4, 2, 3)}, shapedCase{shape{2, 3}, to(2, 3)}, shapedCase{shape{1}, to(1, 1)}, shapedCase{shape{2, 1, 3}, to(2, 4, 3)})
}

func products() []build {
	out := []build{func(o *operands) *graph.Value { x := o.x(3, 3); return graph.MatMul(x, x) }}
	for _, batch := range []shape{{}, {2}, {2, 1}, {1, 3}} {
		for _, size := range [][3]int{{2, 3, 4}, {1, 3, 1}, {2, 1, 2}} {
			for _, flags := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
				out = append(out, func(o *operands) *graph.Value {
					a, b := shape{size[0], size[1]}, shape{size[1], size[2]}
					if flags[0] {
						a = shape{size[1], size[0]}
					}
					if flags[1] {
						b = shape{size[2], size[1]}
					}
					return graph.MatMulT(o.x(append(append(shape{}, batch...), a...)...), o.x(append(append(shape{}, batch...), b...)...), flags[0], flags[1])
				})
			}
		}
	}
	return out
}

func sparseProducts() []build {
	var out []build
	for _, size := range [][2]int{{5, 4}, {3, 6}, {4, 4}} {
		for _, trans := range []bool{false, true} {
			out = append(out, func(o *operands) *graph.Value {
				rows := size[1]
				if trans {
					rows = size[0]
				}
				p := o.pattern(size[0], size[1])
				return o.g.Add("spmm", graph.Attrs{"trans": trans}, p, o.x("nnz"), o.x(rows, 3))[0]
			}, func(o *operands) *graph.Value {
				rows := size[1]
				if trans {
					rows = size[0]
				}
				p := o.pattern(size[0], size[1])
				return o.g.Add("spmm", graph.Attrs{"trans": trans}, p, o.x("nnz", 2), o.x(rows, 2, 3))[0]
			})
		}
	}
	return out
}

func crossEntropies() []build {
	var out []build
	for _, reduce := range []string{"mean", "sum"} {
		for _, rows := range []shape{{4}, {2, 3}, {}} {
			for _, weights := range []bool{false, true} {
				out = append(out, func(o *operands) *graph.Value {
					args := []*graph.Value{o.x(append(append(shape{}, rows...), 5)...), o.label(5, rows...)}
					if weights {
						args = append(args, o.weight(rows...))
					}
					return o.g.Add("softmax_cross_entropy", graph.Attrs{"reduce": reduce}, args...)[0]
				})
			}
		}
	}
	return out
}

// vjpCases are the cases of each differentiable op.
var vjpCases = map[string][]build{
	"add": binary("add"), "sub": binary("sub"), "mul": binary("mul"), "div": binary("div"),

	"neg":    unary("neg", anything, pointwiseShapes),
	"scale":  unary("scale", anything, pointwiseShapes, graph.Attrs{"by": -0.5}, graph.Attrs{"by": 1.0}, graph.Attrs{"by": 0.0}),
	"shift":  unary("shift", anything, pointwiseShapes, graph.Attrs{"by": -0.5}),
	"square": unary("square", anything, pointwiseShapes), "sqrt": unary("sqrt", positive, pointwiseShapes),
	"exp": unary("exp", anything, pointwiseShapes), "log": unary("log", positive, pointwiseShapes),
	"log1p": unary("log1p", positive, pointwiseShapes), "expm1": unary("expm1", anything, pointwiseShapes),
	"sin": unary("sin", anything, pointwiseShapes), "cos": unary("cos", anything, pointwiseShapes),
	"abs":        unary("abs", apart, pointwiseShapes),
	"leaky_relu": unary("leaky_relu", apart, pointwiseShapes, nil, graph.Attrs{"slope": 0.3}, graph.Attrs{"slope": 0.0}),
	"relu":       unary("relu", apart, pointwiseShapes),
	"elu":        unary("elu", apart, pointwiseShapes, nil, graph.Attrs{"alpha": 0.3}),
	"sigmoid":    unary("sigmoid", anything, pointwiseShapes), "tanh": unary("tanh", anything, pointwiseShapes),
	"cast": unary("cast", anything, pointwiseShapes, graph.Attrs{"dtype": "f64"}, graph.Attrs{"dtype": "f32"}),

	"sum": reductions("sum"), "mean": reductions("mean"),
	"broadcast": expansions("broadcast"), "spread": expansions("spread"),
	"reshape": shaped("reshape",
		shapedCase{shape{2, 3}, graph.Attrs{"shape": graph.Dims(3, 2)}}, shapedCase{shape{2, 3}, graph.Attrs{"shape": graph.Dims(6)}},
		shapedCase{shape{1}, graph.Attrs{"shape": graph.Dims()}}, shapedCase{shape{2, 3}, graph.Attrs{"shape": graph.Dims(2, 3)}}),
	"transpose": shaped("transpose",
		shapedCase{shape{2, 3}, graph.Attrs{"perm": []int{1, 0}}}, shapedCase{shape{2, 3}, graph.Attrs{"perm": []int{0, 1}}},
		shapedCase{shape{2, 3, 4}, graph.Attrs{"perm": []int{2, 0, 1}}}, shapedCase{shape{2, 3, 4}, graph.Attrs{"perm": []int{0, 2, 1}}}),
	"slice": shaped("slice",
		shapedCase{shape{4, 3}, graph.Attrs{"axis": 0, "start": 1, "size": 2}}, shapedCase{shape{4, 3}, graph.Attrs{"axis": 1, "size": 2}},
		shapedCase{shape{2, 3, 5}, graph.Attrs{"axis": 2, "start": 4, "size": 1}}, shapedCase{shape{3}, graph.Attrs{"axis": 0, "size": 3}}),
	"pad": shaped("pad",
		shapedCase{shape{4, 3}, graph.Attrs{"axis": 0, "before": 1, "after": 2}}, shapedCase{shape{4, 3}, graph.Attrs{"axis": 1, "after": 1}},
		shapedCase{shape{2, 1, 3}, graph.Attrs{"axis": 1, "before": 2}}, shapedCase{shape{3}, graph.Attrs{"axis": 0}}),
	"repeat": shaped("repeat",
		shapedCase{shape{2, 3}, graph.Attrs{"axis": 0, "times": 3}}, shapedCase{shape{2, 3}, graph.Attrs{"axis": 1, "times": 2}},
		shapedCase{shape{2, 3}, graph.Attrs{"axis": 1, "times": 1}}, shapedCase{shape{2, 1, 3}, graph.Attrs{"axis": 1, "times": 2}}),
	"concat": {
		func(o *operands) *graph.Value {
			return o.g.Add("concat", graph.Attrs{"axis": 0}, o.x(2, 3), o.x(1, 3), o.x(4, 3))[0]
		},
		func(o *operands) *graph.Value {
			return o.g.Add("concat", graph.Attrs{"axis": 1}, o.x(2, 1), o.x(2, 3))[0]
		},
		func(o *operands) *graph.Value {
			x := o.x(2, 3)
			return o.g.Add("concat", graph.Attrs{"axis": 1}, x, o.x(2, 2), x)[0]
		},
	},
	"matmul": products(),
	"grouped_matmul": {
		func(o *operands) *graph.Value { return o.g.Add("grouped_matmul", nil, o.x(4, 6), o.x(3, 2, 5))[0] },
		func(o *operands) *graph.Value {
			return o.g.Add("grouped_matmul", graph.Attrs{"transB": true}, o.x(4, 6), o.x(3, 5, 2))[0]
		},
		func(o *operands) *graph.Value { return o.g.Add("grouped_matmul", nil, o.x(1, 3), o.x(1, 3, 1))[0] },
	},
	"spmm": sparseProducts(),
	"sddmm": {
		func(o *operands) *graph.Value {
			p := o.pattern(5, 4)
			return o.g.Add("sddmm", nil, p, o.x(5, 2, 3), o.x(4, 2, 3))[0]
		},
		func(o *operands) *graph.Value {
			p := o.pattern(5, 4)
			return o.g.Add("sddmm", nil, p, o.x(5, 3), o.x(4, 3))[0]
		},
		func(o *operands) *graph.Value {
			p, x := o.pattern(4, 4), o.x(4, 2)
			return o.g.Add("sddmm", nil, p, x, x)[0]
		},
	},
	"softmax":               unary("softmax", anything, []shape{{2, 4}, {3}, {2, 2, 3}, {3, 1}}),
	"log_softmax":           unary("log_softmax", anything, []shape{{2, 4}, {3}, {2, 2, 3}, {3, 1}}),
	"restricted_softmax":    unary("restricted_softmax", anything, []shape{{2, 4}, {3}, {2, 2, 3}, {3, 1}}),
	"softmax_cross_entropy": crossEntropies(),
	"sigmoid_cross_entropy": sigmoidCrossEntropies(),

	"batch_norm":      normalisations("batch_norm", true),
	"batch_norm_eval": normalisations("batch_norm_eval", true),
	"layer_norm":      normalisations("layer_norm", false),

	"gather":            gathers(),
	"scatter_add":       scatters(),
	"edge_gather":       onEdges("edge_gather"),
	"edge_sum":          onEdges("edge_sum"),
	"segment_softmax":   segmentSoftmaxes(),
	"history_attention": historyAttentions(),
	"cumsum": unary("cumsum", anything, scanShapes, nil, graph.Attrs{"exclusive": true}, graph.Attrs{"reverse": true},
		graph.Attrs{"exclusive": true, "reverse": true}),
	"cumprod_exclusive": slices.Concat(unary("cumprod_exclusive", anything, scanShapes), unary("cumprod_exclusive", oftenZero, scanShapes)),
	"causal":            unary("causal", anything, []shape{{3, 3}, {2, 4, 4}, {1, 1}}, nil, graph.Attrs{"fill": -2.0}),
	"dropout": {
		func(o *operands) *graph.Value { return graph.Dropout(o.x(4, 5), 0.4, "a") },
		func(o *operands) *graph.Value { return graph.Dropout(o.x(4, 5), 0, "a") },
	},
	"dropout_given": {
		func(o *operands) *graph.Value {
			return o.g.Add("dropout_given", graph.Attrs{"rate": 0.4}, o.x(4, 5), o.uniform(4, 5))[0]
		},
	},
}
