package passes

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/feedback"
	"graft/graph"
)

func reportOf(t *testing.T, g *graph.Graph, mode string, o Options) *Report {
	t.Helper()
	p, err := Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	o.Verify, o.Optimizer.Rule = true, "sgd"
	c, err := Compile(g, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return c.Report
}

// TestTransport lists which weights the gradients read.
func TestTransport(t *testing.T) {
	bp := []Transport{{Param: "low", OwnRegion: []string{"high", "mid"}}, {Param: "mid", OwnRegion: []string{"high"}}, {Param: "high"}}
	none := []Transport{{Param: "low"}, {Param: "mid"}, {Param: "high"}}

	// An error that is taken below the output layer has been through its weights: a transposed, scaled and masked copy of them.
	early := func() *graph.Graph {
		g := graph.New("early")
		h := graph.Apply("tanh", graph.MatMul(g.Input("x", graph.F32, "batch", 3), g.Param("low", "zeros", 3, 4)))
		h = graph.Feedback(h, graph.Point{Name: "low", Site: "latent"})
		z := graph.ErrorSite(graph.MatMul(h, g.Param("mid", "zeros", 4, 3)), "latent")
		w := graph.Scale(g.Add("transpose", graph.Attrs{"perm": []int{1, 0}}, g.Param("high", "zeros", 2, 3))[0], 2)
		w = graph.Mul(w, g.Add("positions", graph.Attrs{"shape": graph.Dims(3, 2)})[0])
		g.Loss(graph.Mean(graph.Apply("square", graph.MatMul(z, w)), 0, 1))
		return g
	}
	for _, c := range []struct {
		name string
		g    *graph.Graph
		mode string
		want []Transport
	}{
		{"bp", tower(), "bp", bp},
		{"dfa", tower(), "dfa", none},
		{"shallow", tower(), "shallow", none[2:]},
		{"early site, bp", early(), "bp", []Transport{{Param: "low", OwnRegion: []string{"high", "mid"}}, {Param: "mid", OwnRegion: []string{"high"}}, {Param: "high"}}},
		{"early site, dfa", early(), "dfa", []Transport{{Param: "low", ErrorPath: []string{"high"}}, {Param: "mid", OwnRegion: []string{"high"}}, {Param: "high"}}},
	} {
		// The order of gradients is that of the sections; compare by parameter.
		got := map[string]Transport{}
		for _, x := range reportOf(t, c.g, c.mode, Options{Part: Gradient}).Transport {
			got[x.Param] = x
		}
		want := map[string]Transport{}
		for _, x := range c.want {
			want[x.Param] = x
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// TestActivations lists the factors of attention: the gradient of the queries' weights passes the keys and the values, and reads
// no weight for it. What a gradient's own product reads, the layer's input, is no factor on the way.
func TestActivations(t *testing.T) {
	g := graph.New("attention")
	x := g.Input("x", graph.F32, "time", 4)
	q, k, v := graph.MatMul(x, g.Param("q", "zeros", 4, 3)), graph.MatMul(x, g.Param("k", "zeros", 4, 3)), graph.MatMul(x, g.Param("v", "zeros", 4, 2))
	out := graph.MatMul(graph.Softmax(graph.MatMulT(q, k, false, true)), v)
	g.Loss(graph.Mean(graph.Apply("square", out), 0, 1))
	want := []Transport{
		{Param: "q", Activations: []string{"%1 matmul : f32[time, 3]", "%2 matmul : f32[time, 2]"}},
		{Param: "k", Activations: []string{"%0 matmul : f32[time, 3]", "%2 matmul : f32[time, 2]"}},
		{Param: "v", Activations: []string{"%4 softmax : f32[time, time]"}},
	}
	got := reportOf(t, g, "bp", Options{Part: Gradient}).Transport
	for i := range got {
		slices.Sort(got[i].Activations)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestTransportRefused corrupts differentiation so that a gradient reads a weight of another region in a value that is in no
// region: dfa refuses it, unless the model allows it, and bp does not ask.
func TestTransportRefused(t *testing.T) {
	reading := Pass{Name: differentiate.Name, Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		out, err := differentiate.Run(g, o)
		if err != nil {
			return nil, err
		}
		c := graph.NewCopier(out)
		for _, n := range out.Nodes {
			if n.Name() != "grad/low" {
				c.Copy(n)
				continue
			}
			c.New.At(graph.Context{Phase: graph.Forward})
			w := graph.Scale(c.New.Leaf("high"), 2)
			c.New.At(graph.Context{Phase: graph.Backward, Label: n.Label})
			c.New.Output("grad/low", graph.MatMul(c.Value(n.Args[0]), w))
		}
		return c.New, c.New.Err()
	}}
	for mode, want := range map[string][]string{"dfa": {`gradient of "low" reads weights of another region: [high]`}, "mine": nil} {
		for _, allow := range []bool{false, true} {
			_, err := Compile(tower(), Pipeline{mode, []Pass{selectPoints, cut, graft, reading}}, Options{Part: Gradient, AllowTransport: allow})
			if want != nil && !allow {
				wantError(t, err, want...)
			} else if err != nil {
				t.Errorf("%s, allow %v: %v", mode, allow, err)
			}
		}
	}
}

// TestShared ties the weights of two regions, directly and through a scaled copy: the regions stay apart, and the one gradient is
// a sum over both, and named as a barrier.
func TestShared(t *testing.T) {
	for _, scaled := range []bool{false, true} {
		g := graph.New("tied")
		w := g.Param("tied", "zeros", 3, 3)
		if scaled {
			w = graph.Scale(w, 2)
		}
		h := graph.Feedback(graph.Apply("tanh", graph.MatMul(g.Input("x", graph.F32, "batch", 3), w)), graph.Point{Name: "low", Site: "top"})
		g.Loss(graph.Mean(graph.Apply("square", graph.ErrorSite(graph.MatMul(h, w), "top")), 0, 1))

		r := reportOf(t, g, "dfa", Options{Optimizer: Optimizer{ClipNorm: 1}})
		want := []string{"sum over regions of a gradient of f32[3, 3]", "global_norm over all gradients"}
		if d := cmp.Diff(want, r.Barriers); d != "" {
			t.Errorf("scaled %v: barriers (-want +got):\n%s", scaled, d)
		}
		if d := cmp.Diff([]string{"head", "low"}, r.Regions); d != "" {
			t.Errorf("scaled %v: regions (-want +got):\n%s", scaled, d)
		}
		if r := reportOf(t, g, "bp", Options{}); len(r.Barriers) != 0 {
			t.Errorf("scaled %v: barriers of bp, which has one region: %v", scaled, r.Barriers)
		}
	}
}

// TestBypass reads a value both before and after its cut.
func TestBypass(t *testing.T) {
	g := graph.New("bypassed")
	h := graph.MatMul(g.Input("x", graph.F32, "batch", 3), g.Param("low", "zeros", 3, 3))
	c := graph.Feedback(h, graph.Point{Name: "low", Site: "top"})
	top := graph.ErrorSite(graph.Add(graph.MatMul(c, g.Param("high", "zeros", 3, 3)), h), "top")
	g.Loss(graph.Mean(graph.Apply("square", top), 0, 1))

	r := reportOf(t, g, "dfa", Options{})
	if d := cmp.Diff([]Bypass{{Point: "low", Params: []string{"low"}}}, r.Bypasses); d != "" {
		t.Errorf("bypasses (-want +got):\n%s", d)
	}
	for _, mode := range []string{"bp", "shallow"} { // nothing is delivered there
		if r := reportOf(t, g, mode, Options{}); len(r.Bypasses) != 0 {
			t.Errorf("bypasses of %s: %v", mode, r.Bypasses)
		}
	}
	if r := reportOf(t, tower(), "dfa", Options{}); len(r.Bypasses) != 0 {
		t.Errorf("bypasses of a chain: %v", r.Bypasses)
	}
}

// TestReport checks points, regions and frozen parameters of each mode and granularity, and that nothing delivered freezes what
// is below.
func TestReport(t *testing.T) {
	g := graph.New("levels")
	h := g.Input("x", graph.F32, "batch", 3)
	for _, p := range []graph.Point{{Name: "a", Site: "top", NoGraft: true}, {Name: "b", Site: "top", Micro: true}, {Name: "c", Site: "top"}} {
		h = graph.Feedback(graph.MatMul(h, g.Param(p.Name, "zeros", 3, 3)), p)
	}
	g.Loss(graph.Mean(graph.Apply("square", graph.ErrorSite(graph.MatMul(h, g.Param("d", "zeros", 3, 3)), "top")), 0, 1))
	g.Param("unread", "zeros", 2)

	for _, c := range []struct {
		mode, granularity, points, regions, frozen string
	}{
		{"bp", "", "- - -", "network", "unread"},
		{"dfa", feedback.Macro, "cut - cut+graft", "head c", "a unread"},
		{"dfa", feedback.Micro, "cut cut+graft cut+graft", "head b c", "a unread"},
		{"shallow", feedback.Macro, "cut - cut", "head", "a b c unread"},
		{"shallow", feedback.Micro, "cut cut cut", "head", "a b c unread"},
	} {
		r := reportOf(t, g, c.mode, Options{Feedback: feedback.Options{Granularity: c.granularity}})
		var points []string
		for _, p := range r.Points {
			fate := "-"
			if p.Cut {
				fate = "cut"
			}
			if p.Grafted {
				fate += "+graft"
			}
			points = append(points, fate)
		}
		got := [3]string{strings.Join(points, " "), strings.Join(r.Regions, " "), strings.Join(r.Frozen, " ")}
		want := [3]string{c.points, c.regions, c.frozen}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.mode, c.granularity, d)
		}
		if c.mode == "bp" && r.Granularity != "" || c.mode != "bp" && r.Granularity != c.granularity {
			t.Errorf("%s: granularity %q", c.mode, r.Granularity)
		}
	}
}

// TestReportFeedback checks that the report says which matrices there are and where, and nothing of them where nothing is delivered.
func TestReportFeedback(t *testing.T) {
	g := graph.New("layer")
	h := graph.Feedback(graph.MatMul(g.Input("x", graph.F32, "batch", 3), g.Param("a", "zeros", 3, 3)), graph.Point{Name: "a", Site: "top"})
	g.Loss(graph.Mean(graph.Apply("square", graph.ErrorSite(graph.MatMul(h, g.Param("b", "zeros", 3, 3)), "top")), 0, 1))
	for _, c := range []struct {
		mode string
		o    feedback.Options
		want string
	}{
		{"dfa", feedback.Options{}, "shared uniform matrices, kept in memory, route 0"},
		{"dfa", feedback.Options{Dist: "rademacher", Generate: true}, "shared rademacher matrices, generated where they are multiplied, route 0"},
		{"dfa", feedback.Options{Given: true}, "given matrices, route 0"},
		{"shallow", feedback.Options{Generate: true}, ""},
		{"bp", feedback.Options{}, ""},
	} {
		if got := reportOf(t, g, c.mode, Options{Feedback: c.o}).Feedback; got != c.want {
			t.Errorf("%s, %+v: %q", c.mode, c.o, got)
		}
	}
}

// TestReportCosts counts the work of a layer by hand, as the JSON form gives it.
func TestReportCosts(t *testing.T) {
	g := graph.New("layer")
	y := graph.MatMul(g.Input("x", graph.F32, "batch", 3), g.Param("w", "zeros", 3, 2))
	g.Loss(graph.Mean(graph.Apply("square", y), 0, 1))
	b, err := json.Marshal(reportOf(t, g, "bp", Options{Part: Gradient}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		// product 2*3*2, square 2, mean 2 for each row
		`{"phase":"forward","nodes":3,"flops":"16*batch"`,
		// spread 2, scale 2, product of the two 2, x^T dy 2*3*2; the reshape of the scalar is free
		`"flops":"18*batch"`,
		`"regions":["network"]`, `"frozen":[]`, `"bypasses":[]`, `"barriers":[]`, `"points":[]`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the report does not say %s:\n%s", want, b)
		}
	}
}
