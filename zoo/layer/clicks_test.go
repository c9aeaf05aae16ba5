package layer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
	"graft/zoo/layer"
)

// TestNormBlock shows what a block declares: the new running statistics are stored, and no gradient is part of them.
func TestNormBlock(t *testing.T) {
	g := graph.New("layers")
	layer.NormBlock(g.Input("x", graph.F32, "batch", 4), "b", 2, 0.5)
	want := []string{
		`%b/dense/weight = param {init=lecun_uniform} : f32[4, 2]`,
		`%b/dense/bias = param {init="uniform(0.5)"} : f32[2]`,
		`%0 = matmul %x, %b/dense/weight : f32[batch, 2]`,
		`%1 = add %0, %b/dense/bias : f32[batch, 2]`,
		`%b/norm/weight = param {init=ones} : f32[2]`,
		`%b/norm/bias = param : f32[2]`,
		`%b/norm/running_mean = state : f32[2]`,
		`%b/norm/running_var = state {init=ones} : f32[2]`,
		`%2, %3, %4, %5, %6 = batch_norm %1, %b/norm/weight, %b/norm/bias, %b/norm/running_mean, %b/norm/running_var : f32[batch, 2], f32[2], f32[2], f32[2], f32[2]`,
		`store "b/norm/running_mean" %5`,
		`store "b/norm/running_var" %6`,
		`%7 = relu %2 : f32[batch, 2]`,
		`%8 = key %seed, %step : i32[2]`,
		`%9 = dropout %7, %8 {rate=0.5, stream="b/dropout"} : f32[batch, 2]`,
	}
	if d := cmp.Diff(want, lines(t, g)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestFieldMistakes checks that mistakes name the layer and the line that calls it.
func TestFieldMistakes(t *testing.T) {
	for want, build := range map[string]func(g *graph.Graph){
		`batch norm "n"`: func(g *graph.Graph) { layer.BatchNorm(g.Input("x", graph.F32, "batch", "wide"), "n") },
		`dense "d"`:      func(g *graph.Graph) { layer.DenseFields(g.Input("x", graph.F32, "batch", 4), "d", 2) },
		`attention "a"`:  func(g *graph.Graph) { layer.FieldAttention(g.Input("x", graph.F32, "batch", 3, 4), "a", 3, 0) },
		"gathered by i32": func(g *graph.Graph) {
			layer.Embedding(g.Input("x", graph.F32, "batch", 3), "e", "normal(1)", 9, 2)
		},
	} {
		g := graph.New("mistake")
		build(g)
		if err := g.Err(); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "layer/clicks_test.go:") {
			t.Errorf("error %v, want one at a line of this test that says %q", err, want)
		}
	}
}
