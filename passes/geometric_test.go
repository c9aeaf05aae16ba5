package passes_test

import (
	"fmt"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/runtime/buffer"
	"graft/zoo/geometric"
)

// graphNetworks are the zoo's graph networks, tiny and with dropout on, on a small random graph whose operators are not symmetric.
func graphNetworks(t *testing.T) []model {
	world := func(operators ...string) *world {
		w := newWorld(graph.Binding{"nodes": nodes})
		w.sparse(t, "x", "words", nodes, 7)
		w.sparse(t, "propagation", "links", nodes, nodes)
		for _, name := range operators {
			w.sparse(t, name, "edges", nodes, nodes)
		}
		w.values["label"] = []float64{0, 2, 1, 2, 0, 1}
		w.values["mask"] = []float64{1, 0, 1, 1, 0, 0}
		w.values["seed"], w.values["step"], w.values["lr"] = []float64{7}, []float64{3}, []float64{0.1}
		return w
	}
	dna := geometric.DNAOptions{Features: 7, Hidden: 4, Layers: 2, Heads: 2, Groups: 2, Classes: classes, Dropout: 0.3, Attention: 0.2}
	pairs := world()
	pairs.pattern(t, "positive", "positives", [][2]int32{{0, 1}, {1, 0}, {2, 5}, {5, 2}, {3, 4}})
	pairs.pattern(t, "negative", "negatives", [][2]int32{{0, 2}, {4, 1}, {5, 5}})
	return []model{
		{"cheb", geometric.Cheb(geometric.ChebOptions{Features: 7, Hidden: hiddenWidth, Classes: classes, Dropout: 0.3}), world("laplacian")},
		{"spline", geometric.Spline(geometric.SplineOptions{Features: 7, Hidden: hiddenWidth, Classes: classes, Dropout: 0.3}), world("spline0", "spline1")},
		{"gat", geometric.GAT(geometric.GATOptions{
			Features: 7, Hidden: 3, Heads: 2, Classes: classes, Dropout: 0.1, Attention: 0.3, Output: 0.2,
		}), world()},
		{"dna", geometric.DNA(dna, false), world()},
		{"dna at log-probabilities", geometric.DNA(dna, true), world()},
		{"gae", geometric.GAE(geometric.GAEOptions{Features: 7, Hidden: hiddenWidth, Latent: 4}), pairs},
	}
}

// pattern gives a square pattern leaf over the nodes.
func (w *world) pattern(t *testing.T, name, nnz string, places [][2]int32) {
	t.Helper()
	row, col := make([]int32, len(places)), make([]int32, len(places))
	for k, p := range places {
		row[k], col[k] = p[0], p[1]
	}
	p, _, err := buffer.NewPattern(nodes, nodes, row, col)
	if err != nil {
		t.Fatal(err)
	}
	w.patterns[name], w.sizes[nnz] = p, p.NNZ()
}

// TestGraphNetworks compares the gradients of the graph networks with central differences: bp's of the loss, dfa's of the surrogate.
func TestGraphNetworks(t *testing.T) {
	for _, m := range graphNetworks(t) {
		t.Run(m.name, func(t *testing.T) {
			checkGradient(t, m.name, m.def, m.w)
			for _, o := range []feedback.Options{{}, {Given: true}, {Sharing: feedback.Independent, Dist: "normal"}, {Route: 1}} {
				t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) { checkDelivered(t, m, o) })
			}
		})
	}
}
