package runtime

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// residual is a classifier with residual connections, of which the first two are fed to one more layer each.
func residual() *graph.Graph {
	g := graph.New("residual")
	h, y := g.Input("x", graph.F32, "batch", 40), g.Input("label", graph.I32, "batch")
	for i, act := range []string{"tanh", "relu", "elu", "sigmoid"} {
		name := fmt.Sprint("dense", i)
		d := graph.Add(graph.MatMul(h, g.Param(name+"/in", "lecun_uniform", 40, 600)), g.Param(name+"/bias", "uniform(0.1)", 600))
		d = graph.Feedback(graph.Apply(act, d), graph.Point{Name: name, Site: "logits", Micro: true})
		h = graph.Add(h, graph.MatMul(d, g.Param(name+"/out", "lecun_uniform", 600, 40)))
		if i < 2 {
			h = graph.Apply("tanh", graph.Add(graph.MatMul(h, g.Param(name+"/left", "lecun_uniform", 40, 40)), graph.MatMul(d, g.Param(name+"/right", "lecun_uniform", 600, 40))))
		}
	}
	o := graph.ErrorSite(graph.MatMul(h, g.Param("head", "lecun_uniform", 40, 3)), "logits")
	g.Loss(graph.SoftmaxCrossEntropy(o, y))
	return g
}

// TestFusedSteps trains programs compiled with and without fusion. On the reference kernels all bits are the same. On the native
// ones sums begin with what is added to a product, in other programs they end with it: that is a rounding for each, and of
// the relative errors of some hundred roundings that gather in two steps, none comes near 1e-4 of the largest element.
// Neither number of workers changes a bit.
func TestFusedSteps(t *testing.T) {
	pools := []*Pool{nil, NewPool(2), NewPool(3)}
	for _, p := range pools[1:] {
		defer p.Close()
	}
	seen := map[string]bool{}
	for _, mode := range passes.Modes() {
		plain := mode
		plain.Passes = slices.DeleteFunc(slices.Clone(mode.Passes), func(p passes.Pass) bool { return p.Name == "fuse" })
		o := passes.Options{
			Optimizer: passes.Optimizer{Rule: "sgd", Momentum: 0.9},
			Feedback:  feedback.Options{Granularity: feedback.Micro, Sharing: feedback.Independent},
		}
		fused, err := passes.Compile(residual(), mode, o)
		check(t, err)
		separate, err := passes.Compile(residual(), plain, o)
		check(t, err)
		for _, n := range fused.Program.Nodes {
			seen[n.Op.Name] = true
		}
		train := func(p *graph.Graph, kernels native.Table, pool *Pool) *State {
			e, s := load(t, p, graph.Binding{"batch": 300}, Options{Kernels: kernels, Pool: pool, eager: pool != nil})
			for i := range 2 {
				feedAll(t, e, uint64(i))
				step(t, e)
			}
			return s
		}
		want := train(separate.Program, native.Reference(), nil)
		got := train(fused.Program, native.Reference(), nil)
		nativeWant, nativeGot := train(separate.Program, nil, nil), train(fused.Program, nil, nil)
		for _, name := range want.Names() {
			what := fmt.Sprintf("%s, %s", mode.Mode, name)
			same(t, what, got.Buffer(name), want.Buffer(name))
			near(t, what, nativeGot.Buffer(name), nativeWant.Buffer(name), 1e-4)
		}
		for _, pool := range pools[1:] {
			s := train(fused.Program, nil, pool)
			for _, name := range want.Names() {
				same(t, fmt.Sprintf("%s, %s, %d workers", mode.Mode, name, pool.workers), s.Buffer(name), nativeGot.Buffer(name))
			}
		}
	}
	for _, op := range []string{"fused_matmul", "fused_matmul_add", "fused_project"} {
		if !seen[op] {
			t.Errorf("the programs have no %s", op)
		}
	}
}

// near compares elements, relative to the largest.
func near(t testing.TB, what string, got, want *buffer.Buffer, tolerance float64) {
	t.Helper()
	largest := 0.0
	for i := range want.Len() {
		largest = max(largest, math.Abs(want.At(i)))
	}
	for i := range want.Len() {
		if x, y := got.At(i), want.At(i); !(math.Abs(x-y) <= tolerance*largest) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, x, y)
		}
	}
}
