package geometric

import (
	"strings"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// GAEEntry returns the graph auto-encoder of table 4.
func GAEEntry() entry.Entry {
	auc := linkScores(map[string][2]float64{"cora": {0.918, 0.900}, "citeseer": {0.886, 0.879}, "pubmed": {0.967, 0.945}})
	ap := linkScores(map[string][2]float64{"cora": {0.918, 0.900}, "citeseer": {0.895, 0.889}, "pubmed": {0.966, 0.945}})
	data, standIn := dataSets()
	return entry.Entry{
		Name: "gae", Doc: "graph auto-encoder that predicts the links of a citation graph",
		Reproduces: "table 4",
		Options:    func() any { return option.New[GAEOptions]() },
		Define:     func(o any, _ string) *graph.Graph { return GAE(*o.(*GAEOptions)) },
		Recipe:     gaeRecipe,
		Data:       data,
		StandIn:    standIn,
		Open:       openLinks,
		Metric:     "test_auc", Unit: "share", Published: auc,
		Also:      []entry.Metric{{Name: "test_ap", Unit: "share", Published: ap}},
		FromEdges: fromEdges(append(routeOperators(), propagationOperator(), operator{"positive", "positives", joined})),
		Torch: entry.Torch{
			{Param: "*/weight", Name: "encoder.*.lin.weight", Form: entry.Linear},
			{Param: "*/bias", Name: "encoder.*.bias"},
		},
	}
}

// linkScores returns a column of table 4: bp and dfa.
func linkScores(table map[string][2]float64) func(data, mode string) (float64, bool) {
	return func(data, mode string) (float64, bool) {
		row, ok := table[data]
		switch mode {
		case "bp":
			return row[0], ok
		case "dfa":
			return row[1], ok
		}
		return 0, false
	}
}

// joined holds 1 where an edge is given that is no self loop.
func joined(nodes int, source, target []int32) (*buffer.Pattern, []float32, error) {
	p, times, err := countEdges(nodes, source, target, false)
	if err != nil {
		return nil, nil, err
	}
	ones := make([]float32, len(times))
	for k := range ones {
		ones[k] = 1
	}
	return p, ones, nil
}

// gaeRecipe is that of the published code (autoencoder.py) on Cora and PubMed: Adam at 0.01 for 400 epochs, without decay.
func gaeRecipe(_, _ string) entry.Recipe {
	return entry.Recipe{
		Source: "published code, autoencoder.py", Optimizer: passes.Optimizer{Rule: "adam"}, LR: 0.01, Epochs: 400,
	}
}

// adaptGAE returns how the recipe differs on a data set: CiteSeer trains for 200 epochs, and dfa at 0.02.
func adaptGAE(data string) func(mode string, published entry.Recipe) entry.Recipe {
	return func(mode string, r entry.Recipe) entry.Recipe {
		if !strings.HasSuffix(data, "citeseer") {
			return r
		}
		r.Epochs = 200
		if mode != "bp" {
			r.LR = 0.02
		}
		return r
	}
}
