package native

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// given lists the values of an operand.
func given(shape []int, values ...float64) operand {
	i := 0
	return of(func(*rand.Rand) float64 { i++; return values[(i-1)%len(values)] }, shape...)
}

func givenInts(values ...float64) operand {
	o := given([]int{len(values)}, values...)
	o.dtype = graph.I32
	return o
}

// everywhere runs a case in both tables at both dtypes.
func everywhere(t *testing.T, tc testCase, check func(t *testing.T, c *Call)) {
	t.Helper()
	for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
		for _, dt := range []graph.DType{graph.F32, graph.F64} {
			t.Run(fmt.Sprint(tc.op, "/", name, "/", dt), func(t *testing.T) {
				c := tc.call(t, dt)
				mustRun(t, tc, table, c)
				check(t, c)
			})
		}
	}
}

func near(t *testing.T, b *buffer.Buffer, want ...float64) {
	t.Helper()
	if b.Len() != len(want) {
		t.Fatalf("%d elements, want %d", b.Len(), len(want))
	}
	for i, w := range want {
		if g := b.At(i); !(math.Abs(g-w) <= 2e-6*(1+math.Abs(w))) {
			t.Errorf("element %d is %v, want %v", i, g, w)
		}
	}
}

// TestAdamValues takes two steps by hand: gradients 0.5 and -1 from weight 1 at rate 0.1.
func TestAdamValues(t *testing.T) {
	one := []int{1}
	step := func(attrs graph.Attrs, step int, w, m, v, g float64) testCase {
		return testCase{"adam", attrs, []operand{given(one, w), given(one, m), given(one, v), given(one, g), given(nil, 0.1), integer(step)}}
	}
	everywhere(t, step(nil, 0, 1, 0, 0, 0.5), func(t *testing.T, c *Call) {
		near(t, c.Out[0], 0.9)
		near(t, c.Out[1], 0.05)
		near(t, c.Out[2], 0.00025)
	})
	// mhat = (0.9*0.05 - 0.1) / 0.19, vhat = (0.999*0.00025 + 0.001) / 0.001999
	everywhere(t, step(nil, 1, 0.9, 0.05, 0.00025, -1), func(t *testing.T, c *Call) {
		near(t, c.Out[0], 0.9+0.1*(0.055/0.19)/math.Sqrt(0.00124975/0.001999))
		near(t, c.Out[1], -0.055)
		near(t, c.Out[2], 0.00124975)
	})
	// eps is added to the corrected root: with eps 0.5 the first step is 0.1 * 0.5 / (0.5 + 0.5).
	everywhere(t, step(graph.Attrs{"eps": 0.5}, 0, 1, 0, 0, 0.5), func(t *testing.T, c *Call) { near(t, c.Out[0], 0.95) })
	// Coupled decay makes the gradient 0.5 + 0.2*1; the first step has the length of the rate whatever the gradient.
	everywhere(t, step(graph.Attrs{"weight_decay": 0.2}, 0, 1, 0, 0, 0.5), func(t *testing.T, c *Call) {
		near(t, c.Out[0], 0.9)
		near(t, c.Out[1], 0.07)
		near(t, c.Out[2], 0.00049)
	})
	// Decoupled decay takes 0.1*0.5*0.2 of the weight besides, at half the rate.
	everywhere(t, step(graph.Attrs{"weight_decay": 0.2, "decoupled": true, "lr_scale": 0.5}, 0, 1, 0, 0, 0.5),
		func(t *testing.T, c *Call) {
			near(t, c.Out[0], 1-0.05-0.01)
			near(t, c.Out[1], 0.05)
		})
}

func TestSGDValues(t *testing.T) {
	one := []int{1}
	attrs := graph.Attrs{"momentum": 0.9, "weight_decay": 0.5, "lr_scale": 2.0}
	everywhere(t, testCase{"sgd", attrs, []operand{given(one, 2), given(one, 3), given(nil, 0.1), given(one, 10)}},
		func(t *testing.T, c *Call) {
			near(t, c.Out[1], 9+3+1)
			near(t, c.Out[0], 2-0.2*13)
		})
	everywhere(t, testCase{"sgd", graph.Attrs{"weight_decay": 0.5}, []operand{given(one, 2), given(one, 3), given(nil, 0.1)}},
		func(t *testing.T, c *Call) { near(t, c.Out[0], 2-0.1*4) })
}

