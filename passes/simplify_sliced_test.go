package passes

import (
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// TestWantedColumns checks of which products only the columns that are read are made, and that these keep all bits, on the reference
// and on the native kernels: of narrow slices and of those that are not whole tiles too.
func TestWantedColumns(t *testing.T) {
	none := func(*graph.Graph, *graph.Value) {}
	for _, c := range []struct {
		name              string
		x, w              []any
		transA, transB    bool
		axis, start, size int
		between           func(g *graph.Graph, y *graph.Value) // of the product and the slice
		columns           int                                  // of the product that is left
	}{
		{"first", []any{7, 9}, []any{9, 70}, false, false, 1, 0, 43, none, 43},
		{"last", []any{7, 9}, []any{70, 9}, false, true, 1, 65, 5, none, 5},
		{"a single one", []any{9, 7}, []any{70, 9}, true, true, 1, 3, 1, none, 1},
		{"of a batch", []any{2, 7, 9}, []any{2, 70, 9}, false, true, 2, 3, 64, none, 64},
		{"rows", []any{7, 9}, []any{9, 70}, false, false, 0, 0, 4, none, 70},
		{"all are read too", []any{7, 9}, []any{9, 70}, false, false, 1, 0, 43, func(g *graph.Graph, y *graph.Value) { g.Output("all", y) }, 70},
		{"in another region", []any{7, 9}, []any{9, 70}, false, false, 1, 0, 43, func(g *graph.Graph, _ *graph.Value) {
			g.At(graph.Context{Phase: graph.Backward, Label: "low"})
		}, 70},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graph.New("p")
			x, w := g.Input("x", graph.F32, c.x...), g.Input("w", graph.F32, c.w...)
			g.At(graph.Context{Phase: graph.Backward, Label: "high"})
			y := graph.MatMulT(x, w, c.transA, c.transB)
			c.between(g, y)
			g.Output("part", g.Add("slice", graph.Attrs{"axis": c.axis, "start": c.start, "size": c.size}, y)[0])
			simple, err := simplify.Run(g, nil)
			if err != nil {
				t.Fatal(err)
			}
			if simple, err = dce.Run(simple, nil); err != nil {
				t.Fatal(err)
			}
			product := simple.Effects("matmul")[0].Results[0]
			if n := lengthOf(product, product.Type.Rank()-1); n != c.columns {
				t.Errorf("%d columns are made, want %d, in\n%v", n, c.columns, simple)
			}
			leaves := map[string]*buffer.Buffer{}
			for _, l := range g.Leaves("input") {
				shape, _ := l.Type.Shape(nil)
				b := buffer.New(graph.F32, shape...)
				for i := range b.F32 {
					b.F32[i] = float32(i*i%97) / 31
				}
				leaves[l.Node.Name()] = b
			}
			for _, kernels := range []native.Table{native.Reference(), native.Kernels()} {
				want, err := kernels.Interpret(g, nil, leaves)
				if err != nil {
					t.Fatal(err)
				}
				got, err := kernels.Interpret(simple, nil, leaves)
				if err != nil {
					t.Fatal(err)
				}
				for i, v := range want[g.Result("part")].F32 {
					if u := got[simple.Result("part")].F32[i]; u != v {
						t.Fatalf("element %d is %v, want %v", i, u, v)
					}
				}
			}
		})
	}
}
