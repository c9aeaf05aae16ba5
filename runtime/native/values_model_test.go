package native

import (
	"math"
	"strings"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// TestBatchNormValues has features of means 2 and 0 and of biased variances 2 and 0.
func TestBatchNormValues(t *testing.T) {
	x, two := given([]int{4, 2}, 1, 0, 1, 0, 1, 0, 5, 0), []int{2}
	attrs := graph.Attrs{"eps": 1.0, "momentum": 0.25}
	gamma, beta, mean, variance := given(two, 2, 5), given(two, 1, 7), given(two, 10, 0), given(two, 4, 8)
	everywhere(t, testCase{"batch_norm", attrs, []operand{x, gamma, beta, mean, variance}}, func(t *testing.T, c *Call) {
		low, high := 1-2/math.Sqrt(4), 1+6/math.Sqrt(4)
		near(t, c.Out[0], low, 7, low, 7, low, 7, high, 7)
		near(t, c.Out[1], 2, 0)
		near(t, c.Out[2], 3, 0)
		near(t, c.Out[3], 0.75*10+0.25*2, 0)
		near(t, c.Out[4], 0.75*4+0.25*4, 6) // the unbiased variance is 12/3
	})
	everywhere(t, testCase{"batch_norm_eval", graph.Attrs{"eps": 1.0}, []operand{given([]int{1, 2}, 12, 3), gamma, beta, mean, given(two, 3, 8)}},
		func(t *testing.T, c *Call) { near(t, c.Out[0], 1+2*2/2.0, 7+5*3/3.0) })
}

func TestLayerNormValues(t *testing.T) {
	args := []operand{given([]int{2, 2}, 1, 5, 3, 3), given([]int{2}, 2, 3), given([]int{2}, 10, 20)}
	everywhere(t, testCase{"layer_norm", graph.Attrs{"eps": 5.0}, args}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 10-2*2/3.0, 20+3*2/3.0, 10, 20)
		near(t, c.Out[1], 3, 3)
		near(t, c.Out[2], 1/3.0, 1/math.Sqrt(5))
	})
}

func TestTableValues(t *testing.T) {
	table, index := given([]int{3, 2}, 1, 2, 3, 4, 5, 6), givenInts(2, 0, 2)
	everywhere(t, testCase{"gather", nil, []operand{table, index}}, func(t *testing.T, c *Call) { near(t, c.Out[0], 5, 6, 1, 2, 5, 6) })
	everywhere(t, testCase{"scatter_add", graph.Attrs{"rows": dims(3)}, []operand{table, index}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 3, 4, 0, 0, 6, 8)
	})
}

// TestBadValues has the values that the ops refuse.
func TestBadValues(t *testing.T) {
	two := []operand{normals(2), normals(2), normals(2), normals(2)}
	for want, tc := range map[string]testCase{
		"index 3 at place 1 is not in [0, 3)":  {"gather", nil, []operand{normals(3, 2), givenInts(0, 3, -1)}},
		"index -1 at place 2 is not in [0, 3)": {"scatter_add", graph.Attrs{"rows": dims(3)}, []operand{normals(4, 2), givenInts(0, 2, -1, 9)}},
		"a batch of 1 rows has no":             {"batch_norm", nil, append([]operand{normals(1, 2)}, two...)},
		"the weights of row 1 sum to 0":        {"inverse_cdf", nil, []operand{normals(2, 3), given([]int{2, 2}, 0, 1, 0, 0), normals(2, 1)}},
		"no elements have no mean":             {"sigmoid_cross_entropy", nil, []operand{normals(0, 2), normals(0, 2)}},
	} {
		for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
			if err := table.run(tc.call(t, graph.F32)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %s: error %v; want one that says %q", name, tc.op, err, want)
			}
		}
	}
}

