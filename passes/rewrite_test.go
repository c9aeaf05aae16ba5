package passes_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
)

func randomModel(seed uint64) model {
	w := newWorld(graph.Binding{"batch": 3})
	w.values["seed"], w.values["step"], w.values["lr"] = []float64{5}, []float64{2}, []float64{0.1}
	return model{fmt.Sprintf("random %d", seed), randomDefinition(seed), w}
}

// TestOptimizingPasses runs random programs before and after each optimizing pass: every output and every stored value is the
// same to the bit, on the reference kernels in f32.
func TestOptimizingPasses(t *testing.T) {
	removed := map[string]int{}
	for seed := range uint64(60) {
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			m := randomModel(seed)
			var before *graph.Graph
			compile(t, m.def, mode, passes.Options{
				Feedback: feedback.Options{Granularity: feedback.Micro}, Optimizer: passes.Optimizer{Rule: "sgd", Momentum: 0.9, ClipNorm: 1}, Verify: true,
				Trace: func(p passes.Pass, g *graph.Graph) {
					if slices.Contains([]string{"simplify", "cse", "dce", "fuse"}, p.Name) {
						if d := cmp.Diff(m.w.run(t, before), m.w.run(t, g)); d != "" {
							t.Errorf("%s, %s: %s changes results (-before +after):\n%s", m.name, mode, p.Name, d)
						}
						removed[p.Name] += len(before.Nodes) - len(g.Nodes)
					}
					before = g
				},
			})
		}
	}
	for _, pass := range []string{"simplify", "cse", "dce", "fuse"} {
		if removed[pass] < 100 {
			t.Errorf("%s removed %d nodes: the definitions do not try it", pass, removed[pass])
		}
	}
}

// TestShuffle compiles with independent nodes in random order after every pass. Terms of a cotangent are summed in graph order,
// so the last bits may change; in f64 that is far below the tolerance.
func TestShuffle(t *testing.T) {
	all := append(models(t), crossed())
	for seed := range uint64(20) {
		all = append(all, randomModel(seed))
	}
	for _, m := range all {
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			o := passes.Options{Part: passes.Gradient, F64: true, Verify: true, Feedback: feedback.Options{Granularity: feedback.Micro}}
			want := m.w.run(t, compile(t, m.def, mode, o).Program)
			for o.ShuffleSeed = 1; o.ShuffleSeed <= 3; o.ShuffleSeed++ {
				got := m.w.run(t, compile(t, m.def, mode, o).Program)
				if len(got) != len(want) {
					t.Errorf("%s, %s: %d outputs, want %d", m.name, mode, len(got), len(want))
				}
				for name, x := range want {
					near(t, fmt.Sprintf("%s, %s, shuffled by %d: %s", m.name, mode, o.ShuffleSeed, name), got[name], x)
				}
			}
		}
	}
}

// TestOneForward checks that the forward section is the same text in all modes after differentiation, and that the finished
// programs have the same outputs to the bit.
func TestOneForward(t *testing.T) {
	all := append(models(t), crossed())
	for seed := range uint64(20) {
		all = append(all, randomModel(seed))
	}
	for _, m := range all {
		sections, outputs := map[string]string{}, map[string]map[string][]float64{}
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			c := compile(t, m.def, mode, passes.Options{Feedback: feedback.Options{Granularity: feedback.Micro}, Trace: func(p passes.Pass, g *graph.Graph) {
				if p.Name == "differentiate" {
					sections[mode] = forwardSection(g)
				}
			}})
			outputs[mode] = m.w.run(t, c.Program)
			for name := range outputs[mode] {
				if c.Program.Result(name) == nil {
					delete(outputs[mode], name) // stores differ, of course
				}
			}
		}
		for _, mode := range []string{"dfa", "shallow"} {
			if d := cmp.Diff(sections["bp"], sections[mode]); d != "" {
				t.Errorf("%s: forward sections differ (-bp +%s):\n%s", m.name, mode, d)
			}
			if d := cmp.Diff(outputs["bp"], outputs[mode]); d != "" {
				t.Errorf("%s: outputs differ (-bp +%s):\n%s", m.name, mode, d)
			}
		}
	}
}

