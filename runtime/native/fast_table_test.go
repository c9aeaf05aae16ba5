package native

import (
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// TestRowsOfTables checks that the update of a table by rows has the bits of scatter_add and the update of all elements: in every
// family, for tables of more rows than a block has, of rows longer than a block, in place, and with rows that occur often or never.
func TestRowsOfTables(t *testing.T) {
	for _, f := range families() {
		table := kernelsOf(f)
		for _, s := range [][3]int{{1, 1, 3}, {5000, 10, 900}, {30, 5000, 100}, {90000, 1, 4000}, {20, 16, 5000}} {
			rows, n, count := s[0], s[1], s[2]
			w, m, v, x := normals(rows, n), normals(rows, n), between(0, 1, rows, n), normals(count, n)
			rest := []operand{constant(0.1), integer(7), labels(rows, count)}
			for _, op := range []string{"adam", "radam"} {
				attrs := graph.Attrs{"weight_decay": 0.1}
				got := testCase{op + "_rows", attrs, append([]operand{w, m, v, x}, rest...)}.call(t, graph.F32)
				g := bound(t, "scatter_add", attrsOf("scatter_add", graph.Attrs{"rows": dims(rows)}), []*buffer.Buffer{got.In[3], got.In[6]})
				mustRun(t, testCase{op: "scatter_add"}, table, g)
				want := bound(t, op, attrsOf(op, attrs), append(append(clone(got.In[:3]), g.Out[0]), got.In[4:6]...))
				mustRun(t, testCase{op: op}, table, want)
				got.Out = got.In[:3]
				mustRun(t, testCase{op: op + "_rows"}, table, got)
				if err := sameBits(want.Out, got.Out); err != nil {
					t.Errorf("%s, %s of %v: %v", f.name, op, s, err)
				}
			}
		}
	}
}
