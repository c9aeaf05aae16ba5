package passes_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
	"graft/passes"
)

// TestSlicedProducts checks which gradients of a concatenation are made part by part: those that a product with weights alone makes,
// whichever way the weights lie and whether or not all parts are wanted. Results stay as they are, to the bit.
func TestSlicedProducts(t *testing.T) {
	for _, c := range []struct {
		name         string
		transposed   bool // the weights
		given, again bool // an input is concatenated too; the concatenation is read once more
		columns      []int
	}{
		{name: "two", columns: []int{2, 5}},
		{name: "two, of transposed weights", transposed: true, columns: []int{2, 5}},
		{name: "two of three", given: true, columns: []int{2, 5}},
		{name: "a sum", again: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graph.New("joined")
			x, width := g.Input("x", graph.F32, 4, 3), 7
			parts := []*graph.Value{
				graph.Apply("tanh", graph.MatMul(x, g.Param("a", "zeros", 3, 2))), graph.Apply("sigmoid", graph.MatMul(x, g.Param("b", "zeros", 3, 5)))}
			if c.given {
				parts, width = slices.Insert(parts, 1, x), 10
			}
			h := g.Add("concat", graph.Attrs{"axis": 1}, parts...)[0]
			var o *graph.Value
			if c.transposed {
				o = graph.MatMulT(h, g.Param("w", "zeros", 6, width), false, true)
			} else {
				o = graph.MatMul(h, g.Param("w", "zeros", width, 6))
			}
			loss := graph.Mean(graph.Apply("square", o), 0, 1)
			if c.again {
				loss = graph.Add(loss, graph.Mean(graph.Apply("square", h), 0, 1))
			}
			g.Loss(loss)
			w := newWorld(graph.Binding{})
			w.values["lr"] = []float64{0.1}
			var before *graph.Graph
			program := compile(t, g, "bp", passes.Options{
				Part: passes.Gradient, Verify: true,
				Trace: func(p passes.Pass, g *graph.Graph) {
					if p.Name == "differentiate" {
						before = g
					}
				},
			}).Program
			if d := cmp.Diff(w.run(t, before), w.run(t, program)); d != "" {
				t.Errorf("simplify changes results (-before +after):\n%s", d)
			}
			var columns []int
			for _, n := range program.Effects("slice") {
				if n.Args[0].Is("param") {
					columns = append(columns, n.Int("size"))
				}
			}
			slices.Sort(columns)
			if !slices.Equal(columns, c.columns) {
				t.Errorf("weights are sliced to %v columns, want %v, in\n%v", columns, c.columns, program)
			}
		})
	}
}
