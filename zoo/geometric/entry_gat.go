package geometric

import (
	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// GATEntry returns GATConv of table 3. Its variants differ in the recipe and in the alignment, not in the definition.
func GATEntry() entry.Entry {
	return nodeEntry(entry.Entry{
		Name: "gat", Doc: "two-layer graph attention network (GATConv) on a citation graph",
		Reproduces: "tables 3 and A.4, row GATConv",
		Options:    func() any { return option.New[GATOptions]() },
		Define:     func(o any, _ string) *graph.Graph { return GAT(*o.(*GATOptions)) },
		Recipe:     gatRecipe,
		// att_i belongs to the target of an edge, att_j to its source.
		Torch: entry.Torch{
			{Param: "*/lin/weight", Form: entry.Linear},
			{Param: "*/att_i", Name: "*.att_dst"},
			{Param: "*/att_j", Name: "*.att_src"},
		},
	}, gatData())
}

func gatData() preparation {
	return preparation{operators: []operator{propagationOperator()}}
}

// gatRecipe is that of the published code (geometric.py): Adam at 0.005 for 250 epochs. In bp L2 decay is 5e-4 and every dropout
// 0.6; dfa was tuned to decay 1e-4 and dropout 0.1 outside of the attention. Inside, the paper (the default variant) says that
// dfa keeps 0.6; the published code (reference) keeps it in the first layer and has 0 in the second. Shallow is dfa without
// training below the cut.
func gatRecipe(mode, variant string) entry.Recipe {
	decay, dropout, output := 1e-4, "0.1", "0.6"
	switch {
	case mode == "bp":
		decay, dropout = 5e-4, "0.6"
	case variant == entry.Reference:
		output = "0"
	}
	return geometricRecipe(0.005, passes.Optimizer{WeightDecay: decay}, map[string]string{
		"dropout": dropout, "attention_dropout": "0.6", "output_attention_dropout": output,
	})
}
