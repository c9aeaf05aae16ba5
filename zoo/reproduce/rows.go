package reproduce

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"

	"graft/zoo"
	"graft/zoo/experiment"
	"graft/zoo/report"
)

// Row is a line of the numbers of a study, over the seeds of a cell.
type Row struct {
	experiment.Row
	Max      float64 `json:"max"`
	Route    string  `json:"route,omitempty"`
	Diverged int     `json:"diverged,omitempty"` // n counts the others
}

// measure is a metric of trainings.
type measure struct {
	name, unit string
	published  func(data, mode string) (float64, bool)
	of         func(t Training) (float64, bool)
}

// reported are the metrics that the paper reports of a model.
func reported(model string) []measure {
	e, err := zoo.Lookup(model)
	if err != nil {
		return nil
	}
	var out []measure
	for _, m := range e.Metrics() {
		out = append(out, measure{m.Name, m.Unit, m.Published, func(t Training) (float64, bool) {
			v, ok := t.Metrics[m.Name]
			return v, ok
		}})
	}
	return out
}

func alignment() measure {
	return measure{"alignment", "cosine", nil, func(t Training) (float64, bool) {
		mean, _, ok := t.Alignment()
		return mean, ok
	}}
}

func silhouette() measure {
	return measure{"silhouette", "coefficient", nil, func(t Training) (float64, bool) {
		if t.Hidden == nil {
			return 0, false
		}
		return t.Hidden.Silhouette, true
	}}
}

// row summarises a metric of a cell's trainings. The published number is that of the direct route.
func (r Results) row(c Cell, m measure) Row {
	row := Row{Row: experiment.Row{Model: c.Model, Variant: c.Variant, Mode: c.Mode, Granularity: "macro", Data: c.Data, Metric: m.name, Unit: m.unit}}
	if c.Mode == "bp" {
		row.Granularity = ""
	}
	if c.Mode == "dfa" {
		row.Route = c.Route.String()
	}
	if m.published != nil && c.Route.Hops == 0 {
		if v, ok := m.published(c.Data, c.Mode); ok {
			row.Published = &v
		}
	}
	values := r.values(c, m)
	if row.Row = row.Summarise(values); row.N > 0 {
		row.Max = slices.Max(values)
	}
	for _, t := range r[c] {
		if t.Diverged != "" {
			row.Diverged++
		}
	}
	return row
}

// values returns a metric of the trainings that have one, in the order of seeds.
func (r Results) values(c Cell, m measure) []float64 {
	var values []float64
	for _, t := range r[c] {
		if v, ok := m.of(t); ok && t.Diverged == "" {
			values = append(values, v)
		}
	}
	return values
}

// rows returns the lines of a cell.
func (r Results) rows(c Cell) []Row {
	var out []Row
	for _, m := range append(reported(c.Model), alignment(), silhouette()) {
		if row := r.row(c, m); row.N > 0 || row.Diverged > 0 {
			out = append(out, row)
		}
	}
	return out
}

// writeRows writes the lines of all cells as results.csv and results.jsonl, and the trainings, with what they took, as
// trainings.jsonl.
func (s Study) writeRows(dir string, o Options, r Results) ([]Row, error) {
	type training struct {
		Model    string             `json:"model"`
		Data     string             `json:"data"`
		Variant  string             `json:"variant"`
		Mode     string             `json:"mode"`
		Route    string             `json:"route,omitempty"`
		Seed     int32              `json:"seed"`
		Epoch    int                `json:"epoch"`
		Metrics  map[string]float64 `json:"metrics"`
		Diverged string             `json:"diverged,omitempty"`
		Seconds  float64            `json:"seconds"`
	}
	var rows []Row
	var trainings []training
	cells := slices.Clone(s.cells(o))
	for i, c := range cells {
		if slices.Contains(cells[:i], c) {
			continue
		}
		rows = append(rows, r.rows(c)...)
		for _, t := range r[c] {
			line := training{c.Model, c.Data, c.Variant, c.Mode, "", t.Seed, t.Epoch, t.Metrics, t.Diverged, t.Seconds}
			if c.Mode == "dfa" {
				line.Route = c.Route.String()
			}
			trainings = append(trainings, line)
		}
	}
	head := []string{"data", "model", "variant", "mode", "route", "metric", "unit", "mean", "median", "std", "min", "max", "n", "diverged", "published"}
	var lines [][]string
	for _, row := range rows {
		published := ""
		if row.Published != nil {
			published = number(*row.Published)
		}
		lines = append(lines, []string{row.Data, row.Model, row.Variant, row.Mode, row.Route, row.Metric, row.Unit,
			number(row.Mean), number(row.Median), number(row.Std), number(row.Min), number(row.Max), strconv.Itoa(row.N), strconv.Itoa(row.Diverged), published})
	}
	if err := report.WriteCSV(filepath.Join(dir, "results.csv"), head, lines); err != nil {
		return nil, err
	}
	if err := report.WriteJSON(filepath.Join(dir, "results.jsonl"), rows); err != nil {
		return nil, err
	}
	return rows, report.WriteJSON(filepath.Join(dir, "trainings.jsonl"), trainings)
}

func number(v float64) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// nameOf returns what the paper calls a model.
func nameOf(model string) string {
	names := map[string]string{"cheb": "ChebConv", "gcn": "GraphConv", "spline": "SplineConv", "gat": "GATConv", "dna": "DNAConv", "gae": "Graph auto-encoder"}
	if n := names[model]; n != "" {
		return n
	}
	return model
}

// dataName returns what the paper calls a data set.
func dataName(data string) string {
	names := map[string]string{"cora": "Cora", "citeseer": "CiteSeer", "pubmed": "PubMed"}
	if n := names[data]; n != "" {
		return n
	}
	return data
}
