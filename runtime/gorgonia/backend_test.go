package gorgonia

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/buffer"
	"graft/runtime/native"
	"graft/zoo/geometric"
	"graft/zoo/mlp"

	G "gorgonia.org/gorgonia"
)

func compile(t *testing.T, def *graph.Graph, mode string, o passes.Optimizer) *graph.Graph {
	t.Helper()
	p, err := passes.Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	c, err := passes.Compile(def, p, passes.Options{Optimizer: o})
	if err != nil {
		t.Fatal(err)
	}
	return c.Program
}

// trained is a program with a state of its own.
type trained struct {
	*runtime.Executable
	state *runtime.State
}

func load(t *testing.T, p *graph.Graph, b graph.Binding, o runtime.Options) trained {
	t.Helper()
	s := runtime.NewState()
	if err := s.Init(p, b, 1); err != nil {
		t.Fatal(err)
	}
	e, err := runtime.Load(p, b, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return trained{e, s}
}

// inputs draws what a program is fed at a step.
func inputs(t *testing.T, p *graph.Graph, b graph.Binding, step, labels int) map[string]*buffer.Buffer {
	t.Helper()
	in := map[string]*buffer.Buffer{}
	for _, v := range p.Leaves("input") {
		name, elements := v.Node.Name(), ""
		switch {
		case name == "label":
			elements = fmt.Sprint("below ", labels)
		case name == "mask":
			elements = "positive"
		case name == "step" || name == "seed" || name == "lr":
			in[name] = &buffer.Buffer{DType: v.Type.DType, I32: []int32{int32(step)}}
			if name == "lr" {
				in[name] = &buffer.Buffer{F32: []float32{1e-2}}
			}
			if name == "seed" {
				in[name].I32[0] = 1
			}
			continue
		}
		seed := uint64(step)
		if v.Type.Sparse { // the same at every step, as for users
			seed = 0
		}
		in[name] = draw(t, v.Type, b, elements, rand.New(rand.NewPCG(seed, seedOf(name))))
	}
	return in
}

// compare trains a program on Gorgonia and natively for five steps and compares outputs after each, and what is stored in
// the end. It returns the largest difference relative to the largest element of a tensor, or to 1.
func compare(t *testing.T, p *graph.Graph, b graph.Binding, labels int, tol float64) float64 {
	t.Helper()
	ours := load(t, p, b, runtime.Options{Kernels: native.Reference()})
	theirs := load(t, p, b, runtime.Options{Backend: New()})
	worst := 0.0
	for step := range 5 {
		in := inputs(t, p, b, step, labels)
		for _, e := range []trained{ours, theirs} {
			feed(t, e.Executable, in)
			if err := e.Step(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range p.Effects("output") {
			want, err := ours.Result(n.Name())
			if err != nil {
				t.Fatal(err)
			}
			got, err := theirs.Result(n.Name())
			if err != nil {
				t.Fatal(err)
			}
			w, _ := buffer.FromDense(want.Tensor())
			g, _ := buffer.FromDense(got.Tensor())
			worst = max(worst, near(t, fmt.Sprintf("step %d, output %s", step, n.Name()), g, w, tol))
		}
	}
	for _, name := range ours.state.Names() {
		worst = max(worst, near(t, name, theirs.state.Buffer(name), ours.state.Buffer(name), tol))
	}
	return worst
}

// TestTraining trains on both backends. What they compute differs by rounding: sums of up to 784 terms in float32 wander by
// about the root of that many roundings, 28 times 2^-24, which is 2e-6 of the values here, of order 1; an update passes on
// less, being a hundredth of a gradient. Adam divides each element's gradient by its own size, so that a relative error of
// 1e-3 in a gradient that has nearly vanished is one of 1e-5, the learning rate being 1e-2.
func TestTraining(t *testing.T) {
	small := mlp.Options{Inputs: 6, Hidden: []int{5, 8}, Classes: 4}
	wide := mlp.Options{Inputs: 784, Hidden: []int{256, 256}, Classes: 10}
	gcn := geometric.GCN(geometric.GCNOptions{Features: 9, Hidden: 6, Classes: 3, Dropout: 0.5})
	sgd, adam := passes.Optimizer{Rule: "sgd", Momentum: 0.9}, passes.Optimizer{Rule: "adam", ClipNorm: 1, WeightDecay: 1e-4}
	for _, c := range []struct {
		name   string
		def    *graph.Graph
		bind   graph.Binding
		labels int
		o      passes.Optimizer
		tol    float64
		share  float64 // the least that Gorgonia must compute itself
	}{
		{"mlp-small-sgd", mlp.Model(small), graph.Binding{"batch": 32}, small.Classes, sgd, 2e-6, 0},
		{"mlp-small-adam", mlp.Model(small), graph.Binding{"batch": 32}, small.Classes, adam, 1e-5, 0},
		{"mlp-wide", mlp.Model(wide), graph.Binding{"batch": 32}, wide.Classes, sgd, 2e-6, 0.8},
		{"gcn-sgd", gcn, graph.Binding{"nodes": 12, "words": 40, "links": 50}, 3, sgd, 2e-6, 0},
		{"gcn-adam", gcn, graph.Binding{"nodes": 12, "words": 40, "links": 50}, 3, adam, 1e-5, 0},
	} {
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			t.Run(c.name+"/"+mode, func(t *testing.T) {
				p := compile(t, c.def, mode, c.o)
				worst := compare(t, p, c.bind, c.labels, c.tol)
				share, err := Share(p, c.bind)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("largest relative difference %.1e; Gorgonia computes %.1f %% of the FLOPs", worst, 100*share)
				if share < c.share {
					t.Errorf("Gorgonia computes %.3f of the FLOPs, want %v", share, c.share)
				}
			})
		}
	}
}

// TestOwnOpsTakeNoKernel lowers the programs of all test cases and looks at who runs each node.
func TestOwnOpsTakeNoKernel(t *testing.T) {
	table := own()
	check := func(p *graph.Graph, b graph.Binding, leaves map[*graph.Value]*buffer.Buffer) {
		l, err := lower(p, b, leaves, native.Reference(), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range l.adapted {
			float := slices.IndexFunc(append(slices.Clone(n.Args), n.Results...), func(v *graph.Value) bool { return !v.Type.Differentiable() }) < 0
			if table[n.Op.Name] != nil && float {
				t.Errorf("a kernel runs %s", placeOf(n, l.names))
			}
		}
	}
	for _, c := range opCases() {
		g, values := c.program(t, rand.New(rand.NewPCG(1, 1)))
		leaves := map[*graph.Value]*buffer.Buffer{}
		for name, b := range values {
			leaves[g.Leaf(name)] = b
		}
		check(g, nil, leaves)
	}
}

// program makes a program by hand.
func program(t *testing.T, build func(g *graph.Graph)) *graph.Graph {
	t.Helper()
	g := graph.New("hand")
	g.Program = true
	g.At(graph.Context{Phase: graph.Forward})
	build(g)
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestHazards runs what Gorgonia gets wrong by itself, values read after an op that overwrites them, slices and constants that
// it takes for one, and what is delicate here: a matrix times its own transpose, leaves stored to each other.
func TestHazards(t *testing.T) {
	cases := map[string]func(g *graph.Graph){
		"operands read again": func(g *graph.Graph) {
			x := g.Input("x", graph.F32, 4, 4)
			y := graph.Apply("exp", x)
			z := graph.Apply("tanh", graph.Apply("neg", graph.Add(y, x)))
			w := graph.Mul(graph.Apply("square", y), graph.Apply("sigmoid", y))
			r := graph.Reshape(graph.Relu(graph.Sub(y, z)), 16)
			for i, v := range []*graph.Value{x, y, z, w, r, graph.MatMul(y, w), graph.Apply("neg", r), graph.Scale(x, 2)} {
				g.Output(fmt.Sprint("out", i), v)
			}
		},
		"operands overwritten": func(g *graph.Graph) {
			x := g.Input("x", graph.F32, 4, 4)
			y := graph.Apply("exp", x)
			g.Output("y", y)
			g.Output("z", graph.Add(y, x)) // without op, y shows this sum
		},
		"gram": func(g *graph.Graph) {
			x := g.Input("x", graph.F32, 4, 4)
			g.Output("left", graph.MatMulT(x, x, true, false))
			g.Output("right", graph.MatMulT(x, x, false, true))
		},
		"slices": func(g *graph.Graph) {
			x := g.Input("x", graph.F32, 600)
			for _, start := range []int{0, 256, 512} {
				g.Output(fmt.Sprint("part", start), g.Add("slice", graph.Attrs{"axis": 0, "start": start, "size": 4}, x)[0])
			}
		},
		"constants": func(g *graph.Graph) { // equal by name in two dtypes
			x, y := g.Input("x", graph.F32, 3), g.Input("y", graph.F64, 3)
			g.Output("a", graph.Scale(x, 0.1))
			g.Output("b", graph.Scale(y, 0.1))
			g.Output("c", graph.Add(y, g.Const(0.1, graph.Tensor(graph.F64))))
		},
		"exchange": func(g *graph.Graph) {
			typ := graph.Tensor(graph.F32, graph.Dims(3)...)
			a, b := g.State("a", "normal(1)", typ), g.State("b", "normal(1)", typ)
			g.Output("old", a)
			g.Store("a", b)
			g.Store("b", a)
		},
		"leaves only": func(g *graph.Graph) { g.Output("x", g.Input("x", graph.F32)) },
	}
	for name, build := range cases {
		t.Run(name, func(t *testing.T) { compare(t, program(t, build), nil, 1, 1e-5) })
	}
}

func TestErrors(t *testing.T) {
	ctx := context.Background()
	p := compile(t, mlp.Model(mlp.Options{Inputs: 3, Hidden: []int{4}, Classes: 2}), "bp", passes.Optimizer{Rule: "sgd"})
	b := graph.Binding{"batch": 2}
	e := load(t, p, b, runtime.Options{Backend: New()})
	before := e.state.Clone()
	in := inputs(t, p, b, 0, 2)
	in["label"].I32[1] = 5
	feed(t, e.Executable, in)
	err := e.Step(ctx)
	for _, want := range []string{"model.go:", "softmax_cross_entropy", "label 5 of row 1 is not in [0, 2)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want one that says %q", err, want)
		}
	}
	for _, name := range before.Names() {
		near(t, name, e.state.Buffer(name), before.Buffer(name), 0)
	}
	in["label"].I32[1] = 1
	t.Log(err)
	if err := e.Step(ctx); err != nil {
		t.Errorf("after the label was put right: %v", err)
	}

	kernels := native.Reference()
	kernels["softmax"] = native.Kernel{Run: func(*native.Call, int, int) error { panic("out of order") }}
	delete(kernels, "argmax")
	soft := program(t, func(g *graph.Graph) { g.Output("y", graph.Softmax(g.Input("x", graph.F32, 2, 2))) })
	e = load(t, soft, nil, runtime.Options{Backend: &Backend{Kernels: kernels}})
	feed(t, e.Executable, inputs(t, soft, nil, 0, 1))
	if err := e.Step(ctx); err == nil || !strings.Contains(err.Error(), "out of order") || !strings.Contains(err.Error(), "%0 = softmax %x") {
		t.Errorf("a panic in a kernel gave error %v", err)
	}
	best := program(t, func(g *graph.Graph) { g.Output("y", graph.Argmax(g.Input("x", graph.F32, 2, 2))) })
	_, err = runtime.Load(best, nil, runtime.NewState(), runtime.Options{Backend: &Backend{Kernels: kernels}})
	if err == nil || !strings.Contains(err.Error(), "neither an op of Gorgonia's nor a kernel") {
		t.Errorf("a missing kernel gave error %v", err)
	}
}

// TestHashes checks that a node whose hash is taken is refused, and that other numbers give other hashes.
func TestHashes(t *testing.T) {
	first := newCanvas(0)
	n, err := first.leaf(G.Float32, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		firstID uint32
		want    error
	}{{0, errHash}, {1 << 24, nil}} {
		next := newCanvas(c.firstID)
		next.hashes[n.Hashcode()] = true
		if _, err := next.leaf(G.Float32, []int{2}); err != c.want {
			t.Errorf("numbers from %d: error %v, want %v", c.firstID, err, c.want)
		}
	}
}

// TestConcurrent loads and runs programs side by side; with -race it looks for what Gorgonia's graphs share.
func TestConcurrent(t *testing.T) {
	def := mlp.Model(mlp.Options{Inputs: 3, Hidden: []int{4}, Classes: 2})
	p, b := compile(t, def, "dfa", passes.Optimizer{Rule: "sgd"}), graph.Binding{"batch": 2}
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			compare(t, p, b, 2, 1e-5)
			if _, err := Grad(def, b, drawLeaves(t, def, b, 2)); err != nil {
				t.Error(err)
			}
		})
	}
}