// small returns a 3 x 2 pattern with entries at (0, 0), (0, 1) and (2, 1): row 1 is empty.
func small(t *testing.T) *buffer.Buffer {
	t.Helper()
	p, _, err := buffer.NewPattern(3, 2, []int32{0, 0, 2}, []int32{0, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	return &buffer.Buffer{Shape: []int{3, 2, 3}, Pattern: p}
}

func TestEdgeValues(t *testing.T) {
	f64 := func(shape []int, values ...float64) *buffer.Buffer {
		b := buffer.New(graph.F64, shape...)
		copy(b.F64, values)
		return b
	}
	for _, v := range []struct {
		op   string
		side string
		in   []*buffer.Buffer
		want []float64
	}{
		{"edge_gather", "row", []*buffer.Buffer{f64([]int{3}, 1, 2, 3)}, []float64{1, 1, 3}},
		{"edge_gather", "col", []*buffer.Buffer{f64([]int{2, 2}, 1, 2, 3, 4)}, []float64{1, 2, 3, 4, 3, 4}},
		{"edge_sum", "row", []*buffer.Buffer{f64([]int{3}, 1, 2, 4)}, []float64{3, 0, 4}},
		{"edge_sum", "col", []*buffer.Buffer{f64([]int{3, 2}, 1, 10, 2, 20, 4, 40)}, []float64{1, 10, 6, 60}},
		{"segment_softmax", "", []*buffer.Buffer{f64([]int{3, 2}, 1000, 0, 1000+math.Log(3), 0, -1000, 5)}, []float64{0.25, 0.5, 0.75, 0.5, 1, 1}},
		{"segment_softmax_grad", "", []*buffer.Buffer{f64([]int{3}, 4, 8, 5), f64([]int{3}, 0.25, 0.75, 1)}, []float64{0.25 * -3, 0.75 * 1, 0}},
		{"spmm", "", []*buffer.Buffer{f64([]int{3, 2}, 1, 2, 3, 4, 5, 6), f64([]int{2, 2, 1}, 1, 10, 100, 1000)}, []float64{301, 4020, 0, 0, 500, 6000}},
		{"sddmm", "", []*buffer.Buffer{f64([]int{3, 2, 1}, 1, 2, 3, 4, 5, 6), f64([]int{2, 2, 1}, 1, 10, 100, 1000)}, []float64{1, 20, 100, 2000, 500, 6000}},
	} {
		attrs := attrsOf(v.op, graph.Attrs{"side": v.side})
		got := evalOn(t, v.op, attrs, append([]*buffer.Buffer{small(t)}, v.in...))
		t.Run(v.op+v.side, func(t *testing.T) { near(t, got[0], v.want...) })
	}
}

func TestScanValues(t *testing.T) {
	x := given([]int{2, 3}, 1, 2, 3, 5, 0, 7)
	for _, v := range []struct {
		exclusive, reverse bool
		want               []float64
	}{
		{false, false, []float64{1, 3, 6, 5, 5, 12}}, {true, false, []float64{0, 1, 3, 0, 5, 5}},
		{false, true, []float64{6, 5, 3, 12, 7, 7}}, {true, true, []float64{5, 3, 0, 7, 7, 0}},
	} {
		everywhere(t, testCase{"cumsum", graph.Attrs{"exclusive": v.exclusive, "reverse": v.reverse}, []operand{x}},
			func(t *testing.T, c *Call) { near(t, c.Out[0], v.want...) })
	}
	everywhere(t, testCase{"cumprod_exclusive", nil, []operand{x}}, func(t *testing.T, c *Call) { near(t, c.Out[0], 1, 1, 2, 1, 5, 0) })
	everywhere(t, testCase{"sort", nil, []operand{given([]int{2, 3}, 3, -1, 2, 2, 2, 1)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], -1, 2, 3, 1, 2, 2)
	})
	// The products are 1, a, ab, abc: a one zero keeps its own derivative, two keep none but what lies before the second.
	dy := given([]int{2, 4}, 1, 10, 100, 1000)
	everywhere(t, testCase{"cumprod_exclusive_grad", nil, []operand{dy, given([]int{2, 4}, 2, 0, 5, 9, 0, 0, 5, 9)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 10, 200+2*5*1000, 0, 0, 10, 0, 0, 0)
	})
	everywhere(t, testCase{"restricted_softmax", nil, []operand{given([]int{2, 2}, 0, math.Log(2), -1000, 1000)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 0.25, 0.5, 0, 1)
	})
	everywhere(t, testCase{"causal", graph.Attrs{"fill": -9.0}, []operand{given([]int{2, 2}, 1, 2, 3, 4)}}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 1, -9, 3, 4)
	})
}

