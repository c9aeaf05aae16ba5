package layer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
	"graft/zoo/layer"
)

// lines returns the text of a definition's nodes behind its inputs.
func lines(t *testing.T, g *graph.Graph) []string {
	t.Helper()
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	var out []string
	names := graph.Names(g)
	for _, n := range g.Nodes {
		if n.Op.Name != "input" {
			out = append(out, graph.FormatNode(n, names))
		}
	}
	return out
}

// TestLayers shows what each layer builds: its parameters with their initial distributions, and its nodes.
func TestLayers(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(g *graph.Graph)
		want  []string
	}{
		{"dense", func(g *graph.Graph) { layer.Dense(g.Input("x", graph.F32, "batch", 16), "d", 4) }, []string{
			`%d/weight = param {init=lecun_uniform} : f32[16, 4]`,
			`%d/bias = param {init="uniform(0.25)"} : f32[4]`,
			`%0 = matmul %x, %d/weight : f32[batch, 4]`,
			`%1 = add %0, %d/bias : f32[batch, 4]`,
		}},
		{"graph convolution", func(g *graph.Graph) {
			p, e := g.Sparse("P", "nodes", "nodes", "links")
			layer.GraphConv(layer.Sparse{Pattern: p, Entries: e}, layer.Full{Value: g.Input("x", graph.F32, "nodes", 8)}, "c", 3)
		}, []string{
			`%c/weight = param {init=glorot_uniform} : f32[8, 3]`,
			`%0 = matmul %x, %c/weight : f32[nodes, 3]`,
			`%1 = spmm %P, %P/entries, %0 : f32[nodes, 3]`,
			`%c/bias = param : f32[3]`,
			`%2 = add %1, %c/bias : f32[nodes, 3]`,
		}},
		{"graph convolution of sparse features", func(g *graph.Graph) {
			p, e := g.Sparse("P", "nodes", "nodes", "links")
			x, words := g.Sparse("x", "nodes", 8, "words")
			layer.GraphConv(layer.Sparse{Pattern: p, Entries: e}, layer.Sparse{Pattern: x, Entries: words}, "c", 3)
		}, []string{
			`%c/weight = param {init=glorot_uniform} : f32[8, 3]`,
			`%0 = spmm %x, %x/entries, %c/weight : f32[nodes, 3]`,
			`%1 = spmm %P, %P/entries, %0 : f32[nodes, 3]`,
			`%c/bias = param : f32[3]`,
			`%2 = add %1, %c/bias : f32[nodes, 3]`,
		}},
		{"hits", func(g *graph.Graph) {
			layer.Hits(g.Input("logits", graph.F32, "batch", 3), g.Input("label", graph.I32, "batch"))
		}, []string{
			`%0 = argmax %logits : i32[batch]`,
			`%1 = equal %0, %label : bool[batch]`,
			`%2 = cast %1 {dtype=f32} : f32[batch]`,
		}},
	} {
		g := graph.New("layers")
		c.build(g)
		if d := cmp.Diff(c.want, lines(t, g)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// TestMistakes checks that a layer's mistakes name the layer and the line that calls it, not lines inside of it.
func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		build func(g *graph.Graph)
		want  string
	}{
		"rank":          {func(g *graph.Graph) { layer.Dense(g.Input("x", graph.F32, "batch"), "d", 4) }, `dense "d"`},
		"unknown width": {func(g *graph.Graph) { layer.Dense(g.Input("x", graph.F32, "batch", "wide"), "d", 4) }, `dense "d"`},
		"no width":      {func(g *graph.Graph) { layer.Dense(g.Input("x", graph.F32, "batch", 3), "d", 0) }, `"d/weight"`},
		"taken name": {func(g *graph.Graph) {
			layer.Dense(layer.Dense(g.Input("x", graph.F32, "batch", 3), "d", 3), "d", 3)
		}, `"d/weight" is taken`},
		"nodes": {func(g *graph.Graph) {
			p, e := g.Sparse("P", "nodes", "nodes", "links")
			layer.GraphConv(layer.Sparse{Pattern: p, Entries: e}, layer.Full{Value: g.Input("x", graph.F32, "others", 8)}, "c", 3)
		}, "to be multiplied by"},
		"dense features": {func(g *graph.Graph) {
			p, e := g.Sparse("P", "nodes", "nodes", "links")
			x := g.Input("x", graph.F32, "nodes", 8)
			layer.GraphConv(layer.Sparse{Pattern: p, Entries: e}, layer.Sparse{Pattern: x, Entries: x}, "c", 3)
		}, `graph convolution "c"`},
		"spline features": {func(g *graph.Graph) {
			s := layer.Sparse{Pattern: g.Input("s", graph.F32, "nodes"), Entries: g.Input("e", graph.F32, "nodes")}
			layer.SplineConv([2]layer.Sparse{s, s}, layer.Full{Value: g.Input("x", graph.F32, "nodes", "wide")}, "c", 3)
		}, `spline convolution "c"`},
		"no pattern": {func(g *graph.Graph) {
			x := g.Input("x", graph.F32, "nodes", 8)
			layer.GATConv(x, layer.Full{Value: x}, "c", layer.Attention{Heads: 1, Width: 3})
		}, `graph attention "c"`},
		"heads": {func(g *graph.Graph) {
			p, e := g.Sparse("P", "nodes", "nodes", "links")
			layer.DNAConv(layer.Sparse{Pattern: p, Entries: e}, []*graph.Value{g.Input("x", graph.F32, "nodes", 8)}, "c", layer.Jumps{Heads: 3, Groups: 2})
		}, `3 heads and 2 groups must both divide the width 8`},
		"unknown features": {func(g *graph.Graph) {
			p, e := g.Sparse("P", "nodes", "nodes", "links")
			layer.GraphConv(layer.Sparse{Pattern: p, Entries: e}, layer.Sparse{Pattern: p, Entries: e}, "c", 3)
		}, `graph convolution "c"`},
	} {
		g := graph.New("mistake")
		c.build(g)
		err := g.Err()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "layer/layer_test.go:") {
			t.Errorf("%s: error %v, want one at a line of this test that says %q", name, err, c.want)
		}
	}
}
