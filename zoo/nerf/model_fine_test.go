package nerf_test

import (
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/zoo/nerf"
)

// TestFine checks that the fine network alone is that of the whole model: the same parameters, points and matrix.
func TestFine(t *testing.T) {
	o := nerf.Options{Width: 8, FineWidth: 12, Samples: 3, Fine: 2, White: true, Near: 2, Far: 6}
	for _, original := range []bool{false, true} {
		whole, fine := nerf.NeRF(o, original), nerf.Fine(o, original)
		for _, g := range []*graph.Graph{whole, fine} {
			if err := g.Err(); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := described(fine, ""), described(whole, "fine/"); got != want || got == "" {
			t.Errorf("original %v: the fine network has\n%s\nthat of the model\n%s", original, got, want)
		}
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			pipeline, err := passes.Mode(mode)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := passes.Compile(fine, pipeline, passes.Options{Verify: true, Optimizer: passes.Optimizer{Rule: "adam"}}); err != nil {
				t.Errorf("%s: %v", mode, err)
			}
		}
	}
}

// described lists the parameters and points whose names begin with prefix.
func described(g *graph.Graph, prefix string) string {
	var out []string
	for _, n := range g.Nodes {
		switch {
		case n.Op.Name == "param" && strings.HasPrefix(n.Name(), prefix):
			out = append(out, n.Results[0].String()+" "+n.Str("init"))
		case n.Op.Name == "feedback" && strings.HasPrefix(n.Str("point"), prefix):
			out = append(out, "point "+n.Str("point"))
		}
	}
	return strings.Join(out, "\n")
}
