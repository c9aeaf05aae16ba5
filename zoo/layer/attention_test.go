package layer_test

import (
	"strings"
	"testing"

	"graft/graph"
	"graft/zoo/layer"
)

// TestSequenceMistakes checks that mistakes in the layers of sequence models name the layer and the line that calls it.
func TestSequenceMistakes(t *testing.T) {
	same := func(h *graph.Value) *graph.Value { return h }
	for name, c := range map[string]struct {
		build func(x, flat *graph.Value)
		want  string
	}{
		"attention of a matrix": {func(_, flat *graph.Value) { layer.CausalAttention(flat, "a", 2, 0) }, `attention "a"`},
		"heads":                 {func(x, _ *graph.Value) { layer.CausalAttention(x, "a", 5, 0) }, "5 heads"},
		"no heads":              {func(x, _ *graph.Value) { layer.Synthesizer{}.Random(x, "a") }, "0 heads"},
		"dense heads":           {func(x, _ *graph.Value) { layer.Synthesizer{Heads: 5}.Dense(x, "a") }, "5 heads"},
		"fixed heads":           {func(_, flat *graph.Value) { layer.FixedAttention(flat, "a") }, "4 heads"},
		"dropout":               {func(x, _ *graph.Value) { layer.CausalAttention(x, "a", 2, 1) }, "rate=1"},
		"unknown length": {func(x, _ *graph.Value) {
			layer.Synthesizer{Heads: 2}.Random(x.Graph().Input("y", graph.F32, "batch", "time", 8), "a")
		}, `synthesizer "a"`},
		"positions of a matrix": {func(_, flat *graph.Value) { layer.Positions(flat) }, "[batch, time, width]"},
		"affine of a vector":    {func(x, _ *graph.Value) { layer.Affine(x.Graph().Input("y", graph.F32, 3), "l", 2, "zeros", "zeros") }, `affine layer "l"`},
		"norm of a vector":      {func(x, _ *graph.Value) { layer.LayerNorm(x.Graph().Input("y", graph.F32, 3), "n") }, `layer norm "n"`},
		"feed-forward": {func(x, _ *graph.Value) {
			layer.FeedForward(x.Graph().Input("y", graph.F32, "batch", "wide"), "f", 4, 0, same)
		}, `feed-forward network "f"`},
	} {
		g := graph.New("mistake")
		c.build(g.Input("x", graph.F32, "batch", 3, 8), g.Input("flat", graph.F32, "batch", 8))
		err := g.Err()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "layer/attention_test.go:") {
			t.Errorf("%s: error %v, want one at a line of this test that says %q", name, err, c.want)
		}
	}
}
