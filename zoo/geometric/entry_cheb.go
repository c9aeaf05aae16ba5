package geometric

import (
	"graft/graph"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// ChebEntry returns ChebConv of table 3.
func ChebEntry() entry.Entry {
	return nodeEntry(entry.Entry{
		Name: "cheb", Doc: "two-layer Chebyshev network (ChebConv) on a citation graph",
		Reproduces: "tables 3 and A.4, row ChebConv",
		Options:    func() any { return option.New[ChebOptions]() },
		Define:     func(o any, _ string) *graph.Graph { return Cheb(*o.(*ChebOptions)) },
		Recipe:     chebRecipe,
		Torch:      entry.Torch{{Param: "*/weight", Name: "*.lins.#.weight", Form: entry.Linears}},
	}, chebData())
}

func chebData() preparation {
	return preparation{operators: []operator{propagationOperator(), {"laplacian", "edges", laplacian}}}
}

// chebRecipe is that of the published code (geometric.py): Adam at 0.01 for 250 epochs, L2 decay of the first convolution alone.
// Dropout is 0.5 and the decay 5e-4 in bp; dfa was tuned to 0 and 1e-4. Shallow is dfa without training below the cut.
func chebRecipe(mode, _ string) entry.Recipe {
	decay, dropout := 1e-4, "0"
	if mode == "bp" {
		decay, dropout = 5e-4, "0.5"
	}
	return geometricRecipe(0.01, decayOf("conv1/*", decay), map[string]string{"dropout": dropout})
}
