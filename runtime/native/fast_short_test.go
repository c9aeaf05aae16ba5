package native

import (
	"math"
	"slices"
	"testing"

	"graft/graph"
)

// shortOps are the ops on rows that know short ones, with their operands.
var shortOps = map[string]func(shape ...int) []operand{
	"softmax":            func(s ...int) []operand { return []operand{normals(s...)} },
	"restricted_softmax": func(s ...int) []operand { return []operand{normals(s...)} },
	"log_softmax":        func(s ...int) []operand { return []operand{normals(s...)} },
	"softmax_grad":       func(s ...int) []operand { return []operand{normals(s...), between(0, 1, s...)} },
	"log_softmax_grad":   func(s ...int) []operand { return []operand{normals(s...), between(-4, 0, s...)} },
}

// TestShortRows compares with the reference, for every length of a row up to some that are not short, and for numbers of rows that
// fill blocks and do not. Each result must be the same to the bit where it takes the place of an operand, and for rows that are
// handed in one by one.
func TestShortRows(t *testing.T) {
	for _, f := range families() {
		table := kernelsOf(f)
		for name, operands := range shortOps {
			for n := 1; n <= columnRow+2; n++ {
				for _, rows := range []int{1, 7, columnBlock, 2*columnBlock + 9} {
					tc := testCase{name, nil, operands(rows, n)}
					got, want := tc.call(t, graph.F32), tc.call(t, graph.F64)
					mustRun(t, tc, table, got)
					mustRun(t, tc, Reference(), want)
					bound := bounds(t, tc, want, graph.F32)
					for i, w := range want.Out[0].F64 {
						if g := got.Out[0].At(i); !(math.Abs(g-w) <= bound(0, i)) {
							t.Fatalf("%s, %v: element %d is %v, want %v within %g", f.name, tc, i, g, w, bound(0, i))
						}
					}
					k, _ := prepared(t, table, got)
					for i, place := range got.In {
						in := tc.call(t, graph.F32)
						in.Out[0] = in.In[i]
						for r := range rows { // a part for each row
							if err := k.Run(in, r, rows); err != nil {
								t.Fatal(err)
							}
						}
						if err := sameBits(got.Out, in.Out); err != nil {
							t.Fatalf("%s, %v in operand %d of %v elements: %v", f.name, tc, i, place.Len(), err)
						}
					}
				}
			}
		}
	}
}

// TestShortRowsApart checks that what is not a number in a row leaves its neighbours alone, and is not lost.
func TestShortRowsApart(t *testing.T) {
	inf := math.Inf(1)
	for _, f := range families() {
		table := kernelsOf(f)
		for name, operands := range shortOps {
			tc := testCase{name, nil, operands(2*columnBlock, 10)}
			want := tc.call(t, graph.F32)
			mustRun(t, tc, table, want)
			for _, bad := range []float64{math.NaN(), inf} {
				for _, at := range []int{0, 5, 9} {
					got := tc.call(t, graph.F32)
					const row = 3 // of every ten
					for r := row; r < 2*columnBlock; r += 10 {
						got.In[0].F32[r*10+at] = float32(bad)
					}
					mustRun(t, tc, table, got)
					for r := range 2 * columnBlock {
						x, y := got.Out[0].F32[r*10:][:10], want.Out[0].F32[r*10:][:10]
						switch {
						case r%10 != row:
							if !slices.Equal(x, y) {
								t.Fatalf("%s, %s: row %d is %v beside one with %v, else %v", f.name, name, r, x, bad, y)
							}
						case !slices.ContainsFunc(x, func(v float32) bool { return v != v || math.IsInf(float64(v), 0) }):
							t.Fatalf("%s, %s: row %d has %v, and its result is %v", f.name, name, r, bad, x)
						}
					}
				}
			}
		}
	}
}

// TestLogSoftmaxOfAlmostOne checks that the logarithm of a probability next to 1 keeps its digits: it is minus the sum of the others.
func TestLogSoftmaxOfAlmostOne(t *testing.T) {
	for _, f := range families() {
		tc := testCase{"log_softmax", nil, []operand{constant(0, 3, 4)}}
		c := tc.call(t, graph.F32)
		for r, below := range []float32{10, 20, 40} {
			for j := 1; j < 4; j++ {
				c.In[0].F32[r*4+j] = -below
			}
		}
		mustRun(t, tc, kernelsOf(f), c)
		for r, below := range []float64{10, 20, 40} {
			got, want := float64(c.Out[0].F32[r*4]), -math.Log1p(3*math.Exp(-below))
			// exp, log1p and two roundings to float32, after a sum in float64 that the largest term dominates.
			if math.Abs(got-want) > 4*0x1p-24*math.Abs(want)+4*0x1p-53 {
				t.Errorf("%s: %v below the largest, its logarithm is %v, want %v", f.name, below, got, want)
			}
		}
	}
}

// TestEntropyGradOfAlmostOne checks that the gradient of a label whose probability is next to 1 keeps its digits, and is minus the sum
// of the others.
func TestEntropyGradOfAlmostOne(t *testing.T) {
	for _, f := range families() {
		below := []float64{5, 10, 20}
		c := testCase{"softmax_cross_entropy_grad", graph.Attrs{"reduce": "sum"}, []operand{constant(1), constant(0, 3, 3), labels(1, 3)}}.call(t, graph.F32)
		for r, x := range below {
			c.In[2].I32[r] = 1
			c.In[1].F32[r*3+1] = float32(x)
		}
		mustRun(t, testCase{}, kernelsOf(f), c)
		for r, x := range below {
			others := 2 * math.Exp(-x) / (1 + 2*math.Exp(-x))
			// A unit in the last place of exp, and the roundings of the sum, the quotient and the product.
			for j, want := range []float64{others / 2, -others, others / 2} {
				if got := float64(c.Out[0].F32[r*3+j]); math.Abs(got-want) > 8*0x1p-24*others {
					t.Errorf("%s: %v above the others, the gradient of logit %d is %v, want %v", f.name, x, j, got, want)
				}
			}
		}
	}
}
