package passes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
	"graft/passes"
)

// sliced is a definition that slices up a packed projection of six columns, or its transpose, and reads each slice in another way.
// Where whole is set, it reads all of it first.
func sliced(slices [][2]int, axis int, whole bool) *graph.Graph {
	g := graph.New("sliced")
	packed := graph.MatMul(g.Input("x", graph.F32, 4, 3), g.Param("w", "zeros", 3, 6))
	packed = graph.Apply("tanh", packed)
	if axis == 0 {
		packed = g.Add("transpose", graph.Attrs{"perm": []int{1, 0}}, packed)[0]
	}
	var loss *graph.Value
	if whole {
		loss = graph.Mean(graph.Apply("square", packed), 0, 1)
	}
	for i, s := range slices {
		part := g.Add("slice", graph.Attrs{"axis": axis, "start": s[0], "size": s[1]}, packed)[0]
		term := graph.Mean(graph.Apply([]string{"sigmoid", "exp", "square"}[i%3], part), 0, 1)
		if loss != nil {
			term = graph.Add(loss, term)
		}
		loss = term
	}
	g.Loss(loss)
	return g
}

// TestTiles checks which sums of padded gradients become a concatenation: those whose terms tile them, in whatever order. Results
// stay as they are, to the bit.
func TestTiles(t *testing.T) {
	for _, c := range []struct {
		name   string
		slices [][2]int // start and size
		axis   int
		whole  bool
		concat bool
		pads   int // that are left
	}{
		{"three", [][2]int{{0, 1}, {1, 3}, {4, 2}}, 1, false, true, 0},
		{"three along the rows", [][2]int{{0, 1}, {1, 3}, {4, 2}}, 0, false, true, 0},
		{"in another order", [][2]int{{4, 2}, {0, 1}, {1, 3}}, 1, false, true, 0},
		{"another use, then two", [][2]int{{0, 2}, {2, 4}}, 1, true, false, 2}, // (use + pad) + pad
		{"a gap", [][2]int{{0, 1}, {4, 2}}, 1, false, false, 2},
		{"none at the end", [][2]int{{0, 2}, {2, 2}}, 1, false, false, 2},
		{"none at the start", [][2]int{{1, 2}, {3, 3}}, 1, false, false, 2},
		{"an overlap", [][2]int{{0, 4}, {3, 3}}, 1, false, false, 2},
		{"as long as the axis, but twice the same", [][2]int{{0, 3}, {0, 3}}, 1, false, false, 2},
		{"one for each element, then another use", [][2]int{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {0, 6}}, 1, false, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(graph.Binding{})
			w.values["lr"] = []float64{0.1}
			var before *graph.Graph
			program := compile(t, sliced(c.slices, c.axis, c.whole), "bp", passes.Options{
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
			if n := len(program.Effects("concat")); (n == 1) != c.concat {
				t.Errorf("%d concatenations in\n%v", n, program)
			}
			if n := len(program.Effects("pad")); n != c.pads {
				t.Errorf("%d pads are left, want %d, in\n%v", n, c.pads, program)
			}
		})
	}
}

// TestTilesOfManyTerms doubles a padded value more often than its terms could be listed.
func TestTilesOfManyTerms(t *testing.T) {
	g := graph.New("doubled")
	v := g.Add("pad", graph.Attrs{"axis": 1, "after": 100}, graph.MatMul(g.Input("x", graph.F32, 2, 3), g.Param("w", "zeros", 3, 1)))[0]
	for range 60 {
		v = graph.Add(v, v)
	}
	g.Loss(graph.Mean(v, 0, 1))
	if n := len(compile(t, g, "bp", passes.Options{}).Program.Effects("concat")); n != 0 {
		t.Errorf("%d concatenations", n)
	}
}
