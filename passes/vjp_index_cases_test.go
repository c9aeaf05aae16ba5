package passes_test

import (
	"math"

	"graft/graph"
)

var scanShapes = []shape{{2, 4}, {3}, {2, 2, 3}, {3, 1}}

// oftenZero makes about two elements of five 0, so that rows have one, several and none.
func oftenZero(x float64) float64 {
	if math.Abs(x) < 0.5 {
		return 0
	}
	return x
}

// given is an operand that is not trained.
func (o *operands) given(name string, domain func(x float64) float64, shape ...any) *graph.Value {
	v := o.g.Input(name, graph.F32, shape...)
	for i, x := range o.w.leaf(o.t, v) {
		o.w.values[name][i] = domain(x)
	}
	return v
}

// normalisations gives the cases of an op of x, gamma and beta, and of running statistics where it has them.
func normalisations(op string, running bool) []build {
	var out []build
	for _, attrs := range []graph.Attrs{nil, {"eps": 0.3}} {
		for _, rows := range []shape{{5}, {2, 3}} {
			out = append(out, func(o *operands) *graph.Value {
				args := []*graph.Value{o.x(append(append(shape{}, rows...), 3)...), o.x(3), o.x(3)}
				if running {
					args = append(args, o.given("mean", anything, 3), o.given("var", positive, 3))
				}
				return o.g.Add(op, attrs, args...)[0]
			})
		}
	}
	return out
}

// tableShapes are shapes of an index and of what belongs to each.
var tableShapes = [][2]shape{{{4}, {3}}, {{2, 3}, {2}}, {{5}, {}}, {{3}, {2, 2}}, {{}, {3}}}

// gathers read some rows of a table several times and some never.
func gathers() []build {
	var out []build
	for _, s := range tableShapes {
		out = append(out, func(o *operands) *graph.Value {
			return o.g.Add("gather", nil, o.x(append(shape{7}, s[1]...)...), o.label(7, s[0]...))[0]
		})
	}
	return out
}

func scatters() []build {
	var out []build
	for _, s := range tableShapes {
		out = append(out, func(o *operands) *graph.Value {
			x := o.x(append(append(shape{}, s[0]...), s[1]...)...)
			return o.g.Add("scatter_add", graph.Attrs{"rows": graph.Dims(7)}, x, o.label(7, s[0]...))[0]
		})
	}
	return out
}

// onEdges gives the cases of an op between the positions of a pattern and its rows or columns.
func onEdges(op string) []build {
	var out []build
	for _, side := range []string{"row", "col"} {
		for _, width := range []shape{{}, {3}, {2, 3}} {
			out = append(out, func(o *operands) *graph.Value {
				first := any("nnz")
				if op == "edge_gather" {
					first = map[string]any{"row": 5, "col": 4}[side]
				}
				p := o.pattern(5, 4)
				return o.g.Add(op, graph.Attrs{"side": side}, p, o.x(append(shape{first}, width...)...))[0]
			})
		}
	}
	return out
}

func segmentSoftmaxes() []build {
	var out []build
	for _, size := range [][2]int{{5, 4}, {3, 6}} {
		for _, heads := range []shape{{}, {2}, {2, 3}} {
			out = append(out, func(o *operands) *graph.Value {
				p := o.pattern(size[0], size[1])
				return o.g.Add("segment_softmax", nil, p, o.x(append(shape{"nnz"}, heads...)...))[0]
			})
		}
	}
	return out
}

func sigmoidCrossEntropies() []build {
	var out []build
	for _, reduce := range []string{"mean", "sum"} {
		for _, s := range []shape{{4}, {2, 3}, {}} {
			out = append(out, func(o *operands) *graph.Value {
				return o.g.Add("sigmoid_cross_entropy", graph.Attrs{"reduce": reduce}, o.x(s...), o.uniform(s...))[0]
			})
		}
	}
	return out
}

// historyAttentions reads one sum or both, of a history whose newest time is the query's source too.
func historyAttentions() []build {
	var out []build
	for _, sums := range [][]int{{0}, {1}, {0, 1}} {
		for _, entries := range []shape{{"nnz"}, {3, "nnz", 2}} {
			out = append(out, func(o *operands) *graph.Value {
				p, e := o.pattern(5, 4), o.uniform(entries...)
				y := o.g.Add("history_attention", nil, p, o.x(5, 2, 3), o.x(5, 2), e, o.x(4, 2, 3), o.x(4, 2, 3), o.x(4, 2, 3))
				if len(sums) == 1 {
					return y[sums[0]]
				}
				return graph.Add(y[0], graph.Reshape(y[1], 5, 2, 1))
			})
		}
	}
	out = append(out, func(o *operands) *graph.Value { // more times than an op has results
		history := []*graph.Value{o.pattern(3, 2), o.x(3, 1, 2), o.x(3, 1), o.uniform("nnz")}
		for range 9 {
			history = append(history, o.x(2, 1, 2))
		}
		return o.g.Add("history_attention", nil, history...)[0]
	})
	return append(out, func(o *operands) *graph.Value {
		p, x := o.pattern(4, 4), o.x(4, 1, 3)
		return o.g.Add("history_attention", nil, p, x, o.x(4, 1), o.uniform("nnz"), x)[0]
	})
}
