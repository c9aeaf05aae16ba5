package passes_test

import (
	"testing"

	"graft/graph"
	"graft/passes"
)

// TestCompileErrors checks that mistakes are refused in words that name what is wrong and where the user made it.
func TestCompileErrors(t *testing.T) {
	// network has a point below an error site; each case changes one thing of it.
	type parts struct {
		point graph.Point
		odd   bool // the point has a number of rows of its own
		late  bool // the point stands above the site
		loss  func(g *graph.Graph, top *graph.Value)
		o     passes.Options
	}
	square := func(g *graph.Graph, top *graph.Value) { g.Loss(graph.Mean(graph.Apply("square", top), 0, 1)) }
	for _, c := range []struct {
		name   string
		change func(p *parts)
		want   []string // nil when it is no mistake
	}{
		{"none", func(*parts) {}, nil},
		{"missing site", func(p *parts) { p.point.Site = "tip" }, []string{"errors_test.go:", `no error site "tip"`, `"top"`}},
		{"no ancestor", func(p *parts) { p.late = true }, []string{"errors_test.go:", "hidden", "top"}},
		{"no route", func(p *parts) { p.o.Feedback.Route = 1 }, []string{`"hidden" names no route operator`, "direct route (0)"}},
		{"negative route", func(p *parts) { p.o.Feedback.Route = -1 }, []string{"route -1"}},
		{"no loss", func(p *parts) { p.loss = func(g *graph.Graph, top *graph.Value) { g.Output("top", top) } }, []string{`"net" declares no loss`}},
		{"loss without the site", func(p *parts) {
			p.loss = func(g *graph.Graph, _ *graph.Value) { square(g, graph.Scale(g.Param("other", "zeros", 1, 1), 2)) }
		}, []string{"errors_test.go:", `error site "top" has no cotangent`}},
		{"unknown granularity", func(p *parts) { p.o.Feedback.Granularity = "nano" }, []string{`granularity "nano" is not one of macro, micro`}},
		{"unknown distribution", func(p *parts) { p.o.Feedback.Dist = "cauchy" }, []string{`feedback distribution "cauchy" is not one of uniform, normal`}},
		{"unknown sharing", func(p *parts) { p.o.Feedback.Sharing = "some" }, []string{`sharing "some" is not one of shared, independent`}},
		{"unknown part", func(p *parts) { p.o.Part = "half" }, []string{`part "half" is not one of step, gradient, predict, alignment`}},
		{"rows that do not divide", func(p *parts) { p.odd = true }, []string{"errors_test.go:", `"hidden"`, "7", "batch"}},
		{"a name that is taken", func(p *parts) {
			p.o.Feedback.Given = true
			p.loss = func(g *graph.Graph, top *graph.Value) {
				square(g, graph.Add(top, g.State("feedback/hidden", "zeros", graph.Tensor(graph.F32, graph.Int(1)))))
			}
		}, []string{`"feedback/hidden" is taken`}},
		{"no gradient rule", func(p *parts) {
			p.o.VJPs = passes.VJPs{"square": passes.Rules()["square"], "mean": passes.Rules()["mean"]}
		},
			[]string{"errors_test.go:", "matmul has no gradient rule", "detach"}},
		{"trained loss weights", func(p *parts) {
			p.loss = func(g *graph.Graph, top *graph.Value) {
				label := g.Input("label", graph.I32, "batch")
				g.Loss(graph.SoftmaxCrossEntropy(top, label, g.Param("trust", "ones", "batch")))
			}
		}, []string{"errors_test.go:", "weights carry no gradient", "detach"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parts{point: graph.Point{Name: "hidden", Site: "top"}, loss: square, o: passes.Options{Optimizer: passes.Optimizer{Rule: "sgd"}}}
			c.change(&p)
			g := graph.New("net")
			h := graph.MatMul(g.Input("x", graph.F32, "batch", 3), g.Param("w", "zeros", 3, 4))
			switch {
			case p.odd:
				h = graph.Add(h, graph.Mean(graph.Feedback(g.Param("free", "zeros", 7, 4), p.point), 0))
			case !p.late:
				h = graph.Feedback(h, p.point)
			}
			top := graph.ErrorSite(graph.MatMul(h, g.Param("v", "zeros", 4, 2)), "top")
			if p.late {
				top = graph.Feedback(top, p.point)
			}
			p.loss(g, top)
			mode, err := passes.Mode("dfa")
			if err != nil {
				t.Fatal(err)
			}
			_, err = passes.Compile(g, mode, p.o)
			if c.want == nil && err != nil {
				t.Error(err)
			} else if c.want != nil {
				wantError(t, err, c.want...)
			}
		})
	}
}

