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
	seen := trainApart(t, residual, "fuse", momentum(), graph.Binding{"batch": 300}, 1e-4)
	for _, op := range []string{"fused_matmul", "fused_matmul_add", "fused_project", "weight_bias_grad"} {
		if !seen[op] {
			t.Errorf("the programs have no %s", op)
		}
	}
}

func momentum() passes.Optimizer { return passes.Optimizer{Rule: "sgd", Momentum: 0.9} }

// trainApart trains a definition in every mode with and without a fusion, two steps long, and compares, on native kernels within a
// tolerance. It returns the ops of the fused programs.
func trainApart(t *testing.T, def func() *graph.Graph, fusion string, rule passes.Optimizer, b graph.Binding, tolerance float64) (seen map[string]bool) {
	t.Helper()
	pools := []*Pool{nil, NewPool(2), NewPool(3)}
	for _, p := range pools[1:] {
		defer p.Close()
	}
	seen = map[string]bool{}
	for _, mode := range passes.Modes() {
		plain := mode
		plain.Passes = slices.DeleteFunc(slices.Clone(mode.Passes), func(p passes.Pass) bool { return p.Name == fusion })
		o := passes.Options{
			Optimizer: rule,
			Feedback:  feedback.Options{Granularity: feedback.Micro, Sharing: feedback.Independent},
		}
		fused, err := passes.Compile(def(), mode, o)
		check(t, err)
		separate, err := passes.Compile(def(), plain, o)
		check(t, err)
		for _, n := range fused.Program.Nodes {
			seen[n.Op.Name] = true
		}
		train := func(p *graph.Graph, kernels native.Table, pool *Pool) *State {
			e, s := load(t, p, b, Options{Kernels: kernels, Pool: pool, eager: pool != nil})
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
			near(t, what, nativeGot.Buffer(name), nativeWant.Buffer(name), tolerance)
		}
		for _, pool := range pools[1:] {
			s := train(fused.Program, nil, pool)
			for _, name := range want.Names() {
				same(t, fmt.Sprintf("%s, %s, %d workers", mode.Mode, name, pool.workers), s.Buffer(name), nativeGot.Buffer(name))
			}
		}
	}
	return seen
}

// manyClasses is a classifier whose head is fused, with its error site and a point below.
func manyClasses(tied bool) *graph.Graph {
	g := graph.New("many")
	h, y := g.Input("x", graph.F32, "batch", 20), g.Input("label", graph.I32, "batch")
	h = graph.Apply("tanh", graph.MatMul(h, g.Param("low", "lecun_uniform", 20, 30)))
	h = graph.Feedback(h, graph.Point{Name: "low", Site: "top"})
	h = graph.ErrorSite(graph.Apply("tanh", graph.MatMul(h, g.Param("high", "lecun_uniform", 30, 24))), "top")
	var o *graph.Value
	if tied {
		o = graph.MatMulT(h, g.Param("head", "lecun_uniform", 1100, 24), false, true)
	} else {
		o = graph.Add(graph.MatMul(h, g.Param("head", "lecun_uniform", 24, 1100)), g.Param("bias", "uniform(0.1)", 1100))
	}
	g.Loss(graph.SoftmaxCrossEntropy(o, y))
	return g
}

// TestFusedHeads trains programs compiled with and without fused heads, over chunks of rows of which the last is smaller. On the
// reference kernels all bits are the same. On the native ones the gradients are sums of some hundred terms in another order, as in
// TestFusedSteps; the first loss, which depends on none, has the same bits. The number of workers changes none.
func TestFusedHeads(t *testing.T) {
	pools := []*Pool{NewPool(2), NewPool(3)}
	for _, p := range pools {
		defer p.Close()
	}
	for _, tied := range []bool{false, true} {
		for _, mode := range passes.Modes() {
			plain := mode
			plain.Passes = slices.DeleteFunc(slices.Clone(mode.Passes), func(p passes.Pass) bool { return p.Name == "fuse-head" })
			o := passes.Options{Optimizer: passes.Optimizer{Rule: "sgd", Momentum: 0.9, ClipNorm: 1}}
			fused, err := passes.Compile(manyClasses(tied), mode, o)
			check(t, err)
			separate, err := passes.Compile(manyClasses(tied), plain, o)
			check(t, err)
			if !slices.ContainsFunc(fused.Program.Nodes, func(n *graph.Node) bool { return n.Op.Name == "linear_cross_entropy_grad" }) {
				t.Fatalf("%s: the head is not fused", mode.Mode)
			}
			train := func(p *graph.Graph, rows int, kernels native.Table, pool *Pool) (s *State, losses []float32) {
				e, s := load(t, p, graph.Binding{"batch": rows}, Options{Kernels: kernels, Pool: pool, eager: pool != nil})
				loss, err := e.Result("loss")
				check(t, err)
				for i := range 3 {
					feedAll(t, e, uint64(i))
					step(t, e)
					losses = append(losses, loss.Tensor().Float32s()[0])
				}
				return s, losses
			}
			want, wantLosses := train(separate.Program, 30, native.Reference(), nil)
			got, losses := train(fused.Program, 30, native.Reference(), nil)
			nativeWant, nativeWantLosses := train(separate.Program, 1100, nil, nil)
			nativeGot, nativeLosses := train(fused.Program, 1100, nil, nil)
			if !slices.Equal(losses, wantLosses) || nativeLosses[0] != nativeWantLosses[0] {
				t.Errorf("%s: losses %v and %v, want %v and %v", mode.Mode, losses, nativeLosses, wantLosses, nativeWantLosses)
			}
			for _, name := range want.Names() {
				what := fmt.Sprintf("%s, tied=%v, %s", mode.Mode, tied, name)
				same(t, what, got.Buffer(name), want.Buffer(name))
				near(t, what, nativeGot.Buffer(name), nativeWant.Buffer(name), 1e-4)
			}
			for _, pool := range pools {
				s, shared := train(fused.Program, 1100, nil, pool)
				if !slices.Equal(shared, nativeLosses) {
					t.Errorf("%s, %d workers: losses %v, want %v", mode.Mode, pool.workers, shared, nativeLosses)
				}
				for _, name := range want.Names() {
					same(t, fmt.Sprintf("%s, %s, %d workers", mode.Mode, name, pool.workers), s.Buffer(name), nativeGot.Buffer(name))
				}
			}
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
