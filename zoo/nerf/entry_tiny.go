package nerf

import (
	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// TinyEntry returns Tiny-NeRF of figure A.1, for which no numbers are published.
func TinyEntry() entry.Entry {
	return entry.Entry{
		Name: "nerf-tiny", Doc: "small radiance field that sees no direction, one network",
		Reproduces: "figure A.1",
		Options:    func() any { return option.New[TinyOptions]() },
		Define:     func(o any, _ string) *graph.Graph { return Tiny(*o.(*TinyOptions)) },
		Recipe:     tinyRecipe,
		Data:       []string{syntheticScene},
		Open: func(data, _ string) (*entry.Task, error) {
			return open(data, false, smallTiny)
		},
		Metric: "psnr", Unit: "dB",
		Published: func(_, _ string) (float64, bool) { return 0, false },
		Torch:     torch(),
	}
}

// tinyRecipe is that of the published script (tiny_nerf.py), the same in every mode: Adam at 5e-3 for 5000 iterations, each of a
// whole view.
func tinyRecipe(_, _ string) entry.Recipe {
	return entry.Recipe{
		Source:    "published code, tiny_nerf.py",
		Optimizer: passes.Optimizer{Rule: "adam"},
		LR:        5e-3, Epochs: 5000 / epochSteps,
	}
}

// smallTiny fits the recipe to the synthetic scene, a tenth of the published one: 256 rays of a view, half the samples, half
// the width, 500 iterations.
func smallTiny(_ string, r entry.Recipe) entry.Recipe {
	r.Source += ", scaled down to " + syntheticScene
	r.Set = map[string]string{"width": "64", "samples": "16", "noise": densityNoise}
	r.Epochs, r.Batch = 500/epochSteps, 256
	return r
}
