package chart

import (
	"math"
	"slices"
	"testing"
)

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   []string
	}{
		{0, 100, []string{"0", "20", "40", "60", "80", "100"}},
		{1, 100, []string{"20", "40", "60", "80", "100"}},
		{-0.2, 0.3, []string{"-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3"}},
		{0.9, 0.96, []string{"0.90", "0.91", "0.92", "0.93", "0.94", "0.95", "0.96"}},
		{0, 3, []string{"0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"}},
		{0, 3e8, []string{"0", "5e+07", "1e+08", "1.5e+08", "2e+08", "2.5e+08", "3e+08"}},
	} {
		var got []string
		for _, m := range (ticks{}).Ticks(c.lo, c.hi) {
			got = append(got, m.Label)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%g to %g: %q, want %q", c.lo, c.hi, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		axis   Axis
		values []float64
		lo, hi float64
	}{
		{Axis{}, []float64{3, 81}, 0, 100},
		{Axis{}, []float64{0, 100}, 0, 100},
		{Axis{}, []float64{80.2, 81.9}, 80, 82},
		{Axis{Min: 1, Max: 3}, []float64{0, 100}, 1, 3},
		{Axis{}, []float64{5}, 4, 6},
		{Axis{}, nil, 0, 1},
	} {
		if lo, hi := c.axis.limits(c.values); math.Abs(lo-c.lo) > 1e-9 || math.Abs(hi-c.hi) > 1e-9 { // steps such as 0.1 are not exact
			t.Errorf("%v: %g to %g, want %g to %g", c.values, lo, hi, c.lo, c.hi)
		}
	}
}

func TestOverSeeds(t *testing.T) {
	s := OverSeeds("bp", BP, []float64{1, 2, 3}, [][]float64{{1, 4, 9}, {3, 4}, {5, 7, 9}})
	if !slices.Equal(s.X, []float64{1, 2}) || !slices.Equal(s.Mean, []float64{3, 5}) || !slices.Equal(s.Dev, []float64{2, math.Sqrt(3)}) {
		t.Errorf("%+v", s)
	}
	if one := OverSeeds("bp", BP, []float64{1}, [][]float64{{4}}); one.Mean[0] != 4 || one.Dev[0] != 0 {
		t.Errorf("one run: %+v", one)
	}
	if none := OverSeeds("bp", BP, []float64{1}, nil); len(none.X)+len(none.Mean)+len(none.Dev) != 0 {
		t.Errorf("no run: %+v", none)
	}
}

// TestHalf95 has the quantiles of a table of Student's t: 12.706 for one degree of freedom, 2.262 for nine.
func TestHalf95(t *testing.T) {
	for _, c := range []struct {
		n    int
		want float64
	}{{0, 0}, {1, 0}, {2, 12.706 / math.Sqrt2}, {10, 2.262 / math.Sqrt(10)}} {
		if got := Half95(1, c.n); math.Abs(got-c.want) > 5e-4 { // the table has three decimals
			t.Errorf("n %d: %g, want %g", c.n, got, c.want)
		}
	}
}
