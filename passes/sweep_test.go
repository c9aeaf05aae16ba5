package passes

import (
	"testing"

	"graft/graph"
)

// TestSweep holds the sweeps that are found in the programs of testdata/sweep. They change no node.
func TestSweep(t *testing.T) {
	holdFusion(t, sweep, "testdata/sweep", func(from string, g, swept *graph.Graph) {
		if a, b := flops(g), flops(swept); a != b || len(g.Nodes) != len(swept.Nodes) {
			t.Errorf("%s: %d nodes of %s FLOPs, swept %d of %s", from, len(g.Nodes), a, len(swept.Nodes), b)
		}
		var before, after graph.Cost
		for _, c := range phaseCosts(g) {
			before = before.Plus(c.Bytes)
		}
		for _, c := range phaseCosts(swept) {
			after = after.Plus(c.Bytes)
		}
		if found := len(swept.Sweeps()) > 0; !after.AtMost(1, before) || found == before.AtMost(1, after) {
			t.Errorf("%s: %v bytes, swept %v", from, before, after)
		}
		if err := graph.Verify(swept, graph.Planned); err != nil {
			t.Errorf("%s: %v", from, err)
		}
	})
}
