package passes

import (
	"fmt"
	"slices"
	"testing"

	"graft/graph"
)

// recomputed compiles a definition in a mode with recomputation.
func recomputed(t *testing.T, def *graph.Graph, mode string) *Compiled {
	t.Helper()
	p, err := Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(def, p, Options{Part: Gradient, Verify: true, Recompute: Recompute{CheapFLOPsPerByte}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// count returns the number of nodes of an op in a phase.
func count(g *graph.Graph, op string, phase graph.Phase) int {
	return len(slices.DeleteFunc(g.Effects(op), func(n *graph.Node) bool { return n.Phase != phase }))
}

// deep is a perceptron of equal layers with dropout behind each: products keep both what they read and what dropout read.
func deep(layers int) *graph.Graph {
	g := graph.New("deep")
	h := g.Input("x", graph.F32, "batch", 64)
	for i := range layers {
		h = graph.Apply("tanh", graph.MatMul(h, g.Param(fmt.Sprint("w", i), "zeros", 64, 64)))
		h = graph.Dropout(h, 0.5, fmt.Sprint("drop", i))
		h = graph.Feedback(h, graph.Point{Name: fmt.Sprint("layer", i), Site: "top"})
	}
	top := graph.ErrorSite(graph.MatMul(h, g.Param("top", "zeros", 64, 64)), "top")
	g.Loss(graph.Mean(graph.Apply("square", top), 0, 1))
	return g
}

// TestBarriers runs CSE over a program that computes values again: with the barriers it changes nothing, and without them it merges
// every copy with the forward value.
func TestBarriers(t *testing.T) {
	c := recomputed(t, deep(4), "bp")
	g := c.Program
	const drawn, again = 4, 4 // the backward phase draws once for the cotangent of each layer, and once for its value
	if n := count(g, "dropout", graph.Backward); n != drawn+again || c.Report.Recomputed.Values != again {
		t.Fatalf("%d draws in the backward phase, %d values computed again\n%v", n, c.Report.Recomputed.Values, g)
	}
	after, err := cse.Run(g, &Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := graph.Diff(g, after); d != "" {
		t.Errorf("CSE sees through barriers: %s", d)
	}
	w := graph.NewCopier(g)
	for _, n := range g.Nodes {
		if n.Op.Name == "barrier" {
			w.Map(n.Results[0], w.Value(n.Args[0]))
		} else {
			w.Copy(n)
		}
	}
	if after, err = cse.Run(w.New, &Options{}); err != nil {
		t.Fatal(err)
	}
	if n := count(after, "dropout", graph.Backward); n != drawn {
		t.Errorf("without barriers, %d draws are left in the backward phase, want %d\n%v", n, drawn, after)
	}
}

// TestRecomputeOff checks that nothing is computed again unless that is asked for.
func TestRecomputeOff(t *testing.T) {
	p, err := Mode("bp")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(deep(4), p, Options{Part: Gradient})
	if err != nil {
		t.Fatal(err)
	}
	if c.Report.Recomputed != nil || count(c.Program, "barrier", graph.Backward) > 0 {
		t.Errorf("values are computed again\n%v", c.Program)
	}
}

// TestRecomputeChain checks that of a long chain of values made one from the other, some stay stored: were all computed again, all
// would be back in memory as soon as the last one is read. With some stored, the first half is away until the second is done with.
func TestRecomputeChain(t *testing.T) {
	const length = 32
	g := graph.New("chain")
	h := graph.Add(g.Input("x", graph.F32, "batch", 8), g.Param("b", "zeros", 8))
	for range length {
		h = graph.Apply("tanh", h)
	}
	g.Loss(graph.Mean(h, 0, 1))
	c := recomputed(t, g, "bp")
	if n, alive := c.Report.Recomputed.Values, mostAlive(c.Program); n < length/2 || n == length || alive > length*2/3 {
		t.Errorf("%d of %d values are computed again, and %d in memory at once\n%v", n, length, alive, c.Program)
	}
}

// mostAlive returns how many results of tanh are in memory at the worst moment.
func mostAlive(g *graph.Graph) int {
	last := map[*graph.Value]*graph.Node{}
	for _, n := range g.Nodes {
		for _, a := range n.Args {
			if a.Is("barrier") {
				a = a.Arg(0)
			}
			last[a] = n
		}
	}
	alive, most := 0, 0
	for _, n := range g.Nodes {
		if n.Op.Name == "tanh" || n.Op.Name == "bias_act" {
			alive++
		}
		most = max(most, alive)
		for v, by := range last {
			if by == n && (v.Is("tanh") || v.Is("bias_act")) {
				alive--
			}
		}
	}
	return most
}

// TestRecomputeRegions checks that a copy belongs to the region that reads it, and that what two regions read stays stored.
func TestRecomputeRegions(t *testing.T) {
	g := graph.New("regions")
	x := graph.Apply("exp", g.Input("x", graph.F32, "batch", 64)) // both branches read it
	branch := func(name string) *graph.Value {
		w := g.Param(name+"/w", "zeros", 64, 64)
		h := graph.Relu(graph.MatMul(x, w))
		for i := range 3 {
			h = graph.Dropout(graph.Apply("tanh", graph.MatMul(h, g.Param(fmt.Sprint(name, i), "zeros", 64, 64))), 0.5, fmt.Sprint(name, "/drop", i))
		}
		return graph.Feedback(h, graph.Point{Name: name, Site: "top"})
	}
	top := graph.ErrorSite(graph.MatMul(graph.Mul(branch("a"), branch("b")), g.Param("head", "zeros", 64, 64)), "top")
	g.Loss(graph.Mean(graph.Apply("square", top), 0, 1))
	p := recomputed(t, g, "dfa").Program
	if n := count(p, "exp", graph.Backward); n != 0 {
		t.Errorf("exp is computed again %d times\n%v", n, p)
	}
	labels := map[string]bool{}
	for _, n := range p.Effects("barrier") {
		labels[n.Label] = true
	}
	if !labels["a"] || !labels["b"] {
		t.Errorf("barriers stand in %v\n%v", labels, p)
	}
}

// TestParseRecompute reads what the command line gives.
func TestParseRecompute(t *testing.T) {
	for s, want := range map[string]float64{"off": 0, "cheap": CheapFLOPsPerByte, "2.5": 2.5} {
		if r, err := ParseRecompute(s); err != nil || r.FLOPsPerByte != want {
			t.Errorf("%s: %v, %v", s, r, err)
		}
	}
	for _, s := range []string{"", "on", "0", "-1", "NaN", "Inf"} {
		if _, err := ParseRecompute(s); err == nil {
			t.Errorf("%q is accepted", s)
		}
	}
}
