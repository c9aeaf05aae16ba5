package passes

import (
	"slices"
	"testing"

	"graft/graph"
)

// tower is a definition with three regions, all of whose values are [batch, 3].
func tower() *graph.Graph {
	g := graph.New("tower")
	h := g.Input("x", graph.F32, "batch", 3)
	for _, name := range []string{"low", "mid"} {
		h = graph.Apply("tanh", graph.MatMul(h, g.Param(name, "zeros", 3, 3)))
		h = graph.Feedback(h, graph.Point{Name: name, Site: "top"})
	}
	top := graph.ErrorSite(graph.MatMul(h, g.Param("high", "zeros", 3, 3)), "top")
	g.Loss(graph.Mean(graph.Apply("square", top), 0, 1))
	return g
}

// corruption is a pass that copies a program and changes it.
type corruption struct {
	*graph.Copier
	t *testing.T
}

// find returns a value of the copy: the first result of op in the section.
func (c corruption) find(op string, phase graph.Phase, label string) *graph.Value {
	c.t.Helper()
	for _, n := range c.New.Nodes {
		if n.Op.Name == op && n.Phase == phase && n.Label == label {
			return n.Results[0]
		}
	}
	c.t.Fatalf("there is no %s in section %v %q of\n%v", op, phase, label, c.New)
	return nil
}

// add appends a node to a section, and an output so that it is not dead.
func (c corruption) add(phase graph.Phase, label, op string, args ...*graph.Value) {
	c.New.At(graph.Context{Phase: phase, Label: label, Pos: graph.Pos{File: "corrupt.go", Line: 1}})
	c.New.Output("corrupt", c.New.Add(op, nil, args...)[0])
}

// deliver appends to region mid the error, projected by b, through the gradient of the activation whose result is of.
func (c corruption) deliver(b, of *graph.Value) {
	c.New.At(graph.Context{Phase: graph.Backward, Label: "mid", Pos: graph.Pos{File: "corrupt.go", Line: 1}})
	c.New.Output("corrupt", c.New.Add("fused_project", graph.Attrs{"act": "tanh_grad"}, c.find("mul", graph.Backward, "head"), b, of)[0])
}

// generate appends to region mid what deliver does, of e and by a generated matrix.
func (c corruption) generate(e, of *graph.Value) {
	c.New.At(graph.Context{Phase: graph.Backward, Label: "mid", Pos: graph.Pos{File: "corrupt.go", Line: 1}})
	attrs := graph.Attrs{"columns": 3, "stream": "feedback/top", "act": "tanh_grad"}
	c.New.Output("corrupt", c.New.Add("fused_project_generated", attrs, e, c.New.Leaf("seed"), of)[0])
}

