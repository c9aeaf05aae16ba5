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
		if err := graph.Verify(swept, graph.Planned); err != nil {
			t.Errorf("%s: %v", from, err)
		}
	})
}
