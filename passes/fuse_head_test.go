package passes_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
	"graft/passes"
)

// classifier is two layers below a head of many classes. Its error site lies below the head, as a language model's does.
type classifier struct {
	classes              int
	tied, bias, weighted bool
	reduce               string
	change               func(g *graph.Graph, logits, loss *graph.Value) (newLoss *graph.Value) // or nil
	site                 string                                                                 // "top", below the head, or "logits"
}

func (c classifier) build() *graph.Graph {
	g := graph.New("classifier")
	x, label := g.Input("x", graph.F32, "batch", 4, 3), g.Input("label", graph.I32, "batch", 4)
	h := graph.Apply("tanh", graph.MatMul(graph.Reshape(x, graph.Sym("batch").Mul(graph.Int(4)), 3), g.Param("low", "lecun_uniform", 3, 3)))
	h = graph.Feedback(h, graph.Point{Name: "low", Site: c.site})
	h = graph.Apply("tanh", graph.MatMul(h, g.Param("high", "lecun_uniform", 3, 2)))
	if c.site == "top" {
		h = graph.ErrorSite(h, "top")
	}
	var o *graph.Value
	if c.tied {
		o = graph.MatMulT(h, g.Param("head", "lecun_uniform", c.classes, 2), false, true)
	} else {
		o = graph.MatMul(h, g.Param("head", "lecun_uniform", 2, c.classes))
	}
	if c.bias {
		o = graph.Add(o, g.Param("bias", "zeros", c.classes))
	}
	if c.site != "top" {
		o = graph.ErrorSite(o, c.site)
	}
	args := []*graph.Value{graph.Reshape(o, "batch", 4, c.classes), label}
	if c.weighted {
		args = append(args, g.Input("weight", graph.F32, "batch", 4))
	}
	loss := g.Add("softmax_cross_entropy", graph.Attrs{"reduce": c.reduce}, args...)[0]
	if c.change != nil {
		loss = c.change(g, args[0], loss)
	}
	g.Loss(loss)
	return g
}

// world has rows of every kind: repeated labels, and where there are weights one of 0 whose label is none.
func (c classifier) world() *world {
	w := newWorld(graph.Binding{"batch": 2})
	w.values["lr"] = []float64{0.1}
	w.values["label"] = []float64{0, 3, 3, float64(c.classes - 1), 7, 1, 1, 0}
	w.values["weight"] = []float64{1, 0.5, 2, 0, 1, 1, 3, 0.25}
	if c.weighted {
		w.values["label"][3] = -100
	}
	return w
}

// heads counts the nodes of a program that hold no logits, and checks that the program has none besides.
func heads(t *testing.T, g *graph.Graph, classes int) (count int) {
	t.Helper()
	for _, n := range g.Nodes {
		if strings.HasPrefix(n.Op.Name, "linear_cross_entropy") {
			count++
		}
	}
	for _, n := range g.Nodes {
		for _, v := range n.Results {
			if d := v.Type.Dims; count > 0 && len(d) > 1 && d[len(d)-1] == graph.Int(classes) && len(d[0].Symbols()) > 0 {
				t.Errorf("%v are whole logits", v)
			}
		}
	}
	return count
}

// TestFuseHead compiles heads of all kinds in all modes: they are fused, and every output and every stored value stays the same
// to the bit on the reference kernels. Shallow training wants no gradient of x where the cut lies right below, and a prediction
// the loss alone.
func TestFuseHead(t *testing.T) {
	for i := range 16 {
		c := classifier{classes: 1024, tied: i&1 != 0, bias: i&2 != 0, weighted: i&4 != 0, reduce: "mean", site: "top"}
		if i&8 != 0 {
			c.reduce = "sum"
		}
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			for _, part := range []string{passes.Step, passes.Gradient, passes.Predict} {
				for _, double := range []bool{false, true} {
					if double && i%5 != 3 {
						continue // the rounding of f32 tells more
					}
					what := fmt.Sprintf("%+v, %s, %s, f64=%v", c, mode, part, double)
					w := c.world()
					var before *graph.Graph
					got := compile(t, c.build(), mode, passes.Options{Part: part, F64: double, Verify: true, Trace: func(p passes.Pass, g *graph.Graph) {
						if p.Name == "fuse-head" {
							if d := cmp.Diff(w.run(t, before), w.run(t, g)); d != "" {
								t.Errorf("%s: results change (-before +after):\n%s", what, d)
							}
						}
						before = g
					}})
					if n := heads(t, got.Program, c.classes); n != 1 {
						t.Errorf("%s: %d heads", what, n)
					}
				}
			}
		}
	}
}

