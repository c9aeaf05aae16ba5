package geometric

import (
	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// SplineEntry returns SplineConv of table 3.
func SplineEntry() entry.Entry {
	return nodeEntry(entry.Entry{
		Name: "spline", Doc: "two-layer spline network (SplineConv) on a citation graph",
		Reproduces: "tables 3 and A.4, row SplineConv",
		Options:    func() any { return option.New[SplineOptions]() },
		Define:     func(o any, _ string) *graph.Graph { return Spline(*o.(*SplineOptions)) },
		Recipe:     splineRecipe,
		Torch:      entry.Torch{{Param: "*/root", Name: "*.lin.weight", Form: entry.Linear}},
	}, splineData())
}

func splineData() preparation {
	return preparation{operators: append([]operator{propagationOperator()}, splineOperators()...), stored: true}
}

// splineRecipe is that of the published code (geometric.py), one for all modes: Adam at 0.01 for 250 epochs, L2 decay 5e-3,
// dropout 0.5, features as they are stored.
func splineRecipe(_, _ string) entry.Recipe {
	return geometricRecipe(0.01, passes.Optimizer{WeightDecay: 5e-3}, map[string]string{"dropout": "0.5"})
}
