package nerf_test

import (
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
	"graft/zoo/experiment"
	"graft/zoo/nerf"
)

func entries() []entry.Entry { return []entry.Entry{nerf.Entry(), nerf.XLEntry(), nerf.TinyEntry()} }

// define builds an entry's definition.
func define(t *testing.T, e entry.Entry, variant string, set map[string]string) *graph.Graph {
	t.Helper()
	g, err := experiment.Define(e, variant, set)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// parameters counts the numbers of all parameters whose names begin with prefix.
func parameters(g *graph.Graph, prefix string) int {
	total := 0
	for _, p := range g.Leaves("param") {
		n := 1
		for _, d := range p.Type.Dims {
			size, _ := d.Const()
			n *= size
		}
		if strings.HasPrefix(p.Node.Name(), prefix) {
			total += n
		}
	}
	return total
}

// TestParameters compares the sizes of the networks with those of the published code and of the NeRF release.
func TestParameters(t *testing.T) {
	for _, c := range []struct {
		variant, width string
		want           int
	}{
		{entry.Reference, "128", 84_548}, {entry.Reference, "256", 316_548}, {entry.Reference, "425", 848_501},
		{entry.Reference, "512", 1_222_916}, {entry.Paper, "256", 595_844},
	} {
		g := define(t, nerf.Entry(), c.variant, map[string]string{"width": c.width})
		for _, network := range []string{"coarse/", "fine/"} {
			if n := parameters(g, network); n != c.want {
				t.Errorf("%s of width %s: %s has %d parameters, want %d", c.variant, c.width, network, n, c.want)
			}
		}
	}
	for variant, want := range map[string][2]int{entry.Reference: {1_222_916, 1_222_916}, entry.Paper: {595_844, 2_305_796}} {
		xl := define(t, nerf.XLEntry(), variant, nil)
		if got := [2]int{parameters(xl, "coarse/"), parameters(xl, "fine/")}; got != want {
			t.Errorf("nerf-xl, %s, has %d parameters, want %d", variant, got, want)
		}
	}
	tiny := define(t, nerf.TinyEntry(), "", nil)
	if n, want := parameters(tiny, ""), 63*128+128+128*128+128+128*4+4; n != want {
		t.Errorf("nerf-tiny has %d parameters, want %d", n, want)
	}
}

// TestCompile compiles every entry in every mode and variant, and every part, with each intermediate graph verified.
func TestCompile(t *testing.T) {
	for _, e := range entries() {
		variants := e.Variants
		if variants == nil {
			variants = []string{""}
		}
		for _, variant := range variants {
			for _, mode := range []string{"bp", "dfa", "shallow"} {
				plan, err := experiment.NewPlan(e, nil, experiment.Choices{Mode: mode, Variant: variant})
				if err != nil {
					t.Fatal(err)
				}
				for _, part := range experiment.Parts() {
					if part == passes.Alignment && mode != "dfa" {
						continue
					}
					if _, err := plan.CompileInspected(part, experiment.Inspection{Verify: true, ShuffleSeed: 1}); err != nil {
						t.Errorf("%s %s %s %s: %v", e.Name, variant, mode, part, err)
					}
				}
			}
			for name, function := range e.Functions {
				checkFunction(t, e, variant, name, function)
			}
		}
	}
}

// checkFunction compiles another function of an entry and compares its parameters with the definition's.
func checkFunction(t *testing.T, e entry.Entry, variant, name string, function func(any, string) *graph.Graph) {
	t.Helper()
	g := function(e.Options(), variant)
	pipeline, err := passes.Mode("bp")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := passes.Compile(g, pipeline, passes.Options{Part: passes.Predict, Verify: true}); err != nil {
		t.Fatalf("%s %s %s: %v", e.Name, variant, name, err)
	}
	types := map[string]string{}
	for _, p := range define(t, e, variant, nil).Leaves("param") {
		types[p.Node.Name()] = p.Type.String()
	}
	for _, p := range g.Leaves("param") {
		if types[p.Node.Name()] != p.Type.String() {
			t.Errorf("%s %s: parameter %v is not the definition's %q", e.Name, name, p, types[p.Node.Name()])
		}
		delete(types, p.Node.Name())
	}
	if len(types) > 0 {
		t.Errorf("%s %s lacks the parameters %v", e.Name, name, types)
	}
}

// TestSites checks what the published code does: both networks are error sites with a matrix of their own as wide as their widest
// layer, six points each, and only the two heads are trained in shallow.
func TestSites(t *testing.T) {
	set := map[string]string{"width": "32", "fine_width": "48"}
	plan := func(mode string) *passes.Compiled {
		p, err := experiment.NewPlan(nerf.Entry(), nil, experiment.Choices{Mode: mode, Set: set})
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Compile(passes.Step)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := plan("dfa")
	want := map[string]string{"feedback/coarse": "f32[4, 32]", "feedback/fine": "f32[4, 48]"}
	for _, n := range c.Program.Effects("feedback_matrix") {
		if stream := n.Str("stream"); want[stream] != n.Results[0].Type.String() {
			t.Errorf("matrix %q is %v, want %q", stream, n.Results[0].Type, want[stream])
		}
		delete(want, n.Str("stream"))
	}
	if len(want) > 0 {
		t.Errorf("no matrix %v", want)
	}
	if len(c.Report.Points) != 12 || len(c.Report.Frozen) > 0 || len(c.Report.Bypasses) > 0 {
		t.Errorf("%d points, frozen %v, bypasses %v", len(c.Report.Points), c.Report.Frozen, c.Report.Bypasses)
	}
	var trained []string
	shallow := plan("shallow")
	for _, p := range shallow.Program.Leaves("param") {
		if name := p.Node.Name(); !slices.Contains(shallow.Report.Frozen, name) {
			trained = append(trained, name)
		}
	}
	heads := []string{"coarse/fc_alpha/bias", "coarse/fc_alpha/weight", "coarse/fc_rgb/bias", "coarse/fc_rgb/weight",
		"fine/fc_alpha/bias", "fine/fc_alpha/weight", "fine/fc_rgb/bias", "fine/fc_rgb/weight"}
	if slices.Sort(trained); !slices.Equal(trained, heads) {
		t.Errorf("shallow trains %v", trained)
	}
}