// TestCrossEntropyValues has uniform rows, whose loss is ln 2, and a row with odds 3 to 1.
func TestCrossEntropyValues(t *testing.T) {
	logits := given([]int{3, 2}, 0, 0, math.Log(3), 0, 5, 5)
	label := givenInts(0, 1, 1)
	ln2, ln4 := math.Log(2), math.Log(4)
	loss := func(reduce string, want float64, args ...operand) {
		everywhere(t, testCase{"softmax_cross_entropy", graph.Attrs{"reduce": reduce}, args},
			func(t *testing.T, c *Call) { near(t, c.Out[0], want) })
	}
	loss("sum", 2*ln2+ln4, logits, label)
	loss("mean", (2*ln2+ln4)/3, logits, label)
	weight := given([]int{3}, 2, 1, 0)
	loss("sum", 2*ln2+ln4, logits, label, weight)
	loss("mean", (2*ln2+ln4)/3, logits, label, weight)
	// A row of weight 0 is not read: neither its label nor its logits matter.
	unread := []operand{given([]int{3, 2}, 0, 0, math.Log(3), 0, math.NaN(), math.Inf(1)), givenInts(0, 1, 99), weight}
	loss("mean", (2*ln2+ln4)/3, unread...)

	grad := func(reduce string, args []operand, want ...float64) {
		everywhere(t, testCase{"softmax_cross_entropy_grad", graph.Attrs{"reduce": reduce}, append([]operand{given(nil, 6)}, args...)},
			func(t *testing.T, c *Call) { near(t, c.Out[0], want...) })
	}
	grad("sum", []operand{logits, label}, -3, 3, 4.5, -4.5, 3, -3)
	grad("mean", []operand{logits, label}, -1, 1, 1.5, -1.5, 1, -1)
	grad("mean", unread, -2, 2, 1.5, -1.5, 0, 0)

	// Confident rows keep their digits: 1-p is not computed as 1 minus a rounded p.
	everywhere(t, testCase{"softmax_cross_entropy_grad", graph.Attrs{"reduce": "sum"}, []operand{given(nil, 1), given([]int{1, 2}, 20, 0), givenInts(0)}},
		func(t *testing.T, c *Call) {
			if got, want := c.Out[0].At(0), -1/(1+math.Exp(20)); math.Abs(got/want-1) > 1e-6 {
				t.Errorf("gradient %v, want %v", got, want)
			}
		})
}

func TestCrossEntropyErrors(t *testing.T) {
	rows := func(n int) operand { return normals(n, 10) }
	for want, args := range map[string][]operand{
		"label 12 of row 1 is not in [0, 10)":           {rows(3), givenInts(0, 12, 3)},
		"label -1 of row 2 is not in [0, 10)":           {rows(3), givenInts(0, 9, -1)},
		"label 10 of row 0 is not in [0, 10)":           {rows(1), givenInts(10)},
		"the total weight of the 2 rows is 0, so they":  {rows(2), givenInts(1, 1), constant(0, 2)},
		"the total weight of the 0 rows is 0, so they ": {rows(0), labels(10, 0)},
	} {
		for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
			for _, tc := range []testCase{
				{"softmax_cross_entropy", nil, args},
				{"softmax_cross_entropy_grad", nil, append([]operand{constant(1)}, args...)},
			} {
				if err := table.run(tc.call(t, graph.F32)); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %s: error %v; want one that says %q", name, tc.op, err, want)
				}
			}
		}
	}
}

// TestSparseAgainstDense compares spmm and sddmm with products of the same matrix written out.
func TestSparseAgainstDense(t *testing.T) {
	for _, trans := range []bool{false, true} {
		rows, cols := 13, 9
		in := rows
		if !trans {
			in = cols
		}
		everywhere(t, testCase{"spmm", graph.Attrs{"trans": trans}, []operand{pattern(rows, cols), entries(), normals(in, 4)}}, func(t *testing.T, c *Call) {
			p := c.In[0].Pattern
			want := make([]float64, c.Out[0].Len())
			for k := range p.NNZ() {
				to, from := int(p.Row[k]), int(p.Col[k])
				if trans {
					to, from = from, to
				}
				for j := range 4 {
					want[to*4+j] += c.In[1].At(k) * c.In[2].At(from*4+j)
				}
			}
			near(t, c.Out[0], want...)
		})
	}
	everywhere(t, testCase{"sddmm", nil, []operand{pattern(13, 9), normals(13, 6), normals(9, 6)}}, func(t *testing.T, c *Call) {
		p := c.In[0].Pattern
		want := make([]float64, p.NNZ())
		for k := range want {
			for j := range 6 {
				want[k] += c.In[1].At(int(p.Row[k])*6+j) * c.In[2].At(int(p.Col[k])*6+j)
			}
		}
		near(t, c.Out[0], want...)
	})
}

