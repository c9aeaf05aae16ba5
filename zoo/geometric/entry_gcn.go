package geometric

import (
	"math"
	"slices"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// GCNEntry returns GraphConv of table 3.
func GCNEntry() entry.Entry {
	return entry.Entry{
		Name: "gcn", Doc: "two-layer graph convolutional network (GraphConv) on a citation graph",
		Reproduces: "tables 3 and A.4, row GraphConv",
		Options:    func() any { return option.New[GCNOptions]() },
		Define:     func(o any) *graph.Graph { return GCN(*o.(*GCNOptions)) },
		Recipe:     gcnRecipe,
		Data:       []string{"cora", "citeseer", "synthetic-cora", "synthetic-citeseer"},
		StandIn:    map[string]string{"cora": "synthetic-cora", "citeseer": "synthetic-citeseer"},
		Open:       openCitation,
		Metric:     "test_accuracy", Unit: "percent",
		Published: func(data, mode string) (float64, bool) {
			v, ok := map[[2]string]float64{
				{"cora", "bp"}: 80.1, {"cora", "dfa"}: 79.9, {"cora", "shallow"}: 37.0,
				{"citeseer", "bp"}: 71.6, {"citeseer", "dfa"}: 69.4, {"citeseer", "shallow"}: 33.8,
			}[[2]string{data, mode}]
			return v, ok
		},
		FromEdges: map[string]entry.FromEdges{"propagation": propagation},
	}
}

// propagation is the matrix that GCNConv of PyTorch Geometric 1.5.0 propagates with, its rows the targets: D^-1/2 (A+I) D^-1/2,
// where D counts the edges of A+I by their source. Like there, a node has one self loop, whether it is given, given twice or
// not, and another edge counts as often as it is given. Of an undirected graph it is [Citation.GCNPropagation], to the bit.
func propagation(nodes int, source, target []int32) (*buffer.Pattern, []float32, error) {
	places := make([]int64, 0, len(source)+nodes) // in row order, once sorted
	for k := range source {
		if source[k] != target[k] {
			places = append(places, int64(target[k])*int64(nodes)+int64(source[k]))
		}
	}
	for v := range nodes {
		places = append(places, int64(v)*int64(nodes)+int64(v))
	}
	slices.Sort(places)
	var row, col []int32
	var times []float64 // that an edge is given
	degree := make([]float64, nodes)
	for k, at := range places {
		if k == 0 || at != places[k-1] {
			row, col, times = append(row, int32(at/int64(nodes))), append(col, int32(at%int64(nodes))), append(times, 0)
		}
		last := len(times) - 1
		times[last]++
		degree[col[last]]++
	}
	p, _, err := buffer.NewPattern(nodes, nodes, row, col)
	if err != nil {
		return nil, nil, err
	}
	entries := make([]float32, p.NNZ())
	for k := range entries {
		entries[k] = float32(times[k] * (1 / math.Sqrt(degree[p.Row[k]]) * (1 / math.Sqrt(degree[p.Col[k]]))))
	}
	return p, entries, nil
}

// gcnRecipe is that of the published code (geometric.py): Adam at 0.01 for 250 epochs, L2 decay of the first convolution alone.
// Dropout is 0.5 and the decay 5e-4 in bp; dfa was tuned to 0.1 and 1e-4. Shallow is dfa without training below the cut.
func gcnRecipe(mode string) entry.Recipe {
	decay, dropout := 1e-4, "0.1"
	if mode == "bp" {
		decay, dropout = 5e-4, "0.5"
	}
	return entry.Recipe{
		Source:    "published code, geometric.py",
		Set:       map[string]string{"dropout": dropout},
		Optimizer: passes.Optimizer{Rule: "adam", Groups: []passes.Group{{Match: "conv1/*", WeightDecay: &decay}}},
		LR:        0.01, Epochs: 250,
	}
}
