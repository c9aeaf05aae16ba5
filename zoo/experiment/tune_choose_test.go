package experiment

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"graft/zoo"
	"graft/zoo/entry"
)

// searchOf resolves a grid of rates on data that are not there.
func searchOf(t *testing.T, model, validation string, rates ...string) *Search {
	t.Helper()
	e, err := zoo.Lookup(model)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSearch(e, &entry.Task{Data: "none", Validation: validation}, Choices{}, []string{"bp"}, []Axis{{"lr", rates}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// trialsOf makes trials up: one for each value of a setting; NaN stands for one that diverged. The test metric is the better, the worse
// the validation metric is.
func trialsOf(s *Search, values [][]float64) []Trial {
	var trials []Trial
	for i, seeds := range values {
		for seed, v := range seeds {
			p := s.Plans[0][i]
			trial := Trial{Plan: p, Setting: s.Settings[i], Seed: int32(seed), Metrics: map[string]float64{p.Task.Validation: v, p.Entry.Metric: 1000 - v}}
			if math.IsNaN(v) {
				trial.Metrics, trial.Diverged = nil, "made up"
			}
			trials = append(trials, trial)
		}
	}
	return trials
}

func TestChoice(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		lower  bool
		values [][]float64
		want   int
	}{
		"higher is better":                 {false, [][]float64{{70, 72}, {80, 70}, {60, 75}}, 1},
		"lower is better":                  {true, [][]float64{{70, 72}, {80, 70}, {60, 75}}, 2},
		"the mean counts, not the best":    {false, [][]float64{{70, 70}, {90, 40}}, 0},
		"a tie goes to the earlier":        {false, [][]float64{{60, 60}, {70, 72}, {72, 70}, {71, 71}}, 1},
		"a tie of lowest":                  {true, [][]float64{{60, 60}, {50, 52}, {52, 50}}, 1},
		"diverged is worse than anything":  {false, [][]float64{{99, nan}, {1, 1}}, 1},
		"diverged is worse, where lower":   {true, [][]float64{{1, nan}, {99, 99}}, 1},
		"fewer diverged":                   {false, [][]float64{{99, nan, nan}, {1, 1, nan}, {2, 2, nan}}, 2},
		"a setting whose every seed is in": {false, [][]float64{{nan, nan}, {1, 1}}, 1},
		"nothing":                          {false, [][]float64{{nan, nan}, {nan, nan}}, -1},
	} {
		model, validation := "gcn", "val_accuracy"
		if c.lower {
			model, validation = "transformer", "val_perplexity"
		}
		s := searchOf(t, model, validation, []string{"1", "2", "3", "4"}[:len(c.values)]...)
		got := -1
		for i, r := range s.Results(trialsOf(s, c.values))[0] {
			if r.Chosen && got >= 0 {
				t.Errorf("%s: two settings are chosen", name)
			}
			if r.Chosen {
				got = i
			}
			if len(r.Rows()) != 1+len(r.Tests) || r.Tests[0].Metric == validation {
				t.Errorf("%s: rows %v", name, r.Rows())
			}
		}
		if got != c.want {
			t.Errorf("%s: setting %d is chosen, want %d", name, got, c.want)
		}
	}
}

// TestResult checks the statistics of a setting, of which one of three trainings diverged.
func TestResult(t *testing.T) {
	s := searchOf(t, "gcn", "val_accuracy", "0.1", "0.2", "0.3")
	results := s.Results(trialsOf(s, [][]float64{{60, 70, math.NaN()}, {50, 40, 40}, {math.NaN()}}))[0]
	r := results[0]
	if r.Validation.N != 2 || r.Validation.Mean != 65 || r.Tests[0].Mean != 935 || r.Diverged != 1 {
		t.Errorf("%+v", r)
	}
	rows := results[2].Rows()
	if rows[0].Mean != nil || rows[0].Diverged != 1 || rows[0].N != 0 {
		t.Errorf("a setting without results: %+v", rows[0])
	}
	var edges []bool
	for _, r := range results {
		edges = append(edges, s.Edge(r) != "")
	}
	if diff := cmp.Diff([]bool{true, false, true}, edges); diff != "" {
		t.Error(diff)
	}
}

func TestLead(t *testing.T) {
	a, b := Row{Metric: "test_auc", Mean: 0.8, Std: 0.03, N: 9}, Row{Metric: "test_auc", Mean: 0.7, Std: 0.04, N: 16}
	near := func(x, y float64) bool { return math.Abs(x-y) < 1e-15 } // a few roundings of numbers below 1
	// sqrt(0.03²/9 + 0.04²/16) = sqrt(0.0001 + 0.0001).
	if lead, e := Lead(a, b); !near(lead, 0.1) || !near(e, math.Sqrt(2e-4)) {
		t.Errorf("%v, %v", lead, e)
	}
	a.Metric, b.Metric = "perplexity", "perplexity"
	if lead, _ := Lead(a, b); !near(lead, -0.1) {
		t.Errorf("more perplexity leads by %v", lead)
	}
	b.N = 1
	if _, e := Lead(a, b); !math.IsNaN(e) {
		t.Errorf("a single value has the standard error %v", e)
	}
}