// TestRowCosineValues has cosines 1, 0 and -1, and a row that is zero in one of the two.
func TestRowCosineValues(t *testing.T) {
	a := given([]int{4, 2}, 3, 4, 1, 0, 0, 0, 1, 1)
	b := given([]int{4, 2}, 6, 8, 0, 5, 1, 1, -2, -2)
	everywhere(t, testCase{"row_cosine", nil, []operand{a, b}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 0)
		near(t, c.Out[1], 1)
		near(t, c.Out[2], 3)
		near(t, c.Out[3], 1)
	})
	everywhere(t, testCase{"row_cosine", nil, []operand{given([]int{1, 2}, 1, 0), given([]int{1, 2}, 1, 1)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], math.Sqrt(0.5))
		near(t, c.Out[1], 0)
		near(t, c.Out[2], 1)
		near(t, c.Out[3], 0)
	})
}

func TestClipValues(t *testing.T) {
	for norm, want := range map[float64]float64{0: 1, 0.5: 1, 4: 0.5} {
		everywhere(t, testCase{"clip_factor", graph.Attrs{"max": 2.0}, []operand{given(nil, norm)}}, func(t *testing.T, c *Call) {
			near(t, c.Out[0], want)
		})
	}
	everywhere(t, testCase{"global_norm", nil, []operand{given([]int{2}, 1, 2), given([]int{1, 1}, 4), given(nil, 10)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 11)
	})
}

func TestNaNPassesRelu(t *testing.T) {
	everywhere(t, testCase{"relu", nil, []operand{given([]int{3}, math.NaN(), -1, 2)}}, func(t *testing.T, c *Call) {
		if v := c.Out[0].At(0); v == v {
			t.Errorf("relu(NaN) = %v", v)
		}
		if a, b := c.Out[0].At(1), c.Out[0].At(2); a != 0 || b != 2 {
			t.Errorf("relu(-1), relu(2) = %v, %v", a, b)
		}
	})
	everywhere(t, testCase{"relu_grad", nil, []operand{given([]int{4}, 7), given([]int{4}, math.NaN(), math.Copysign(0, -1), 0, 1)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 0, 0, 0, 7)
	})
}

func TestCastValues(t *testing.T) {
	x := given([]int{6}, 2.9, -2.9, 1e10, -1e10, math.NaN(), 0)
	everywhere(t, testCase{"cast", graph.Attrs{"dtype": "i32"}, []operand{x}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 2, -2, math.MaxInt32, math.MinInt32, 0, 0)
	})
	everywhere(t, testCase{"cast", graph.Attrs{"dtype": "bool"}, []operand{given([]int{3}, 0.5, 0, -1)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 1, 0, 1)
	})
}

func TestShapeValues(t *testing.T) {
	x := given([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	for _, v := range []struct {
		op    string
		attrs graph.Attrs
		want  []float64
	}{
		{"repeat", graph.Attrs{"axis": 0, "times": 2}, []float64{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}},
		{"repeat", graph.Attrs{"axis": 1, "times": 2}, []float64{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}},
		{"transpose", graph.Attrs{"perm": []int{1, 0}}, []float64{1, 4, 2, 5, 3, 6}},
		{"slice", graph.Attrs{"axis": 1, "start": 1, "size": 2}, []float64{2, 3, 5, 6}},
		{"slice", graph.Attrs{"axis": 0, "start": 1, "size": 1}, []float64{4, 5, 6}},
		{"pad", graph.Attrs{"axis": 1, "before": 1, "after": 1}, []float64{0, 1, 2, 3, 0, 0, 4, 5, 6, 0}},
		{"pad", graph.Attrs{"axis": 0, "after": 1}, []float64{1, 2, 3, 4, 5, 6, 0, 0, 0}},
		{"sum", graph.Attrs{"axes": []int{0}}, []float64{5, 7, 9}},
		{"sum", graph.Attrs{"axes": []int{1}, "keep": true}, []float64{6, 15}},
		{"mean", graph.Attrs{"axes": []int{0, 1}}, []float64{3.5}},
		{"argmax", nil, []float64{2, 2}},
		{"broadcast", graph.Attrs{"shape": dims(2, 2, 3)}, []float64{1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}},
		{"spread", graph.Attrs{"shape": dims(2, 2, 3)}, []float64{0.5, 1, 1.5, 2, 2.5, 3, 0.5, 1, 1.5, 2, 2.5, 3}},
	} {
		x := x
		everywhere(t, testCase{v.op, v.attrs, []operand{x}}, func(t *testing.T, c *Call) { near(t, c.Out[0], v.want...) })
	}
	everywhere(t, testCase{"concat", graph.Attrs{"axis": 1}, []operand{x, given([]int{2, 1}, 8, 9)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 1, 2, 3, 8, 4, 5, 6, 9)
	})
	everywhere(t, testCase{"argmax", nil, []operand{given([]int{2, 3}, 1, 3, 3, 2, 2, 2)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 1, 0)
	})
}
