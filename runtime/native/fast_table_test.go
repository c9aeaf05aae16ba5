package native

import (
	"slices"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// TestRowsOfTables checks that the update of a table by merged rows has the bits of scatter_add and the update of all elements, clipped
// after a multiplication of its own: in every family, for tables of more rows than a block has, of rows longer than a block, in place, and with rows that occur often or never.
func TestRowsOfTables(t *testing.T) {
	for _, f := range families() {
		table := kernelsOf(f)
		for _, s := range [][3]int{{1, 1, 3}, {5000, 10, 900}, {30, 5000, 100}, {90000, 1, 4000}, {20, 16, 5000}} {
			rows, n, count := s[0], s[1], s[2]
			w, m, v, x := normals(rows, n), normals(rows, n), between(0, 1, rows, n), normals(count, n)
			// in[6] is not sorted: the gradient is yet to be merged.
			in := testCase{"adam_rows", nil, []operand{w, m, v, x, constant(0.1), integer(7), labels(rows, count)}}.call(t, graph.F32).In
			run := func(op string, attrs graph.Attrs, in ...*buffer.Buffer) []*buffer.Buffer {
				c := bound(t, op, attrsOf(op, attrs), in)
				mustRun(t, testCase{op: op}, table, c)
				return c.Out
			}
			factor := buffer.New(graph.F32)
			factor.F32[0] = 0.3
			order := run("sort_index", graph.Attrs{"rows": rows}, in[6])
			merged := run("merge_rows", graph.Attrs{"axes": 1}, in[3], order[0], order[1])
			dense := run("scatter_add", graph.Attrs{"rows": dims(rows)}, in[3], in[6])
			scaled := run("mul", nil, dense[0], factor)
			for _, op := range []string{"adam", "radam"} {
				attrs, clipped := graph.Attrs{"weight_decay": 0.1}, graph.Attrs{"weight_decay": 0.1, "clipped": true}
				for _, c := range []struct {
					gradient *buffer.Buffer
					attrs    graph.Attrs
					factor   []*buffer.Buffer
				}{{dense[0], attrs, nil}, {scaled[0], clipped, []*buffer.Buffer{factor}}} {
					want := run(op, attrs, slices.Concat(in[:3], []*buffer.Buffer{c.gradient}, in[4:6])...)
					place := clone(in[:3])
					got := bound(t, op+"_rows", attrsOf(op+"_rows", c.attrs), slices.Concat(place, merged, in[4:6], order[:1], c.factor))
					got.Out = place
					mustRun(t, testCase{op: op + "_rows"}, table, got)
					if err := sameBits(want, got.Out); err != nil {
						t.Errorf("%s, %s of %v %v: %v", f.name, op, s, c.attrs, err)
					}
				}
			}
		}
	}
}
