package native

import (
	"fmt"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// generatedCases has the projections by generated matrices with errors of one block and of several, with a rest and without, of none,
// with so many rows and terms that the inner dimension is cut, and matrices of one column, of more than a block's, and of a number
// of columns that is no multiple of a vector's.
func generatedCases() []testCase {
	var cs []testCase
	for _, s := range [][3]int{
		{13, 33, 20}, {1, 70, 3}, {7, 1, 9}, {2, 3, 0}, {0, breadth + 8, 5}, {520, 300, 30}, {700, 1, 600}, {5, 18, 2*depth + 3}, {30, breadth + 64, 2 * depth},
		{21, 2*breadth + 5, depth + 1}, {130, 520, 400}, {30, 40, 8000},
	} {
		for _, dist := range []string{"uniform", "rademacher"} {
			for i, act := range append([]string{""}, acts[5:]...) {
				if i > 1 && (dist == "rademacher" || s[0]*s[1]*s[2] > 1<<20) {
					continue
				}
				attrs := graph.Attrs{"columns": s[1], "stream": "b", "dist": dist, "scale": 0.25}
				tc := testCase{"project_generated", attrs, []operand{normals(s[0], s[2]), integer(9)}}
				if act != "" {
					attrs["act"], attrs["alpha"] = act, 0.5
					tc.op, tc.args = "fused_project_generated", append(tc.args, resultOf(act, s[0], s[1]))
				}
				cs = append(cs, tc)
			}
		}
	}
	return cs
}

// TestGeneratedBits compares projections by generated matrices with those by the same matrices in memory, to the bit: on the reference
// kernels in both dtypes, and on every family in f32, with the parts in any order.
func TestGeneratedBits(t *testing.T) {
	for name, table := range everyTable() {
		for _, tc := range generatedCases() {
			for _, dt := range []graph.DType{graph.F32, graph.F64} {
				c, reverse := tc.call(t, dt), tc.call(t, dt)
				mustRun(t, tc, table, c)
				if c.In[0].Len() == 0 { // a definition has no such sizes
					continue
				}
				if err := sameBits(c.Out, withStored(t, table, c)); err != nil {
					t.Errorf("%s, %v, %v: generated and in memory: %v", name, dt, tc, err)
				}
				k, parts := prepared(t, table, reverse)
				for p := range parts {
					_ = k.Run(reverse, parts-1-p, parts)
				}
				if err := sameBits(c.Out, reverse.Out); err != nil {
					t.Errorf("%s, %v, %v: in order and in reverse: %v", name, dt, tc, err)
				}
			}
		}
	}
}

// everyTable returns the reference kernels and those of every family.
func everyTable() map[string]Table {
	tables := map[string]Table{"reference": Reference()}
	for _, f := range families() {
		tables[f.name] = kernelsOf(f)
	}
	return tables
}

// withStored runs the ops that a projection by a generated matrix stands for, with the matrix in memory.
func withStored(t *testing.T, table Table, c *Call) []*buffer.Buffer {
	t.Helper()
	g, leaves, n := graph.New("stored"), map[string]*buffer.Buffer{}, c.Node
	leaf := func(i int) *graph.Value {
		name, dims := fmt.Sprint("x", i), []any{}
		for _, d := range c.In[i].Shape {
			dims = append(dims, d)
		}
		leaves[name] = c.In[i]
		return g.Input(name, c.In[i].DType, dims...)
	}
	attrs := graph.Attrs{"shape": dims(c.In[0].Shape[1], n.Int("columns")), "stream": n.Str("stream"), "dist": n.Str("dist"), "dtype": c.In[0].DType.String()}
	args := []*graph.Value{leaf(0), g.Add("feedback_matrix", attrs, leaf(1))[0]}
	op, attrs := "project", graph.Attrs{"scale": n.Float("scale")}
	if len(c.In) > 2 {
		op, attrs["act"], attrs["alpha"], args = "fused_project", n.Str("act"), n.Float("alpha"), append(args, leaf(2))
	}
	v := g.Add(op, attrs, args...)[0]
	values, err := table.Interpret(g, nil, leaves)
	if err != nil {
		t.Fatal(err)
	}
	return []*buffer.Buffer{values[v]}
}

// BenchmarkProjection compares projections by a matrix in memory and by a generated one: of a wide error, where the matrix takes 65 MB,
// and of a classifier's.
func BenchmarkProjection(b *testing.B) {
	for _, s := range [][3]int{{512, 512, 32000}, {128, 512, 10}} {
		m, n, k := s[0], s[1], s[2]
		for _, dist := range []string{"in memory", "uniform", "rademacher"} {
			tc := testCase{"project", nil, []operand{normals(m, k), normals(k, n)}}
			if dist != "in memory" {
				tc = testCase{"project_generated", graph.Attrs{"columns": n, "stream": "b", "dist": dist}, []operand{normals(m, k), integer(9)}}
			}
			b.Run(fmt.Sprint(s, " ", dist), func(b *testing.B) {
				c := tc.call(b, graph.F32)
				kernel, parts := prepared(b, Kernels(), c)
				for b.Loop() {
					for p := range parts {
						if err := kernel.Run(c, p, parts); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}
