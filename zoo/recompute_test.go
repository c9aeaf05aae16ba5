package zoo_test

import (
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/zoo/entry"
)

// TestRecompute trains every entry for three steps with and without recomputation, with one worker and with two: all that is stored
// has the same bits. For models that keep much, the planned memory must fall.
func TestRecompute(t *testing.T) {
	falls := map[string]string{"transformer": "bp", "nerf": "bp", "dcn": "dfa", "gat": "bp"} // in these modes
	eachEntry(t, func(t *testing.T, e entry.Entry, def *graph.Graph) {
		w := newWorld(t, def, manySizes(e.Name))
		pool := runtime.NewPool(2)
		defer pool.Close()
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			o := passes.Options{Outputs: []string{}, Optimizer: e.Recipe(mode, variantsOf(e)[0]).Optimizer, Feedback: feedback.Options{Granularity: feedback.Micro}}
			kept := load(t, w, compile(t, def, mode, o).Program, runtime.Options{})
			before := kept.state.Clone()
			kept.steps(t, 3)
			o.Recompute.FLOPsPerByte, o.Verify = passes.CheapFLOPsPerByte, true
			c := compile(t, def, mode, o)
			for _, p := range []*runtime.Pool{nil, pool} {
				again := load(t, w, c.Program, runtime.Options{Pool: p})
				again.steps(t, 3)
				moved := false
				for _, name := range kept.state.Names() {
					moved = moved || !same(before.Buffer(name), kept.state.Buffer(name))
					if !same(kept.state.Buffer(name), again.state.Buffer(name)) {
						t.Errorf("mode %s: %s differs with recomputation", mode, name)
					}
				}
				if !moved {
					t.Errorf("mode %s: nothing has been trained", mode)
				}
				was, is := kept.Report().PeakBytes, again.Report().PeakBytes
				t.Logf("mode %s: %d values, planned peak %d -> %d bytes", mode, c.Report.Recomputed.Values, was, is)
				if falls[e.Name] == mode && is >= was {
					t.Errorf("mode %s: planned peak %d bytes with recomputation, %d without", mode, is, was)
				}
			}
		}
	})
}
