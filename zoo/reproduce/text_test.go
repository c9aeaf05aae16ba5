package reproduce

import (
	"errors"
	"math"
	"testing"

	"graft/zoo/experiment"
)

func TestParseRoute(t *testing.T) {
	for text, want := range map[string]Route{
		"direct": {}, "0": {}, "1": {1, "symmetric"}, "2:mean": {2, "mean"}, "12:attention": {12, "attention"},
	} {
		r, err := ParseRoute(text)
		if err != nil || r != want {
			t.Errorf("%q is read as %v, %v", text, r, err)
		}
		if again, err := ParseRoute(r.String()); err != nil || again != r {
			t.Errorf("%v is written as %q, which is read as %v, %v", r, r.String(), again, err)
		}
	}
	for _, text := range []string{"", "mean", "-1:mean", "0:mean", "01:mean", "+1:mean", "1.5:mean", "1:", "1 :mean", "2mean"} {
		var usage *experiment.UsageError
		if r, err := ParseRoute(text); !errors.As(err, &usage) {
			t.Errorf("%q is read as %v, %v", text, r, err)
		}
	}
}

// TestHalfInterval compares with Welch's interval of two samples whose degrees of freedom and quantile are known in closed form: of
// equal n and deviations the freedom is 2(n-1), and the t quantile of 2 degrees of freedom is (2p-1) sqrt(2/(4p(1-p))).
func TestHalfInterval(t *testing.T) {
	row := func(mean, std float64, n int) Row {
		return Row{Row: experiment.Row{Mean: mean, Std: std, N: n}}
	}
	quantile := 0.95 * math.Sqrt(2/(4*0.975*0.025))
	d := differ(row(5, 3, 2), row(1, 3, 2))
	// The quantile is found by a root search, whose error is far below 1e-6.
	if want := quantile * 3; d.mean != 4 || math.Abs(d.half-want) > 1e-6 {
		t.Errorf("the difference is %v, want 4 and %v", d, want)
	}
	// A sample without deviation leaves the other's n-1 degrees of freedom: Student's own interval.
	if d := differ(row(0, 6, 3), row(0, 0, 50)); math.Abs(d.half-quantile*6/math.Sqrt(3)) > 1e-6 {
		t.Errorf("beside a sample without deviation half the interval is %v", d.half)
	}
	for _, rows := range [][]Row{{row(1, 1, 1), row(1, 1, 9)}, {row(1, 0, 9), row(1, 0, 9)}, {}} {
		if half := halfInterval(rows...); half != 0 {
			t.Errorf("of %v half the interval is %v, want none", rows, half)
		}
	}
}