// TestProofs corrupts finished programs in every way that the proofs exclude.
func TestProofs(t *testing.T) {
	for _, c := range []struct {
		name, mode, part string
		drop             func(n *graph.Node) bool
		corrupt          func(c corruption)
		want             []string
	}{
		{"sound", "dfa", Step, nil, func(c corruption) {
			c.add(graph.Backward, "mid", "neg", c.find("tanh_grad", graph.Backward, "mid"))
		}, nil},
		{"a delivery reads a parameter", "dfa", Step, nil, func(c corruption) {
			c.add(graph.Graft, "top", "project", c.find("mul", graph.Backward, "head"), c.New.Leaf("high"))
		}, []string{"delivery of an error reads", `"high"`, "corrupt.go:1"}},
		{"a delivery reads an activation", "dfa", Step, nil, func(c corruption) {
			c.add(graph.Graft, "top", "mul", c.find("mul", graph.Backward, "head"), c.find("tanh", graph.Forward, ""))
		}, []string{"delivery of an error reads tanh", "corrupt.go:1"}},
		{"a sound fused delivery", "dfa", Step, nil, func(c corruption) {
			c.deliver(c.find("feedback_matrix", graph.Once, ""), c.find("tanh_grad", graph.Backward, "mid").Arg(1))
		}, nil},
		{"a fused delivery reads a parameter", "dfa", Step, nil, func(c corruption) {
			c.deliver(c.New.Leaf("high"), c.find("tanh_grad", graph.Backward, "mid").Arg(1))
		}, []string{"delivery of an error reads", `"high"`, "fused_project", "corrupt.go:1"}},
		{"behind a fused delivery a region reads a value of another", "dfa", Step, nil, func(c corruption) {
			c.deliver(c.find("feedback_matrix", graph.Once, ""), c.find("square", graph.Forward, ""))
		}, []string{`region "mid" reads a value of region "head" that no cut hands to it`, "fused_project", "corrupt.go:1"}},
		{"a fused delivery by a generated matrix, of an activation", "dfa", Step, nil, func(c corruption) {
			c.generate(c.find("tanh", graph.Forward, ""), c.find("tanh_grad", graph.Backward, "mid").Arg(1))
		}, []string{"delivery of an error reads tanh", "fused_project_generated", "corrupt.go:1"}},
		{"a sound fused delivery by a generated matrix", "dfa", Step, nil, func(c corruption) {
			c.generate(c.find("mul", graph.Backward, "head"), c.find("tanh_grad", graph.Backward, "mid").Arg(1))
		}, nil},
		{"a region reads a weight of another", "dfa", Step, nil, func(c corruption) {
			c.add(graph.Backward, "low", "matmul", c.find("tanh_grad", graph.Backward, "low"), c.New.Leaf("high"))
		}, []string{`region "low" reads param "high"`, "corrupt.go:1"}},
		{"a region reads a value of another", "dfa", Step, nil, func(c corruption) {
			c.add(graph.Backward, "low", "mul", c.find("tanh_grad", graph.Backward, "low"), c.find("square", graph.Forward, ""))
		}, []string{`region "low" reads a value of region "head" that no cut hands to it`, "corrupt.go:1"}},
		{"a region reads a gradient of another", "dfa", Step, nil, func(c corruption) {
			c.add(graph.Backward, "low", "mul", c.find("tanh_grad", graph.Backward, "low"), c.find("tanh_grad", graph.Backward, "mid"))
		}, []string{`regions "low" and "mid" are connected`, "corrupt.go:1"}},
		{"regions are connected through a third section", "dfa", Step, nil, func(c corruption) {
			c.add(graph.Backward, "other", "mul", c.find("tanh_grad", graph.Backward, "low"), c.find("tanh_grad", graph.Backward, "mid"))
		}, []string{`regions "other" and "low" are connected`, "corrupt.go:1"}},
		{"a region reads a sum over regions", "dfa", Step, nil, func(c corruption) {
			c.New.At(graph.Context{Phase: graph.Backward, Label: sharedLabel})
			sum := graph.Add(c.find("tanh_grad", graph.Backward, "low"), c.find("tanh_grad", graph.Backward, "mid"))
			c.add(graph.Backward, "low", "neg", sum)
		}, []string{`regions "low" and "shared" are connected`, "corrupt.go:1"}},
		{"a frozen parameter is stored", "shallow", Step, nil, func(c corruption) {
			c.New.At(graph.Context{Phase: graph.Update})
			c.New.Store("low", c.New.Leaf("low"))
		}, []string{`"low" is frozen, but the program updates it`}},
		{"a frozen parameter has a gradient", "shallow", Gradient, nil, func(c corruption) {
			c.New.At(graph.Context{Phase: graph.Backward, Label: "head"})
			c.New.Output("grad/low", c.find("matmul", graph.Backward, "head"))
		}, []string{`"low" is frozen, but the program updates it`}},
		{"a parameter is not updated", "dfa", Step, func(n *graph.Node) bool { return n.Op.Name == "store" && n.Name() == "low" },
			func(corruption) {}, []string{`"low" has 0 gradients`}},
		{"a parameter has no gradient", "bp", Gradient, func(n *graph.Node) bool { return n.Name() == "grad/high" },
			func(corruption) {}, []string{`"high" has 0 gradients`}},
		{"a parameter has a gradient besides its update", "dfa", Step, nil, func(c corruption) {
			c.New.At(graph.Context{Phase: graph.Backward, Label: "low"})
			c.New.Output("grad/low", c.find("matmul", graph.Backward, "low"))
		}, []string{`"low" has 2 gradients`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Mode(c.mode)
			if err != nil {
				t.Fatal(err)
			}
			p.Passes = append(slices.Clone(p.Passes), Pass{Name: "corrupt", Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
				c2 := corruption{graph.NewCopier(g), t}
				for _, n := range g.Nodes {
					if c.drop == nil || !c.drop(n) {
						c2.Copy(n)
					}
				}
				c.corrupt(c2)
				c2.New.At(graph.Context{})
				return c2.New, c2.New.Err()
			}}, dce)
			p.Passes = slices.DeleteFunc(p.Passes, isFusion)
			for i, q := range p.Passes { // one dce, at the end: what a dropped store leaves behind is dead
				if q.Name == dce.Name {
					p.Passes = slices.Delete(p.Passes, i, i+1)
					break
				}
			}
			_, err = Compile(tower(), p, Options{Part: c.part, Optimizer: Optimizer{Rule: "sgd"}})
			if c.want == nil && err != nil {
				t.Errorf("a sound program is refused: %v", err)
			} else if c.want != nil {
				wantError(t, err, c.want...)
			}
		})
	}
}

