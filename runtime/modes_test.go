package runtime

import (
	"fmt"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
)

// deep is a classifier with feedback points and dropout.
func deep() *graph.Graph {
	g := graph.New("deep")
	h := g.Input("x", graph.F32, "batch", 7)
	y := g.Input("label", graph.I32, "batch")
	width := 7
	for i := range 4 {
		name := fmt.Sprint("dense", i)
		h = graph.MatMul(h, g.Param(name+"/weight", "lecun_uniform", width, 9))
		h = graph.Relu(graph.Add(h, g.Param(name+"/bias", "zeros", 9)))
		h = graph.Feedback(graph.Dropout(h, 0.2, name), graph.Point{Name: name, Site: "logits", Micro: i%2 == 0})
		width = 9
	}
	o := graph.ErrorSite(graph.MatMul(h, g.Param("head", "lecun_uniform", 9, 3)), "logits")
	g.Loss(graph.SoftmaxCrossEntropy(o, y))
	g.Output("logits", o)
	return g
}

// TestCompiled runs what the compiler makes of one definition in its modes, and compares with the interpreter.
func TestCompiled(t *testing.T) {
	pool := NewPool(3)
	defer pool.Close()
	b := graph.Binding{"batch": 5}
	for _, mode := range passes.Modes() {
		for _, rule := range []passes.Optimizer{
			{Rule: "sgd", Momentum: 0.9}, {Rule: "adamw", WeightDecay: 0.01, ClipNorm: 1},
		} {
			name := mode.Mode + " " + rule.Rule
			c, err := passes.Compile(deep(), mode, passes.Options{Optimizer: rule, Feedback: feedback.Options{Granularity: feedback.Micro}})
			check(t, err)
			for _, o := range []Options{
				{Kernels: parted()}, {Kernels: parted(), NoReuse: true}, {Kernels: parted(), Pool: pool, eager: true},
			} {
				e, s := load(t, c.Program, b, o)
				m := newModel(c.Program, b, o.Kernels, s)
				for i := range 4 {
					fed := feedAll(t, e, uint64(i/2)) // the seed changes after two steps
					out := m.step(t, fed)
					step(t, e)
					compare(t, fmt.Sprintf("%s, step %d", name, i), e, s, m, out)
				}
				r := e.Report()
				if o.NoReuse {
					continue
				}
				if r.Copies > 0 || r.ArenaBytes >= r.TotalBytes || r.ArenaBytes < r.PeakBytes {
					t.Errorf("%s: %+v", name, r)
				}
			}
		}
	}
}
