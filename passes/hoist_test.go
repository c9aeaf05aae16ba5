package passes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
	"graft/passes"
	"graft/zoo/geometric"
)

// TestHoistKeepsBits runs steps and predictions with and without hoisting.
func TestHoistKeepsBits(t *testing.T) {
	for _, m := range graphNetworks(t) {
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			step := compile(t, m.def, mode, passes.Options{})
			for _, part := range []string{passes.Step, passes.Predict} {
				plain := compile(t, m.def, mode, passes.Options{Part: part})
				o := passes.Options{Part: part, FixedInputs: true, Frozen: step.Report.Frozen, Verify: true, ShuffleSeed: 5}
				hoisted := compile(t, m.def, mode, o)
				if d := cmp.Diff(m.w.run(t, plain.Program), m.w.run(t, hoisted.Program)); d != "" {
					t.Errorf("%s, %s, %s (-plain +hoisted):\n%s", m.name, mode, part, d)
				}
			}
		}
	}
}

// TestHoistFrozenLayers: without dropout all aggregations of a shallow network stay the same, in the step and in predictions. Where they
// are trained, or draw masks, none does.
func TestHoistFrozenLayers(t *testing.T) {
	o := geometric.DNAOptions{Features: 7, Hidden: 4, Layers: 2, Heads: 2, Groups: 2, Classes: 3}
	dropping := o
	dropping.Dropout = 0.3
	for _, c := range []struct {
		mode, part    string
		o             geometric.DNAOptions
		once, forward int
	}{
		{"shallow", passes.Step, o, 2, 0}, {"shallow", passes.Predict, o, 2, 0},
		{"shallow", passes.Step, dropping, 0, 2}, {"shallow", passes.Predict, dropping, 2, 0},
		{"dfa", passes.Step, o, 0, 2}, {"dfa", passes.Predict, o, 0, 2}, {"bp", passes.Step, o, 0, 2},
	} {
		def := geometric.DNA(c.o, false)
		frozen := compile(t, def, c.mode, passes.Options{}).Report.Frozen
		p := compile(t, def, c.mode, passes.Options{Part: c.part, FixedInputs: true, Frozen: frozen}).Program
		count := map[graph.Phase]int{}
		for _, n := range p.Effects("history_attention") {
			count[n.Phase]++
		}
		if count[graph.Once] != c.once || count[graph.Forward] != c.forward {
			t.Errorf("%s %s, dropout %v: %d aggregations run once and %d forward, want %d and %d", c.mode, c.part, c.o.Dropout, count[graph.Once], count[graph.Forward], c.once, c.forward)
		}
	}
}
