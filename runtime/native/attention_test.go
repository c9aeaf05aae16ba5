package native

import (
	"math"
	"testing"

	"graft/graph"
)

// TestAttentionFamilies runs attention on every family: conformance, the bits of parts in reverse, and no allocation.
func TestAttentionFamilies(t *testing.T) {
	var cases []testCase
	attentionCases(func(op string, attrs graph.Attrs, args ...operand) { cases = append(cases, testCase{op, attrs, args}) })
	for _, tc := range cases {
		want := tc.call(t, graph.F64)
		mustRun(t, tc, Reference(), want)
		bound := attentionBound(want, 0x1p-24)
		for _, f := range families() {
			got, reverse := tc.call(t, graph.F32), tc.call(t, graph.F32)
			table := kernelsOf(f)
			k, parts := prepared(t, table, got)
			if n := testing.AllocsPerRun(1, func() {
				for p := range parts {
					_ = k.Run(got, p, parts)
				}
			}); n != 0 {
				t.Errorf("%s, %v: %v allocations", f.name, tc, n)
			}
			prepared(t, table, reverse)
			for p := range parts {
				_ = k.Run(reverse, parts-1-p, parts)
			}
			if err := sameBits(got.Out, reverse.Out); err != nil {
				t.Errorf("%s, %v: in order and in reverse: %v", f.name, tc, err)
			}
			for i, out := range got.Out {
				for j, g := range out.F32 {
					if w := want.Out[i].F64[j]; !(math.Abs(float64(g)-w) <= bound(i, j)) {
						t.Fatalf("%s, %v: element %d of result %d is %v, want %v within %g", f.name, tc, j, i, g, w, bound(i, j))
					}
				}
			}
		}
	}
}

// TestAttentionLeavesMaskedTilesOut gives the last keys values that would show in every result that reads them.
func TestAttentionLeavesMaskedTilesOut(t *testing.T) {
	attrs := graph.Attrs{"causal": true, "fill": -1e9}
	x, last := normals(1, 3*keyCols, 1, 4), 2*keyCols
	c := testCase{"attention", attrs, []operand{x, x, x}}.call(t, graph.F32)
	for i := last * 4; i < len(c.In[1].F32); i++ {
		c.In[1].F32[i], c.In[2].F32[i] = float32(math.NaN()), float32(math.NaN())
	}
	if err := Kernels().run(c); err != nil {
		t.Fatal(err)
	}
	for i, v := range c.Out[0].F32 {
		if seen := i/4 >= last; math.IsNaN(float64(v)) != seen {
			t.Fatalf("row %d is %v", i/4, v)
		}
	}
}
