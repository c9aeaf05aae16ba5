package passes

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"graft/graph"
)

// line is the smallest definition with a feedback point.
func line() *graph.Graph {
	g := graph.New("line")
	h := graph.MatMul(g.Input("x", graph.F32, "batch", 2), g.Param("below", "zeros", 2, 3))
	h = graph.Feedback(graph.Relu(graph.Add(h, g.Param("bias", "zeros", 3))), graph.Point{Name: "hidden", Site: "top"})
	top := graph.ErrorSite(graph.MatMul(h, g.Param("above", "zeros", 3, 1)), "top")
	g.Loss(graph.Mean(graph.Apply("square", top), 0, 1))
	return g
}

// compileLine compiles line with the given passes.
func compileLine(passes ...Pass) (*Compiled, error) {
	return Compile(line(), Pipeline{"mine", passes}, Options{Optimizer: Optimizer{Rule: "sgd"}, Verify: true})
}

func dfaPasses(t *testing.T) []Pass {
	t.Helper()
	p, err := Mode("dfa")
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(p.Passes)
}

func wantError(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one that says %q", wants)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q does not say %q", err, want)
		}
	}
}

// TestConstraints breaks every constraint: with two passes of those names alone, and, where a mode has both, in the mode's
// pipeline.
func TestConstraints(t *testing.T) {
	idle := func(name string) Pass {
		return Pass{Name: name, Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) { return g, nil }}
	}
	for _, c := range constraints {
		_, err := compileLine(idle(c.after), idle(c.before))
		wantError(t, err, `"`+c.before+`" must come before "`+c.after+`"`, c.reason)
		for _, p := range Modes() {
			at := func(name string) int { return slices.IndexFunc(p.Passes, func(q Pass) bool { return q.Name == name }) }
			i, j := at(c.before), at(c.after)
			if i < 0 || j < 0 {
				continue
			}
			p.Passes[i], p.Passes[j] = p.Passes[j], p.Passes[i]
			_, err := Compile(line(), p, Options{Optimizer: Optimizer{Rule: "sgd"}})
			wantError(t, err, "must come before")
		}
	}
}

// TestConstraintsAreKnown checks that constraints name passes that exist, so that none is void by a slip of the pen.
func TestConstraintsAreKnown(t *testing.T) {
	known := map[string]bool{}
	for _, p := range []Pass{selectOutputs, retype, giveRandom, evaluate, forwardOnly, align, recompute, hoist} {
		known[p.Name] = true
	}
	for _, m := range Modes() {
		for _, p := range m.Passes {
			known[p.Name] = true
		}
	}
	for _, c := range constraints {
		if !known[c.before] || !known[c.after] || c.reason == "" {
			t.Errorf("constraint %+v names a pass that does not exist, or has no reason", c)
		}
	}
}

// TestRemovedPass leaves every pass of dfa out in turn. What is left compiles to a program or is refused with a reason.
func TestRemovedPass(t *testing.T) {
	refused := map[string]string{
		"select-points": "", "cut": "", "graft": "", "optimizer": "", "simplify": "", "cse": "", "fuse-attention": "", "fuse-head": "", "fuse-table": "", "fuse": "", "sweep": "",
		"differentiate": "is a definition, not a program",
		"dce":           "fusion comes last, after dead nodes are gone",
	}
	for _, p := range dfaPasses(t) {
		want, ok := refused[p.Name]
		if !ok {
			t.Errorf("what happens without %s?", p.Name)
		}
		list := slices.DeleteFunc(dfaPasses(t), func(q Pass) bool { return q.Name == p.Name })
		c, err := compileLine(list...)
		switch {
		case want != "":
			wantError(t, err, want)
		case err != nil:
			t.Errorf("without %s: %v", p.Name, err)
		case c.Program.Mode != "mine":
			t.Errorf("without %s: the mode is %q", p.Name, c.Program.Mode)
		}
	}
}

// TestPipelineErrors checks what is said of pipelines and passes that cannot work.
func TestPipelineErrors(t *testing.T) {
	_, err := compileLine(append(dfaPasses(t), cse)...)
	wantError(t, err, `pass "cse" stands twice`)
	_, err = compileLine()
	wantError(t, err, "line", "mine", "no program")
	broken := Pass{Name: "broken", Run: func(*graph.Graph, *Options) (*graph.Graph, error) { return nil, nil }}
	_, err = compileLine(broken)
	wantError(t, err, "pass broken", "no graph came back")
	failing := Pass{Name: "failing", Run: func(*graph.Graph, *Options) (*graph.Graph, error) { return nil, errors.New("out of luck") }}
	_, err = compileLine(failing)
	wantError(t, err, "pass failing", "out of luck")
	careless := Pass{Name: "careless", Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			c.Copy(n)
		}
		c.New.Add("relu", nil, c.New.Scalar("n", graph.I32))
		return c.New, nil
	}}
	_, err = compileLine(careless)
	wantError(t, err, "pass careless", "relu", "pipelines_test.go:")
	_, err = compileLine(Pass{Name: "empty"})
	wantError(t, err, "empty", "no Run")
}

// TestRegionsKeepTheirWork checks that what two regions compute alike is merged where no cotangent flows and not where one does:
// both biases have the same gradient, and each region adds it up for itself.
func TestRegionsKeepTheirWork(t *testing.T) {
	g := graph.New("alike")
	x := g.Input("x", graph.F32, "batch", 3)
	branch := func(name string) *graph.Value {
		return graph.Feedback(graph.Add(graph.Apply("tanh", x), g.Param(name, "zeros", 3)), graph.Point{Name: name, Site: "top"})
	}
	top := graph.ErrorSite(graph.MatMul(graph.Mul(branch("a"), branch("b")), g.Param("head", "zeros", 3, 2)), "top")
	g.Loss(graph.Mean(graph.Apply("square", top), 0, 1))
	g.Param("unread", "zeros", 2)
	p, err := Mode("dfa")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(g, p, Options{Part: Gradient, Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, n := range c.Program.Nodes {
		count[n.Op.Name+" "+n.Label]++
	}
	for what, want := range map[string]int{"tanh ": 1, "project top": 1, "sum a": 1, "sum b": 1} {
		if count[what] != want {
			t.Errorf("%d times %s, want %d\n%v", count[what], what, want, c.Program)
		}
	}
	if c.Program.Leaf("unread") == nil {
		t.Error("a parameter that nothing reads is no longer part of the model")
	}
}