// TestProofsAccept compiles definitions whose regions read one another's values by right.
func TestProofsAccept(t *testing.T) {
	type build func(g *graph.Graph, h *graph.Value) *graph.Value
	point := func(h *graph.Value) *graph.Value { return graph.Feedback(h, graph.Point{Name: "low", Site: "top"}) }
	for name, middle := range map[string]build{
		"a cut": func(g *graph.Graph, h *graph.Value) *graph.Value { return point(h) },
		"a detached value": func(g *graph.Graph, h *graph.Value) *graph.Value {
			return graph.Add(point(h), graph.MatMul(graph.Detach(h.Arg(0)), g.Param("side", "zeros", 3, 3)))
		},
		"the same below and behind the cut": func(g *graph.Graph, h *graph.Value) *graph.Value {
			b := g.Param("b", "zeros", 3)
			below := graph.Apply("tanh", graph.Add(h, b))
			behind := graph.Apply("tanh", graph.Add(point(h), b))
			below = graph.MatMul(below, g.Param("mid", "zeros", 3, 3))
			return graph.Mul(behind, graph.Feedback(below, graph.Point{Name: "mid", Site: "top"}))
		},
		"an identity below the cut": func(g *graph.Graph, h *graph.Value) *graph.Value { return point(graph.Dropout(h, 0, "none")) },
		"an identity behind the cut, and a bypass": func(g *graph.Graph, h *graph.Value) *graph.Value {
			behind := graph.Feedback(graph.MatMul(graph.Scale(point(h), 1), g.Param("mid", "zeros", 3, 3)), graph.Point{Name: "mid", Site: "top"})
			return graph.Add(behind, h)
		},
		"a transpose behind the cut, and a bypass": func(g *graph.Graph, h *graph.Value) *graph.Value {
			square := graph.MatMul(h, g.Param("square", "zeros", 3, 3))
			swapped := g.Add("transpose", graph.Attrs{"perm": []int{1, 0}}, point(square))[0]
			behind := graph.Feedback(graph.MatMul(swapped, g.Param("mid", "zeros", 3, 3)), graph.Point{Name: "mid", Site: "top"})
			return graph.Add(behind, graph.MatMul(square, h))
		},
	} {
		g := graph.New("regions")
		h := graph.Apply("tanh", graph.MatMul(g.Input("x", graph.F32, 3, 3), g.Param("low", "zeros", 3, 3)))
		top := graph.ErrorSite(graph.MatMul(middle(g, h), g.Param("high", "zeros", 3, 3)), "top")
		g.Loss(graph.Mean(graph.Apply("square", top), 0, 1))
		for _, p := range Modes() {
			if _, err := Compile(g, p, Options{Optimizer: Optimizer{Rule: "sgd"}, Verify: true}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