// TestModeErrors checks what is said where there is nothing to compile.
func TestModeErrors(t *testing.T) {
	_, err := passes.Mode("pepita")
	wantError(t, err, `mode "pepita" is not one of bp, dfa, shallow`)

	dfa, err := passes.Mode("dfa")
	if err != nil {
		t.Fatal(err)
	}
	_, err = passes.Compile(nil, dfa, passes.Options{})
	wantError(t, err, "no graph given")

	g := graph.New("wrong")
	graph.MatMul(g.Input("x", graph.F32, "batch", 3), g.Param("w", "zeros", 4, 4))
	_, err = passes.Compile(g, dfa, passes.Options{})
	wantError(t, err, "errors_test.go:", "matmul", `"w"`, "f32[4, 4]")

	m := perceptron(4)
	_, err = passes.Compile(compile(t, m.def, "bp", passes.Options{}).Program, dfa, passes.Options{})
	wantError(t, err, `"mlp" is a program already`)

	shallow, err := passes.Mode("shallow")
	if err != nil {
		t.Fatal(err)
	}
	_, err = passes.Compile(m.def, shallow, passes.Options{Part: passes.Alignment})
	wantError(t, err, `mode "shallow" grafts no feedback`)

	unmarked := graph.New("plain")
	unmarked.Loss(graph.Mean(graph.MatMul(unmarked.Input("x", graph.F32, "batch", 3), unmarked.Param("w", "zeros", 3, 1)), 0, 1))
	_, err = passes.Compile(unmarked, dfa, passes.Options{Part: passes.Alignment})
	wantError(t, err, `"plain" has no feedback point`)
}

// TestNoPoints checks that without points every mode is backpropagation.
func TestNoPoints(t *testing.T) {
	g := graph.New("plain")
	g.Loss(graph.Mean(graph.Apply("square", graph.MatMul(g.Input("x", graph.F32, "batch", 3), g.Param("w", "zeros", 3, 1))), 0, 1))
	var text [3]string
	for i, mode := range []string{"bp", "dfa", "shallow"} {
		c := compile(t, g, mode, passes.Options{})
		if len(c.Report.Points) != 0 || c.Report.Granularity != "" {
			t.Errorf("%s: points %v, granularity %q", mode, c.Report.Points, c.Report.Granularity)
		}
		c.Program.Mode = ""
		text[i] = c.Program.String()
	}
	if text[0] != text[1] || text[0] != text[2] {
		t.Error("programs differ")
	}
}

// TestStores checks that what a definition stores is stored by every training mode, also below cuts and where nothing reads the
// old value, and not by programs that evaluate.
func TestStores(t *testing.T) {
	g := graph.New("running")
	h := graph.MatMul(g.Input("x", graph.F32, "batch", 3), g.Param("low", "zeros", 3, 3))
	mean := graph.Mean(h, 0)
	g.State("last", "zeros", mean.Type)
	g.Store("last", mean)
	g.Store("average", graph.Add(graph.Scale(g.State("average", "zeros", mean.Type), 0.9), graph.Scale(mean, 0.1)))
	h = graph.Feedback(h, graph.Point{Name: "low", Site: "top"})
	top := graph.ErrorSite(graph.MatMul(h, g.Param("high", "zeros", 3, 2)), "top")
	g.Output("top", top)
	g.Loss(graph.Mean(graph.Apply("square", top), 0, 1))
	stored := func(o passes.Options, mode string) (names string) {
		for _, n := range compile(t, g, mode, o).Program.Effects("store") {
			names += n.Name() + " "
		}
		return names
	}
	for _, mode := range []string{"bp", "dfa", "shallow"} {
		if got := stored(passes.Options{Part: passes.Gradient, Verify: true}, mode); got != "last average " {
			t.Errorf("%s stores %q", mode, got)
		}
	}
	if got := stored(passes.Options{Part: passes.Predict, Verify: true}, "bp"); got != "" {
		t.Errorf("predict stores %q", got)
	}
	if got := stored(passes.Options{Part: passes.Alignment, Verify: true}, "dfa"); got != "" {
		t.Errorf("alignment stores %q", got)
	}
}
