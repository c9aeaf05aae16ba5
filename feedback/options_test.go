package feedback_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/feedback"
)

func TestWithDefaults(t *testing.T) {
	got, err := feedback.Options{}.WithDefaults()
	want := feedback.Options{Granularity: feedback.Macro, Sharing: feedback.Shared, Dist: "uniform"}
	if err != nil || got != want {
		t.Errorf("defaults %+v, %v; want the published method's: %+v", got, err, want)
	}
	full := feedback.Options{Granularity: feedback.Micro, Sharing: feedback.Independent, Dist: "orthogonal", Given: true, Route: 2}
	if got, err := full.WithDefaults(); err != nil || got != full {
		t.Errorf("%+v became %+v, %v", full, got, err)
	}
	for _, c := range []struct {
		o    feedback.Options
		want string
	}{
		{feedback.Options{Granularity: "nano"}, `granularity "nano" is not one of macro, micro`},
		{feedback.Options{Sharing: "some"}, `sharing "some" is not one of shared, independent`},
		{feedback.Options{Dist: "cauchy"}, `feedback distribution "cauchy" is not one of uniform, normal, rademacher, orthogonal, identity`},
		{feedback.Options{Route: -1}, "route -1"},
		{feedback.Options{Generate: true, Dist: "orthogonal"}, "orthogonal: only uniform and rademacher matrices are generated where they are multiplied"},
		{feedback.Options{Generate: true, Dist: "normal"}, "normal: only uniform and rademacher"},
		{feedback.Options{Generate: true, Given: true}, "given feedback matrices are not generated"},
	} {
		if _, err := c.o.WithDefaults(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one that says %q", c.o, err, c.want)
		}
	}
}

func TestSelects(t *testing.T) {
	got := map[string]bool{}
	for _, g := range []string{feedback.Macro, feedback.Micro} {
		for _, level := range []string{"macro", "micro"} {
			got[g+" selects "+level] = feedback.Options{Granularity: g}.Selects(level)
		}
	}
	want := map[string]bool{"macro selects macro": true, "macro selects micro": false, "micro selects macro": true, "micro selects micro": true}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
