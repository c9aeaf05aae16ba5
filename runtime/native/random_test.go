package native

import (
	"math"
	"testing"

	"graft/graph"
	"graft/runtime/rng"
)

// TestDropoutMask compares with the stream's own draws, and the share of what is kept with the rate.
func TestDropoutMask(t *testing.T) {
	const n, rate = 100000, 0.3
	u := make([]float32, n)
	rng.New(3, 4, "drop").Uniform32(u, 0)
	tc := testCase{"dropout", graph.Attrs{"rate": rate, "stream": "drop"}, []operand{constant(1, n), keyOf(3, 4)}}
	everywhere(t, tc, func(t *testing.T, c *Call) {
		sum := 0.0
		for i := range n {
			v := c.Out[0].At(i)
			sum += v
			want := 0.0
			if float64(u[i]) >= rate {
				want = 1 / (1 - rate)
			}
			if math.Abs(v-want) > 1e-6 {
				t.Fatalf("element %d is %v, want %v: its draw is %v", i, v, want, u[i])
			}
		}
		// The standard deviation of the mean is sqrt(rate / (1-rate) / n).
		if mean := sum / n; math.Abs(mean-1) > 4*math.Sqrt(rate/(1-rate)/n) {
			t.Errorf("mean %v, want 1", mean)
		}
	})
}

// TestDropoutIsDropoutGiven checks that dropout and dropout_given on the same draws agree to the bit.
func TestDropoutIsDropoutGiven(t *testing.T) {
	for _, rate := range []float64{0, 0.1, 0.7} {
		for _, dt := range []graph.DType{graph.F32, graph.F64} {
			for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
				drawn := testCase{"random_uniform", graph.Attrs{"shape": dims(70, 300), "stream": "s"}, []operand{keyOf(1, 2)}}.call(t, dt)
				mustRun(t, testCase{}, table, drawn)
				one := testCase{"dropout", graph.Attrs{"rate": rate, "stream": "s"}, []operand{normals(70, 300), keyOf(1, 2)}}.call(t, dt)
				mustRun(t, testCase{}, table, one)
				two := testCase{"dropout_given", graph.Attrs{"rate": rate}, []operand{normals(70, 300), normals(70, 300)}}.call(t, dt)
				two.In[1] = drawn.Out[0]
				mustRun(t, testCase{}, table, two)
				if err := sameBits(one.Out, two.Out); err != nil {
					t.Errorf("%s, rate %v: %v", name, rate, err)
				}
			}
		}
	}
}

// TestRandomDTypes checks that f64 draws are the f32 draws.
func TestRandomDTypes(t *testing.T) {
	for _, tc := range []testCase{
		{"random_uniform", graph.Attrs{"shape": dims(7, 11), "stream": "s"}, []operand{keyOf(1, 2)}},
		{"random_normal", graph.Attrs{"shape": dims(7, 11), "stream": "s"}, []operand{keyOf(1, 2)}},
		{"feedback_matrix", graph.Attrs{"shape": dims(7, 11), "stream": "s"}, []operand{integer(3)}},
		{"feedback_matrix", graph.Attrs{"shape": dims(7, 11), "stream": "s", "dist": "rademacher"}, []operand{integer(3)}},
	} {
		narrow, wide := tc.call(t, graph.F32), tc.call(t, graph.F64)
		mustRun(t, tc, Kernels(), narrow)
		mustRun(t, tc, Kernels(), wide)
		if err := sameBits(narrow.Out, wide.Out); err != nil {
			t.Errorf("%v: %v", tc, err)
		}
	}
}

func TestFeedbackMatrix(t *testing.T) {
	const rows, cols = 40, 500
	u, z := make([]float64, rows*cols), make([]float64, rows*cols)
	rng.New(9, 0, "b").Uniform64(u, 0)
	rng.New(9, 0, "b").Normal64(z, 0)
	for dist, want := range map[string]func(i int) float64{
		"uniform":    func(i int) float64 { return 2*u[i] - 1 },
		"normal":     func(i int) float64 { return z[i] },
		"rademacher": func(i int) float64 { return math.Copysign(1, u[i]-0.5) },
		"identity": func(i int) float64 {
			if i/cols == i%cols {
				return 1
			}
			return 0
		},
	} {
		tc := testCase{"feedback_matrix", graph.Attrs{"shape": dims(rows, cols), "stream": "b", "dist": dist}, []operand{integer(9)}}
		everywhere(t, tc, func(t *testing.T, c *Call) {
			for i := range rows * cols {
				if got := c.Out[0].At(i); got != want(i) {
					t.Fatalf("%s: element %d is %v, want %v", dist, i, got, want(i))
				}
			}
		})
	}
}

// TestOrthogonalFeedback checks the products of the shorter side's vectors, and that the signs are those of the draws: R's
// diagonal is positive, so the first vector points along the first drawn one.
func TestOrthogonalFeedback(t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {1, 9}, {9, 1}, {5, 5}, {10, 128}, {128, 10}} {
		rows, cols := s[0], s[1]
		tc := testCase{"feedback_matrix", graph.Attrs{"shape": dims(rows, cols), "stream": "b", "dist": "orthogonal"}, []operand{integer(9)}}
		z := make([]float64, rows*cols)
		rng.New(9, 0, "b").Normal64(z, 0)
		everywhere(t, tc, func(t *testing.T, c *Call) {
			long, short := max(rows, cols), min(rows, cols)
			at := func(vector, i int) int {
				if rows <= cols {
					return vector*cols + i
				}
				return i*cols + vector
			}
			along := 0.0
			for a := range short {
				for b := range short {
					dot := 0.0
					for i := range long {
						dot += c.Out[0].At(at(a, i)) * c.Out[0].At(at(b, i))
					}
					want := 0.0
					if a == b {
						want = float64(long)
					}
					if math.Abs(dot-want) > 1e-5*float64(long) {
						t.Fatalf("%v: vectors %d and %d have product %v, want %v", s, a, b, dot, want)
					}
				}
			}
			length := 0.0
			for i := range long {
				along += c.Out[0].At(at(0, i)) * z[at(0, i)]
				length += z[at(0, i)] * z[at(0, i)]
			}
			if want := math.Sqrt(length * float64(long)); math.Abs(along-want) > 1e-5*want {
				t.Errorf("%v: the first vector's product with its draw is %v, want %v", s, along, want)
			}
		})
	}
}
