package geometric

import (
	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// GCNEntry returns GraphConv of table 3.
func GCNEntry() entry.Entry {
	return nodeEntry(entry.Entry{
		Name: "gcn", Doc: "two-layer graph convolutional network (GraphConv) on a citation graph",
		Reproduces: "tables 3 and A.4, row GraphConv; figure 2",
		Options:    func() any { return option.New[GCNOptions]() },
		Define:     func(o any, _ string) *graph.Graph { return GCN(*o.(*GCNOptions)) },
		Functions: map[string]func(any, string) *graph.Graph{
			"hidden": func(o any, _ string) *graph.Graph { return GCNHidden(*o.(*GCNOptions)) },
		},
		Recipe: gcnRecipe,
		Torch:  entry.Torch{{Param: "*/weight", Name: "*.lin.weight", Form: entry.Linear}},
	}, gcnData())
}

func gcnData() preparation {
	return preparation{operators: []operator{propagationOperator()}}
}

// gcnRecipe is that of the published code (geometric.py): Adam at 0.01 for 250 epochs, L2 decay of the first convolution alone.
// Dropout is 0.5 and the decay 5e-4 in bp; dfa was tuned to 0.1 and 1e-4. Shallow is dfa without training below the cut.
func gcnRecipe(mode, _ string) entry.Recipe {
	decay, dropout := 1e-4, "0.1"
	if mode == "bp" {
		decay, dropout = 5e-4, "0.5"
	}
	return geometricRecipe(0.01, decayOf("conv1/*", decay), map[string]string{"dropout": dropout})
}

// geometricRecipe is what the recipes of all node classifiers have in common, from the published code: Adam for 250 epochs.
func geometricRecipe(lr float64, decay passes.Optimizer, set map[string]string) entry.Recipe {
	decay.Rule = "adam"
	return entry.Recipe{Source: "published code, geometric.py", Set: set, Optimizer: decay, LR: lr, Epochs: 250}
}

// decayOf decays the parameters of a pattern alone.
func decayOf(match string, decay float64) passes.Optimizer {
	return passes.Optimizer{Groups: []passes.Group{{Match: match, WeightDecay: &decay}}}
}
