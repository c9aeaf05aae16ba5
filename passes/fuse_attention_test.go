package passes_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
)

// attends is a definition of two heads' attention with a point before it and one behind it. change, where it is not nil, is given
// the weights and may read them or put another value in their place. The time is a number or a symbol.
func attends(time any, scale, rate float64, causal bool, change func(weights *graph.Value) *graph.Value) model {
	g := graph.New("attends")
	x := g.Input("x", graph.F32, "batch", time, 4)
	dims := x.Type.Dims
	h := func(x *graph.Value, name string, out int) *graph.Value {
		rows := dims[0].Mul(dims[1])
		y := graph.MatMul(graph.Reshape(x, rows, 4), g.Param(name, "zeros", 4, out))
		return graph.Reshape(y, dims[0], dims[1], out)
	}
	swap := func(x *graph.Value) *graph.Value {
		return g.Add("transpose", graph.Attrs{"perm": []int{0, 2, 1, 3}}, x)[0]
	}
	in := graph.Feedback(graph.Apply("tanh", h(x, "below", 4)), graph.Point{Name: "below", Site: "top", Rows: 2, Micro: true})
	packed := h(in, "packed", 12)
	part := func(i int) *graph.Value {
		p := g.Add("slice", graph.Attrs{"axis": 2, "start": 4 * i, "size": 4}, packed)[0]
		return swap(graph.Reshape(p, dims[0], dims[1], 2, 2))
	}
	q := part(0)
	if scale != 1 {
		q = graph.Scale(q, scale)
	}
	scores := graph.MatMulT(q, part(1), false, true)
	if causal {
		scores = g.Add("causal", graph.Attrs{"fill": -1e9}, scores)[0]
	}
	weights := graph.Softmax(scores)
	if change != nil {
		weights = change(weights)
	}
	mixed := graph.MatMul(graph.Dropout(weights, rate, "weights"), part(2))
	merged := graph.Reshape(swap(mixed), dims[0], dims[1], 4)
	out := graph.Feedback(graph.Add(merged, in), graph.Point{Name: "attended", Site: "top", Rows: 2})
	top := graph.ErrorSite(h(out, "above", 3), "top", 2)
	g.Output("top", top)
	g.Loss(graph.Mean(graph.Apply("square", top), 0, 1, 2))

	w := newWorld(graph.Binding{"batch": 2, "time": 5})
	w.values["seed"], w.values["step"], w.values["lr"] = []float64{5}, []float64{2}, []float64{0.1}
	return model{fmt.Sprint("attention with ", scale, rate, causal), g, w}
}

func count(g *graph.Graph, ops ...string) (n []int) {
	for _, op := range ops {
		n = append(n, len(g.Effects(op)))
	}
	return n
}

// TestFuseAttention runs programs before and after attention is fused: all outputs and stores are the same to the bit, in both dtypes.
// No scores are left, a gradient is there wherever there was one, and the transposes are gone.
func TestFuseAttention(t *testing.T) {
	for _, scale := range []float64{1, 0.3} {
		for _, rate := range []float64{0, 0.4} {
			for _, causal := range []bool{false, true} {
				m := attends("time", scale, rate, causal, nil)
				for _, c := range []struct {
					mode, part, granularity string
					grads                   int
				}{
					{"bp", passes.Step, "", 1}, {"bp", passes.Predict, "", 0}, {"dfa", passes.Gradient, feedback.Macro, 1}, {"dfa", passes.Step, feedback.Micro, 1},
					{"dfa", passes.Alignment, feedback.Micro, 1}, {"shallow", passes.Step, feedback.Macro, 0},
				} {
					for _, double := range []bool{false, true} {
						what, held := fmt.Sprintln(m.name, c), 0
						var before *graph.Graph
						compile(t, m.def, c.mode, passes.Options{Part: c.part, F64: double, Verify: true, Feedback: feedback.Options{Granularity: c.granularity},
							Trace: func(p passes.Pass, g *graph.Graph) {
								if p.Name == "fuse-attention" {
									held++
									if d := cmp.Diff(m.w.run(t, before), m.w.run(t, g)); d != "" {
										t.Errorf("%s: other results (-before +after):\n%s", what, d)
									}
									want := []int{1, c.grads, 0, 0, 0, 0}
									if d := cmp.Diff(want, count(g, "attention", "attention_grad", "softmax", "softmax_grad", "causal", "transpose")); d != "" {
										t.Errorf("%s (-want +got):\n%s\n%v", what, d, g)
									}
								}
								before = g
							}})
						if held != 1 {
							t.Errorf("%s: the pass has run %d times", what, held)
						}
					}
				}
			}
		}
	}
}

// TestFusedAttentionGradient compares the gradients of fused programs with central differences of the definition's loss.
func TestFusedAttentionGradient(t *testing.T) {
	for _, rate := range []float64{0, 0.4} {
		for _, causal := range []bool{false, true} {
			m := attends("time", 0.3, rate, causal, nil)
			checkGradient(t, m.name, m.def, m.w)
		}
	}
}

// TestAttentionApart has what keeps attention as it is: readers of what would no longer be there, and few keys.
func TestAttentionApart(t *testing.T) {
	for name, m := range map[string]model{
		"the weights are an output": attends("time", 1, 0.4, true, func(w *graph.Value) *graph.Value {
			w.Graph().Output("weights", w)
			return w
		}),
		"the scores are read": attends("time", 1, 0, true, func(w *graph.Value) *graph.Value {
			g := w.Graph()
			g.Output("largest", graph.Sum(w.Arg(0).Arg(0), 0, 1, 2, 3))
			return w
		}),
		"the weights change": attends("time", 1, 0.4, true, func(w *graph.Value) *graph.Value {
			return graph.Apply("square", w)
		}),
		"other dropout besides": attends("time", 1, 0.4, false, func(w *graph.Value) *graph.Value {
			w.Graph().Output("other", graph.Sum(graph.Dropout(w, 0.2, "other"), 0, 1, 2, 3))
			return w
		}),
		"few keys": attends(63, 1, 0.4, true, nil),
	} {
		p := compile(t, m.def, "bp", passes.Options{Verify: true}).Program
		if n := count(p, "attention", "attention_grad"); n[0]+n[1] > 0 {
			t.Errorf("%s: attention is fused:\n%v", name, p)
		}
	}
	p := compile(t, attends(64, 1, 0.4, true, nil).def, "bp", passes.Options{Verify: true}).Program
	if n := count(p, "attention", "attention_grad"); n[0] != 1 || n[1] != 1 {
		t.Errorf("attention to 64 keys is not fused:\n%v", p)
	}
}