// TestFuseHeadShuffled compiles with independent nodes in random order.
func TestFuseHeadShuffled(t *testing.T) {
	c := classifier{classes: 1024, bias: true, reduce: "mean", site: "top"}
	for seed := range int64(10) {
		got := compile(t, c.build(), "dfa", passes.Options{Verify: true, ShuffleSeed: seed + 1})
		if n := heads(t, got.Program, c.classes); n != 1 {
			t.Errorf("seed %d: %d heads", seed, n)
		}
	}
}

// TestFuseHeadGradient compares the gradients of fused programs with central differences.
func TestFuseHeadGradient(t *testing.T) {
	for _, c := range []classifier{
		{classes: 1024, bias: true, reduce: "mean", site: "top"},
		{classes: 1024, tied: true, weighted: true, reduce: "sum", site: "top"},
	} {
		checkGradient(t, fmt.Sprintf("%+v", c), c.build(), c.world())
	}
}

// TestHeadsApart has heads that are left as they are.
func TestHeadsApart(t *testing.T) {
	many := classifier{classes: 1024, bias: true, reduce: "mean", site: "top"}
	with := func(change func(c *classifier)) classifier {
		c := many
		change(&c)
		return c
	}
	for name, c := range map[string]classifier{
		"the classes are few":          with(func(c *classifier) { c.classes = 1023 }),
		"the logits' gradient is sent": with(func(c *classifier) { c.site = "logits" }),
		"the logits are an output": with(func(c *classifier) {
			c.change = func(g *graph.Graph, logits, loss *graph.Value) *graph.Value { g.Output("logits", logits); return loss }
		}),
		"the forward phase reads the loss": with(func(c *classifier) {
			c.change = func(g *graph.Graph, _, loss *graph.Value) *graph.Value { return graph.Apply("square", loss) }
		}),
		"the logits have two losses": with(func(c *classifier) {
			c.change = func(g *graph.Graph, logits, loss *graph.Value) *graph.Value {
				return graph.Add(loss, g.Add("softmax_cross_entropy", nil, logits, g.Input("other", graph.I32, "batch", 4))[0])
			}
		}),
	} {
		got := compile(t, c.build(), "dfa", passes.Options{Verify: true})
		if n := heads(t, got.Program, c.classes); n != 0 {
			t.Errorf("%s: %d heads are fused", name, n)
		}
		if !slices.ContainsFunc(got.Program.Nodes, func(n *graph.Node) bool { return n.Op.Name == "softmax_cross_entropy_grad" }) {
			t.Errorf("%s: there is no gradient", name)
		}
	}
	// Dropped outputs are read by nobody.
	c := with(func(c *classifier) {
		c.change = func(g *graph.Graph, logits, loss *graph.Value) *graph.Value { g.Output("logits", logits); return loss }
	})
	got := compile(t, c.build(), "dfa", passes.Options{Verify: true, Outputs: []string{}})
	if n := heads(t, got.Program, c.classes); n != 1 {
		t.Errorf("without the output: %d heads are fused", n)
	}
}

// TestAlignmentHead checks that an alignment program, which wants the gradient of x and none of the weights, keeps its logits.
func TestAlignmentHead(t *testing.T) {
	c := classifier{classes: 1024, bias: true, reduce: "mean", site: "top"}
	got := compile(t, c.build(), "dfa", passes.Options{Part: passes.Alignment, Verify: true})
	if n := heads(t, got.Program, c.classes); n != 0 {
		t.Errorf("%d heads are fused", n)
	}
}
