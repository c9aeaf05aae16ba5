package geometric

import (
	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// DNAEntry returns DNAConv of table 3. Both variants are trained on the published code's split, 20 % of the nodes of each class
// for training and 20 % for validation, drawn by the run's seed, and on features as they are stored.
func DNAEntry() entry.Entry {
	return nodeEntry(entry.Entry{
		Name: "dna", Doc: "dynamic neighbourhood aggregation network (DNAConv) on a citation graph",
		Reproduces: "tables 3 and A.4, row DNAConv",
		Options:    func() any { return option.New[DNAOptions]() },
		Define: func(o any, variant string) *graph.Graph {
			return DNA(*o.(*DNAOptions), variant == entry.Reference)
		},
		Recipe: dnaRecipe,
		Torch:  entry.Torch{{Param: "lin*/weight", Form: entry.Linear}}, // of the aggregations as they are
	}, dnaData())
}

func dnaData() preparation {
	return preparation{operators: []operator{propagationOperator()}, stored: true, stratified: true}
}

// dnaRecipe is that of the published code: Adam for 250 epochs. In bp the rate is 0.005, L2 decay 5e-4, dropout 0.5, and 0.8 in the
// attention; dfa has neither decay nor dropout. The rate of dfa is 0.01 in geometric.py (the reference variant), whose error site
// is after the log-softmax, and 0.005 in alignment.py; the paper variant (the default), whose error is that of the logits, takes
// the latter. Shallow is dfa without training below the cuts.
func dnaRecipe(mode, variant string) entry.Recipe {
	if mode == "bp" {
		return geometricRecipe(0.005, passes.Optimizer{WeightDecay: 5e-4}, map[string]string{"dropout": "0.5", "attention_dropout": "0.8"})
	}
	lr := 0.005
	if variant == entry.Reference {
		lr = 0.01
	}
	return geometricRecipe(lr, passes.Optimizer{}, map[string]string{"dropout": "0", "attention_dropout": "0"})
}
