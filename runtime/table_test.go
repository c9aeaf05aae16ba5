package runtime

import (
	"testing"

	"graft/graph"
	"graft/passes"
)

// tables is a classifier of two tables that are read at the same indices, and of a third, below a point.
func tables() *graph.Graph {
	g := graph.New("tables")
	index, y := g.Input("index", graph.I32, "batch", 5), g.Input("label", graph.I32, "batch")
	rows := func(name string, n, width int, index *graph.Value) *graph.Value {
		return g.Add("gather", nil, g.Param(name, "uniform(0.5)", n, width), index)[0]
	}
	first := graph.Sum(rows("first", 3000, 3, index), 1)
	second := graph.Reshape(rows("second", 3000, 7, index), "batch", 35)
	third := graph.Apply("tanh", rows("third", 1024, 20, y))
	low := graph.Feedback(graph.Apply("tanh", graph.MatMul(third, g.Param("low", "lecun_uniform", 20, 30))), graph.Point{Name: "low", Site: "logits", Micro: true})
	o := graph.Add(graph.Add(first, graph.MatMul(second, g.Param("deep", "lecun_uniform", 35, 3))), graph.MatMul(low, g.Param("high", "lecun_uniform", 30, 3)))
	g.Loss(graph.SoftmaxCrossEntropy(graph.ErrorSite(o, "logits"), y))
	return g
}

// TestTables trains with the gradients of tables dense and in rows, clipped and not. On the reference kernels all bits are the same,
// also the norm's, since it meets the rows in the order of the table. The native ones add up the norm in another order, in float64: of
// what that leaves after rounding nothing comes near 1e-5 of the largest element.
func TestTables(t *testing.T) {
	for _, rule := range []passes.Optimizer{
		{Rule: "adam", WeightDecay: 0.1}, {Rule: "adam", WeightDecay: 0.1, ClipNorm: 0.01},
		{Rule: "adamw", WeightDecay: 0.1, ClipNorm: 0.01}, {Rule: "radam", ClipNorm: 0.01},
	} {
		seen := trainApart(t, tables, "fuse-table", rule, graph.Binding{"batch": 300}, 1e-5)
		if op := map[string]string{"radam": "radam_rows"}[rule.Rule]; !seen["adam_rows"] && !seen[op] || !seen["merge_rows"] {
			t.Errorf("%v: no gradient is kept in rows", rule)
		}
	}
}
