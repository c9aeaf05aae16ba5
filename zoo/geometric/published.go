package geometric

import (
	"slices"

	"graft/zoo/entry"
)

// nodeEntry completes the entry of a node classifier. The published code measures the alignment of every one (alignment.py)
// against a copy of the model that it leaves in training mode: the reference variant does so too.
func nodeEntry(e entry.Entry, p preparation) entry.Entry {
	p.operators = append(p.operators, routeOperators()...)
	e.Data, e.StandIn = dataSets()
	e.Open = p.open
	e.Metric, e.Unit = "test_accuracy", "percent"
	e.Published = published(e.Name)
	e.FromEdges = fromEdges(p.operators)
	e.Variants, e.DrawnAlignment = []string{entry.Paper, entry.Reference}, entry.Reference
	return e
}

// dataSets returns the names of the citation graphs, and the generated one in place of each.
func dataSets() (names []string, standIn map[string]string) {
	names = []string{"cora", "citeseer", "pubmed"}
	standIn = map[string]string{}
	for _, n := range slices.Clone(names) {
		standIn[n] = synthetic + n
		names = append(names, synthetic+n)
	}
	return names, standIn
}

// published returns a model's test accuracies of tables 3 (bp, dfa) and A.4 (shallow).
func published(model string) func(data, mode string) (float64, bool) {
	table := map[string]map[string][3]float64{
		"cora": {
			"cheb": {79.2, 75.4, 23.3}, "gcn": {80.1, 79.9, 37.0}, "spline": {81.0, 77.7, 39.6}, "gat": {82.6, 80.6, 59.4}, "dna": {84.6, 82.9, 30.2},
		},
		"citeseer": {
			"cheb": {69.5, 67.6, 27.4}, "gcn": {71.6, 69.4, 33.8}, "spline": {70.0, 69.8, 30.1}, "gat": {72.0, 71.2, 49.8}, "dna": {73.4, 70.8, 24.0},
		},
		"pubmed": {
			"cheb": {79.5, 75.7, 37.6}, "gcn": {78.8, 77.8, 44.8}, "spline": {77.5, 77.2, 44.2}, "gat": {77.7, 77.1, 67.8}, "dna": {87.2, 79.9, 42.2},
		},
	}
	column := map[string]int{"bp": 0, "dfa": 1, "shallow": 2}
	return func(data, mode string) (float64, bool) {
		row, ok := table[data][model]
		at, known := column[mode]
		if !ok || !known {
			return 0, false
		}
		return row[at], true
	}
}
