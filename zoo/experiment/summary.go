package experiment

import (
	"slices"

	"gonum.org/v1/gonum/stat"
	"graft/zoo/entry"
)

// Row is one line of a table of results, with the keys of the command line's JSON contract.
type Row struct {
	Model       string   `json:"model"`
	Variant     string   `json:"variant"`
	Mode        string   `json:"mode"`
	Granularity string   `json:"granularity"`
	Feedback    string   `json:"feedback,omitempty"` // how dfa delivers the error
	Data        string   `json:"data"`
	Metric      string   `json:"metric"`
	Unit        string   `json:"unit"`
	Mean        float64  `json:"mean"`
	Median      float64  `json:"median"`
	Std         float64  `json:"std"` // n-1; 0 for a single value
	Min         float64  `json:"min"`
	N           int      `json:"n"`
	Published   *float64 `json:"published"`
}

// Summarise fills in a row's statistics.
func (r Row) Summarise(values []float64) Row {
	sorted := slices.Sorted(slices.Values(values))
	r.N = len(sorted)
	if r.N == 0 {
		return r
	}
	r.Mean, r.Min = stat.Mean(sorted, nil), sorted[0]
	r.Median = (sorted[(r.N-1)/2] + sorted[r.N/2]) / 2
	if r.N > 1 {
		r.Std = stat.StdDev(sorted, nil)
	}
	return r
}

// Rows returns the rows of one plan's cells: its metrics, alignment averaged over the points where there is any, and seconds of
// training.
func Rows(p *Plan, cells []Cell) []Row {
	var alignment, seconds []float64
	metrics := map[string][]float64{}
	for _, c := range cells {
		if c.Plan != p || c.Outcome == nil {
			continue
		}
		for _, m := range p.Entry.Metrics() {
			metrics[m.Name] = append(metrics[m.Name], c.Outcome.Metrics[m.Name])
		}
		seconds = append(seconds, c.Outcome.Seconds)
		if len(c.Outcome.Alignment) > 0 {
			sum := 0.0
			for _, a := range c.Outcome.Alignment {
				sum += a.Mean
			}
			alignment = append(alignment, sum/float64(len(c.Outcome.Alignment)))
		}
	}
	var rows []Row
	for _, m := range p.Entry.Metrics() {
		rows = append(rows, p.published(m).Summarise(metrics[m.Name]))
	}
	if len(alignment) > 0 {
		rows = append(rows, p.row("alignment", "cosine").Summarise(alignment))
	}
	return append(rows, p.row("seconds", "s").Summarise(seconds))
}

// row returns a row without values.
func (p *Plan) row(metric, unit string) Row {
	info := p.Info()
	return Row{Model: p.Entry.Name, Variant: info["variant"], Mode: p.Pipeline.Mode, Granularity: info["granularity"],
		Feedback: info["feedback"], Data: p.Task.Data, Metric: metric, Unit: unit}
}

// published returns a metric's row without values of our own.
func (p *Plan) published(m entry.Metric) Row {
	row := p.row(m.Name, m.Unit)
	if v, ok := m.Published(p.Task.Data, p.Pipeline.Mode); ok {
		row.Published = &v
	}
	return row
}