// forwardSection returns the text of the forward section.
func forwardSection(g *graph.Graph) string {
	_, rest, _ := strings.Cut(g.String(), "  forward {\n")
	section, _, _ := strings.Cut(rest, "\n  }\n")
	return section
}

// TestObserve checks that observing changes no gradient.
func TestObserve(t *testing.T) {
	for _, m := range append(models(t), crossed()) {
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			o := passes.Options{Part: passes.Gradient}
			want := m.w.run(t, compile(t, m.def, mode, o).Program)
			o.Observe = true
			got := m.w.run(t, compile(t, m.def, mode, o).Program)
			for name, x := range want {
				if d := cmp.Diff(x, got[name]); d != "" {
					t.Errorf("%s, %s: %s differs when observed:\n%s", m.name, mode, name, d)
				}
			}
			for _, n := range m.def.Effects("feedback") {
				_, ok := got["cotangent/"+n.Str("point")]
				delivers := mode == "bp" || mode == "dfa" && n.Str("level") == "macro"
				if ok != delivers {
					t.Errorf("%s, %s: the cotangent at %s is observed: %v, want %v", m.name, mode, n.Str("point"), ok, delivers)
				}
			}
		}
	}
}

// TestRetype checks that a definition in f64 means what it means in f32.
func TestRetype(t *testing.T) {
	for _, m := range append(models(t), crossed()) {
		double := inF64(t, m.def)
		for _, n := range double.Nodes {
			for _, r := range n.Results {
				if r.Type.DType == graph.F32 {
					t.Errorf("%s: %v is left", m.name, r)
				}
			}
		}
		want := m.w.run(t, m.def)
		for name, x := range m.w.run(t, double) {
			for i := range x {
				if d := x[i] - want[name][i]; d > 1e-5 || d < -1e-5 { // a few roundings of f32 at values of about 1
					t.Errorf("%s: %s is %v, in f32 %v", m.name, name, x, want[name])
					break
				}
			}
		}
	}
}

// TestGivenRandom checks that a program whose draws are given is the program that draws them, and that draws which are not given
// are turned off.
func TestGivenRandom(t *testing.T) {
	m := convolution(t)
	g := graph.New("draws")
	g.Output("u", g.Add("random_uniform", graph.Attrs{"shape": graph.Dims("nodes", hiddenWidth), "stream": "conv1/dropout"}, g.Key())[0])
	m.w.values["random/conv1/dropout"] = m.w.run(t, g)["u"]
	run := func(o passes.Options) map[string][]float64 {
		o.Part, o.Verify = passes.Gradient, true
		return m.w.run(t, compile(t, m.def, "dfa", o).Program)
	}
	if d := cmp.Diff(run(passes.Options{}), run(passes.Options{GivenRandom: map[string]bool{"conv1/dropout": true}})); d != "" {
		t.Errorf("drawn and given differ (-drawn +given):\n%s", d)
	}
	off := run(passes.Options{GivenRandom: map[string]bool{}})
	if d := cmp.Diff(run(passes.Options{Evaluate: true}), off); d != "" {
		t.Errorf("in evaluation and with no draw given (-evaluation +none given):\n%s", d)
	}
	if cmp.Equal(off, run(passes.Options{})) {
		t.Error("dropout makes no difference")
	}
}

// TestDeterministic compiles again and again: the program's text must not depend on the order of a map.
func TestDeterministic(t *testing.T) {
	for _, m := range append(models(t), crossed()) {
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			o := passes.Options{Feedback: feedback.Options{Granularity: feedback.Micro}, Optimizer: passes.Optimizer{Rule: "adam", Beta1: 0.8, Beta2: 0.9, ClipNorm: 1}}
			first := compile(t, m.def, mode, o).Program.String()
			for range 5 {
				if d := cmp.Diff(first, compile(t, m.def, mode, o).Program.String()); d != "" {
					t.Fatalf("%s, %s (-first +again):\n%s", m.name, mode, d)
				}
			}
		}
	}
}
