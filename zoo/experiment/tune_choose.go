package experiment

import (
	"fmt"
	"math"
	"slices"

	"graft/runtime/train"
)

// Result is what a setting came to in a mode, over the seeds.
type Result struct {
	Plan       *Plan
	Setting    Setting
	Validation Row   // of what settings are chosen by
	Tests      []Row // of the entry's metrics, which the choice does not look at
	Diverged   int   // trainings that diverged; the rows are of the others
	Chosen     bool
}

// Results summarises trials by mode and setting, and marks the setting chosen for each mode, if any.
func (s *Search) Results(trials []Trial) [][]Result {
	byPlan := map[*Plan][]Trial{}
	for _, t := range trials {
		byPlan[t.Plan] = append(byPlan[t.Plan], t)
	}
	var out [][]Result
	for _, plans := range s.Plans {
		var results []Result
		for i, p := range plans {
			results = append(results, summarise(p, s.Settings[i], byPlan[p]))
		}
		if best := choose(results); best >= 0 {
			results[best].Chosen = true
		}
		out = append(out, results)
	}
	return out
}

func summarise(p *Plan, setting Setting, trials []Trial) Result {
	r := Result{Plan: p, Setting: setting}
	values := map[string][]float64{}
	for _, t := range trials {
		if t.Diverged != "" {
			r.Diverged++
			continue
		}
		for name, v := range t.Metrics {
			values[name] = append(values[name], v)
		}
	}
	r.Validation = p.row(p.Task.Validation, p.Entry.Unit).Summarise(values[p.Task.Validation])
	for _, m := range p.Entry.Metrics() {
		r.Tests = append(r.Tests, p.published(m).Summarise(values[m.Name]))
	}
	return r
}

// choose returns the place of the best result, or -1 when every training has diverged. A training that has diverged is worse than any
// that has not, so fewer of them come first, and then the better mean of the validation metric. The first of equals is chosen.
func choose(results []Result) int {
	best := -1
	for i, r := range results {
		switch {
		case r.Validation.N == 0:
		case best < 0, r.Diverged < results[best].Diverged,
			r.Diverged == results[best].Diverged && train.Better(r.Validation.Metric, r.Validation.Mean, results[best].Validation.Mean):
			best = i
		}
	}
	return best
}

// Edge says that a result has the lowest or the highest of several rates of the grid, so that a better one may lie beyond; "" where it
// has not.
func (s *Search) Edge(r Result) string {
	for i, axis := range s.Grid {
		if axis.Key != "lr" || len(axis.Values) < 2 {
			continue
		}
		var rates []float64
		for _, plan := range s.Plans[0] {
			rates = append(rates, plan.Recipe.LR)
		}
		switch lr := r.Plan.Recipe.LR; lr {
		case slices.Min(rates):
			return fmt.Sprintf("lr=%s is the lowest of the grid: a lower one may be better", r.Setting.Values[i])
		case slices.Max(rates):
			return fmt.Sprintf("lr=%s is the highest of the grid: a higher one may be better", r.Setting.Values[i])
		}
	}
	return ""
}

// Lead returns by how much the mean of one row is better than that of another, negative where it is worse, and the standard error of
// that difference, sqrt(s1²/n1 + s2²/n2): NaN where either is a single value.
func Lead(a, b Row) (lead, standardError float64) {
	lead = a.Mean - b.Mean
	if train.Better(a.Metric, 0, 1) {
		lead = -lead
	}
	if a.N < 2 || b.N < 2 {
		return lead, math.NaN()
	}
	return lead, math.Sqrt(a.Std*a.Std/float64(a.N) + b.Std*b.Std/float64(b.N))
}

// TuneRow is a line of a search's results.
type TuneRow struct {
	Row
	// Where every training has diverged there are no such values, and they are null.
	Mean     *float64          `json:"mean"`
	Median   *float64          `json:"median"`
	Std      *float64          `json:"std"`
	Min      *float64          `json:"min"`
	Setting  map[string]string `json:"setting"`
	Chosen   bool              `json:"chosen"`
	Diverged int               `json:"diverged"` // n counts the others
}

// Rows returns the lines of a result: its validation metric and its test metrics.
func (r Result) Rows() []TuneRow {
	var out []TuneRow
	for _, row := range append([]Row{r.Validation}, r.Tests...) {
		t := TuneRow{Row: row, Setting: r.Setting.Map(), Chosen: r.Chosen, Diverged: r.Diverged}
		if row.N > 0 {
			t.Mean, t.Median, t.Std, t.Min = &row.Mean, &row.Median, &row.Std, &row.Min
		}
		out = append(out, t)
	}
	return out
}
