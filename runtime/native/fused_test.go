package native

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// TestFusedFamilies runs fused products, and gradients of dense layers, on every family: conformance, parts in reverse, in the place of z, and no allocation.
func TestFusedFamilies(t *testing.T) {
	for _, f := range families() {
		table := kernelsOf(f)
		for _, tc := range slices.Concat(fusedCases(), denseCases()) {
			got, reverse, want := tc.call(t, graph.F32), tc.call(t, graph.F32), tc.call(t, graph.F64)
			mustRun(t, tc, Reference(), want)
			k, parts := prepared(t, table, got)
			run := func() {
				for p := range parts {
					_ = k.Run(got, p, parts)
				}
			}
			if n := testing.AllocsPerRun(1, run); n != 0 {
				t.Errorf("%s, %v: %v allocations", f.name, tc, n)
			}
			if tc.op == "fused_matmul_add" {
				reverse.Out[0] = reverse.In[2]
			}
			prepared(t, table, reverse)
			for p := range parts {
				_ = k.Run(reverse, parts-1-p, parts)
			}
			if err := sameBits(got.Out, reverse.Out); err != nil {
				t.Errorf("%s, %v: in order and in reverse: %v", f.name, tc, err)
			}
			bound := bounds(t, tc, want, graph.F32)
			for k := range got.Out {
				for i, g := range got.Out[k].F32 {
					if w := want.Out[k].F64[i]; !(math.Abs(float64(g)-w) <= bound(k, i)) {
						t.Fatalf("%s, %v: element %d of result %d is %v, want %v within %g", f.name, tc, i, k, g, w, bound(k, i))
					}
				}
			}
		}
	}
}

// TestFusedBits compares fused products with the ops that they stand for, to the bit: in every dtype on the reference kernels,
// and on every family in f32, there but for z.
func TestFusedBits(t *testing.T) {
	tables := map[string]Table{"reference": Reference()}
	for _, f := range families() {
		tables[f.name] = kernelsOf(f)
	}
	for name, table := range tables {
		for _, tc := range fusedCases() {
			if name != "reference" && tc.op == "fused_matmul_add" {
				continue
			}
			dtypes := []graph.DType{graph.F32, graph.F64}
			if name != "reference" {
				dtypes = dtypes[:1]
			}
			for _, dt := range dtypes {
				c := tc.call(t, dt)
				mustRun(t, tc, table, c)
				if err := sameBits(c.Out, separately(t, table, c)); err != nil {
					t.Fatalf("%s, %v, %v: fused and separate: %v", name, dt, tc, err)
				}
			}
		}
	}
}

// separately runs the ops that a call's fused op stands for.
func separately(t *testing.T, table Table, c *Call) []*buffer.Buffer {
	t.Helper()
	g, leaves, b := graph.New("separate"), map[string]*buffer.Buffer{}, graph.Binding{}
	var x []*graph.Value
	for i, a := range c.Node.Args {
		var dims []any
		for j, d := range a.Type.Dims {
			dims = append(dims, d)
			for _, s := range d.Symbols() {
				b[s] = c.In[i].Shape[j]
			}
		}
		name := fmt.Sprint("x", i)
		x, leaves[name] = append(x, g.Input(name, a.Type.DType, dims...)), c.In[i]
	}
	n, next := c.Node, 2
	var v *graph.Value
	if n.Op.Name == "fused_project" {
		v = g.Add("project", graph.Attrs{"scale": n.Float("scale")}, x[0], x[1])[0]
	} else {
		v = graph.MatMulT(x[0], x[1], n.Bool("transA"), n.Bool("transB"))
	}
	var z, of *graph.Value
	if n.Op.Name == "fused_matmul_add" {
		z, next = x[2], 3
	}
	if strings.HasSuffix(n.Str("act"), "_grad") {
		of, x = x[len(x)-1], x[:len(x)-1]
	}
	if next < len(x) {
		v = graph.Add(v, x[next])
	}
	if z != nil {
		v = graph.Add(v, z)
	}
	attrs := graph.Attrs{}
	if strings.HasPrefix(n.Str("act"), "elu") {
		attrs["alpha"] = n.Float("alpha")
	}
	switch {
	case of != nil:
		v = g.Add(n.Str("act"), attrs, v, of)[0]
	case n.Str("act") != "none":
		v = g.Add(n.Str("act"), attrs, v)[0]
	}
	values, err := table.Interpret(g, b, leaves)
	if err != nil {
		t.Fatal(err)
	}
	return []*buffer.Buffer{values[v]}
}

// TestSplitSum checks that a product whose inner dimension is cut has the same bits whatever the order of its pieces, and
// after a run that stopped halfway.
func TestSplitSum(t *testing.T) {
	tc := testCase{"matmul", graph.Attrs{"transA": true}, []operand{normals(9000, 30), normals(9000, 40)}}
	once := tc.call(t, graph.F32)
	mustRun(t, tc, Kernels(), once)
	c := tc.call(t, graph.F32)
	k, parts := prepared(t, Kernels(), c)
	if parts != 4 {
		t.Fatalf("%d parts", parts)
	}
	for _, order := range [][]int{{0, 1}, {2, 3, 0, 1}, {3}, {3, 2, 1, 0}, {1, 2}, {0, 3}, {0, 1, 2, 3}} {
		for i := range c.Out[0].F32 {
			c.Out[0].F32[i] = float32(math.NaN())
		}
		for _, p := range order {
			if err := k.Run(c, p, parts); err != nil {
				t.Fatal(err)
			}
		}
		if len(order) == parts && !slices.Equal(c.Out[0].F32, once.Out[0].F32) {
			t.Errorf("other bits in the order %v", order)
		}
	}
}
