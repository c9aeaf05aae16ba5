package passes_test

import (
	"context"
	"fmt"
	"log"
	"maps"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/native"
)

// softsign is an op of the user's own: x / (1 + |x|).
var softsign = &graph.Op{
	Name: "softsign", Doc: "x / (1 + |x|).", Operands: "x", Flags: graph.Elementwise | graph.Differentiable,
	Infer: func(c *graph.Call) ([]graph.Type, error) {
		if !c.Args[0].Differentiable() {
			return nil, fmt.Errorf("operand 0 must be a dense floating-point value, not %v", c.Args[0])
		}
		return []graph.Type{c.Args[0]}, nil
	},
}

// softsignVJP is its gradient rule, dy (1 - |y|)^2, made of graft's ops.
func softsignVJP(l *passes.Local) []*graph.Value {
	size := graph.Apply("sqrt", graph.Apply("square", l.Out[0]))
	slope := graph.Apply("square", l.Add("shift", graph.Attrs{"by": 1.0}, graph.Apply("neg", size)))
	return []*graph.Value{graph.Mul(l.Dy[0], slope)}
}

// softsignKernel computes it.
var softsignKernel = native.Kernel{Run: func(c *native.Call, _, _ int) error {
	for i, x := range c.In[0].F32 {
		c.Out[0].F32[i] = float32(float64(x) / (1 + math.Abs(float64(x))))
	}
	return nil
}}

// projectTargets takes the place of graft: it delivers random projections of the targets instead of the error, so that a layer
// can be updated as soon as its output is there (direct random target projection, Frenkel et al. 2021).
var projectTargets = passes.Pass{
	Name: "project-targets",
	Why:  "the sign of the error is known from the target alone",
	Run: func(g *graph.Graph, o *passes.Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			c.Copy(n)
		}
		var points []feedback.Target
		for _, n := range c.New.Effects("cut") {
			points = append(points, feedback.Target{Name: n.Str("point"), Value: n.Args[0], Rows: n.Int("rows")})
		}
		target := feedback.Site{Name: "target", Cotangent: c.New.Leaf("target"), Rows: 1}
		delivered, err := feedback.Deliver(c.New, target, points, o.Feedback)
		if err != nil {
			return nil, err
		}
		for i, p := range points {
			c.New.Add("seed", graph.Attrs{"point": p.Name}, p.Value, graph.Scale(delivered[i], -1))
		}
		return c.New, c.New.Err()
	},
}

// drtp is dfa's pipeline with the pass in graft's place.
func drtp() passes.Pipeline {
	p, err := passes.Mode("dfa")
	check(err)
	list := slices.Clone(p.Passes)
	list[slices.IndexFunc(list, func(q passes.Pass) bool { return q.Name == "graft" })] = projectTargets
	return passes.Pipeline{Mode: "drtp", Passes: list}
}

// Example_ownOpAndMode adds an op, its gradient rule and its kernel, and a training mode, without touching graft.
func Example_ownOpAndMode() {
	table, err := graph.Standard().With(softsign)
	check(err)
	rules := maps.Clone(passes.Rules())
	rules["softsign"] = softsignVJP
	kernels := native.Kernels()
	kernels["softsign"] = softsignKernel

	g := graph.NewWith("net", table)
	x, target := g.Input("x", graph.F32, "batch", 2), g.Input("target", graph.F32, "batch", 1)
	h := graph.Apply("softsign", graph.MatMul(x, g.Param("hidden", "glorot_uniform", 2, 8)))
	h = graph.Feedback(h, graph.Point{Name: "hidden", Site: "top"})
	top := graph.ErrorSite(graph.MatMul(h, g.Param("output", "glorot_uniform", 8, 1)), "top")
	g.Loss(graph.Mean(graph.Apply("square", graph.Sub(top, target)), 0, 1))

	c, err := passes.Compile(g, drtp(), passes.Options{VJPs: rules, Optimizer: passes.Optimizer{Rule: "sgd"}})
	check(err)
	fmt.Print("backward of the hidden layer:")
	for _, n := range c.Program.Nodes {
		if n.Phase == graph.Backward && n.Label == "hidden" {
			fmt.Print(" ", n.Op.Name)
		}
	}
	fmt.Println()

	state, batch := runtime.NewState(), graph.Binding{"batch": 4}
	check(state.Init(c.Program, batch, 1))
	e, err := runtime.Load(c.Program, batch, state, runtime.Options{Kernels: kernels})
	check(err)
	matrix := func(columns int, x ...float32) *tensor.Dense {
		return tensor.New(tensor.WithShape(len(x)/columns, columns), tensor.WithBacking(x))
	}
	check(feed(e, "x").Set(matrix(2, 0, 1, 1, 0, 0, -1, -1, 0)))
	check(feed(e, "target").Set(matrix(1, 1, 1, -1, -1)))
	check(feed(e, "lr").SetFloat(0.1))
	check(feed(e, "seed").SetInt(1))
	loss, err := e.Result("loss")
	check(err)
	for range 100 {
		check(e.Step(context.Background()))
	}
	fmt.Println("loss below 0.05:", loss.Float() < 0.05)
	// Output:
	// backward of the hidden layer: square sqrt neg shift square mul matmul
	// loss below 0.05: true
}

func feed(e *runtime.Executable, name string) *runtime.Feed {
	f, err := e.Feed(name)
	check(err)
	return f
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