// TestInverseCDFValues has shares of a quarter and three quarters, and a bin that is too small to be divided by.
func TestInverseCDFValues(t *testing.T) {
	args := []operand{given([]int{1, 3}, 0, 4, 10), given([]int{1, 2}, 2, 6), given([]int{1, 5}, 0.75, 0, 0.125, 0.25, 1)}
	everywhere(t, testCase{"inverse_cdf", nil, args}, func(t *testing.T, c *Call) { near(t, c.Out[0], 8, 0, 2, 4, 10) })

	const tiny = 0x1p-20
	args = []operand{given([]int{1, 4}, 0, 1, 1001, 1002), given([]int{1, 3}, 0.5, tiny, 0.5-tiny), given([]int{1, 1}, 0.5+tiny/2)}
	everywhere(t, testCase{"inverse_cdf", nil, args}, func(t *testing.T, c *Call) { near(t, c.Out[0], 1+1000*tiny/2) })
}

// TestRadamValues takes the first step, which is momentum's, and the tenth by the formulas of the paper.
func TestRadamValues(t *testing.T) {
	one := []int{1}
	step := func(step int, w, m, v, g float64) testCase {
		return testCase{"radam", graph.Attrs{"weight_decay": 0.5}, []operand{given(one, w), given(one, m), given(one, v), given(one, g), given(nil, 0.1), integer(step)}}
	}
	everywhere(t, step(0, 1, 0, 0, 0.5), func(t *testing.T, c *Call) {
		near(t, c.Out[0], 1-0.1*1)
		near(t, c.Out[1], 0.1)
		near(t, c.Out[2], 0.001)
	})
	everywhere(t, step(9, 1, 0.2, 0.04, -0.5), func(t *testing.T, c *Call) {
		const rhoMax = 1999
		power := math.Pow(0.999, 10)
		rho := rhoMax - 20*power/(1-power)
		r := math.Sqrt((rho - 4) * (rho - 2) * rhoMax / ((rhoMax - 4) * (rhoMax - 2) * rho))
		m, v := 0.18, 0.999*0.04
		near(t, c.Out[0], 1-0.1*r*(m/(1-math.Pow(0.9, 10)))/math.Sqrt(v/(1-power)))
		near(t, c.Out[1], m)
		near(t, c.Out[2], v)
	})
	// rho is 4.996 at the fifth step and 5.994 at the sixth.
	for at, want := range map[int]float64{4: 0.1, 5: 0} {
		everywhere(t, step(at, 0, 1, 1e12, 0), func(t *testing.T, c *Call) {
			near(t, c.Out[0], -want*0.9/(1-math.Pow(0.9, float64(at+1))))
		})
	}
}

func TestPositionValues(t *testing.T) {
	square := func(kind string, n int, want ...float64) {
		everywhere(t, testCase{"positions", graph.Attrs{"kind": kind, "shape": dims(n, n)}, nil}, func(t *testing.T, c *Call) { near(t, c.Out[0], want...) })
	}
	square("current", 3, 1, 0, 0, 0, 1, 0, 0, 0, 1)
	square("previous", 3, 1, 0, 0, 1, 0, 0, 0, 1, 0)
	first := []float64{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0}
	square("uniform", 5, append(first, 0.5, 0.5, 0, 0, 0)...)
	square("cubic", 5, append(first, 1/9.0, 8/9.0, 0, 0, 0)...)
	everywhere(t, testCase{"positions", graph.Attrs{"shape": dims(2, 3)}, nil}, func(t *testing.T, c *Call) {
		near(t, c.Out[0], 0, 1, 0, math.Sin(1), math.Cos(1), math.Sin(math.Pow(10000, -2.0/3)))
	})
}

func TestBinaryEntropyValues(t *testing.T) {
	x, target := given([]int{4}, 0, math.Log(3), -800, 800), given([]int{4}, 1, 0.5, 1, 1)
	loss := math.Log(2) + math.Log(4) - math.Log(3)/2 + 800
	for reduce, n := range map[string]float64{"sum": 1, "mean": 4} {
		attrs := graph.Attrs{"reduce": reduce}
		everywhere(t, testCase{"sigmoid_cross_entropy", attrs, []operand{x, target}}, func(t *testing.T, c *Call) { near(t, c.Out[0], loss/n) })
		everywhere(t, testCase{"sigmoid_cross_entropy_grad", attrs, []operand{given(nil, 8), x, target}}, func(t *testing.T, c *Call) {
			near(t, c.Out[0], -4/n, 2/n, -8/n, 0)
		})
	}
}
