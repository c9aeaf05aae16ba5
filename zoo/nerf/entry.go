package nerf

import (
	"graft/graph"
	"graft/passes"
	"graft/runtime/train"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// Entry returns the radiance field of table 1.
func Entry() entry.Entry {
	return field("nerf", "neural radiance field, a coarse and a fine network", "table 1, rows NeRF; figure 1",
		func() any { return option.New[Options]() })
}

// XLEntry returns NeRF-XL: in the variant "paper" the fine network is twice as wide; the published training script, "reference",
// gives the coarse one the width of the fine one, too.
func XLEntry() entry.Entry {
	e := field("nerf-xl", "neural radiance field whose fine network is twice as wide", "appendix, NeRF-XL", func() any {
		o := option.New[Options]()
		o.FineWidth = 2 * o.Width
		return o
	})
	define, dual := e.Define, e.Functions["render_dual"]
	e.Define = func(o any, variant string) *graph.Graph { return define(widened(o, variant), variant) }
	e.Functions["render_dual"] = func(o any, variant string) *graph.Graph { return dual(widened(o, variant), variant) }
	return e
}

// widened returns the options as NeRF-XL's variant has them.
func widened(options any, variant string) *Options {
	o := *options.(*Options)
	if variant != entry.Paper && o.FineWidth > 0 {
		o.Width = o.FineWidth
	}
	return &o
}

func field(name, doc, reproduces string, options func() any) entry.Entry {
	original := func(variant string) bool { return variant == entry.Paper }
	return entry.Entry{
		Name: name, Doc: doc, Reproduces: reproduces,
		Options: options,
		Define:  func(o any, variant string) *graph.Graph { return NeRF(*o.(*Options), original(variant)) },
		Functions: map[string]func(any, string) *graph.Graph{
			"render_dual": func(o any, variant string) *graph.Graph { return Dual(*o.(*Options), original(variant)) },
		},
		Variants: []string{entry.Reference, entry.Paper},
		Recipe:   recipe,
		Data:     []string{syntheticScene},
		Open: func(data, _ string) (*entry.Task, error) {
			task, err := open(data, true, small(name))
			if err == nil {
				task.Set = map[string]string{"white": "true"}
				task.Pictures.Functions = []string{"render_dual"}
			}
			return task, err
		},
		Metric: "psnr", Unit: "dB",
		Published: published(name),
		Torch:     torch(),
	}
}

// recipe is that of the published configurations of NeRF's synthetic scenes (config/synth-*.yml), the same in every mode: Adam at
// 1e-4, falling to a tenth over the 500,000 iterations, of 1024 rays each.
func recipe(_, _ string) entry.Recipe {
	const iterations = 500_000
	return entry.Recipe{
		Source:    "published code, config/synth-*.yml",
		Optimizer: passes.Optimizer{Rule: "adam"},
		LR:        1e-4, Epochs: iterations / epochSteps, Batch: 1024,
		Schedule: func(lr float64) train.Schedule { return train.Exponential(lr, 0.1, iterations) },
	}
}

// small fits the recipe to the synthetic scene: networks of a quarter of the width, a quarter of the coarse samples and an eighth of
// the fine ones, 1000 iterations of 128 rays, and a higher rate on the same course. NeRF-XL's fine network is twice as wide as
// NeRF's here, too.
func small(name string) func(string, entry.Recipe) entry.Recipe {
	return func(_ string, r entry.Recipe) entry.Recipe {
		const iterations = 1000
		r.Source += ", scaled down to " + syntheticScene
		r.Set = map[string]string{"width": "64", "samples": "16", "fine": "16", "noise": densityNoise}
		if name == "nerf-xl" {
			r.Set["fine_width"] = "128"
		}
		r.LR, r.Epochs, r.Batch = 2e-3, iterations/epochSteps, 128
		r.Schedule = func(lr float64) train.Schedule { return train.Exponential(lr, 0.1, iterations) }
		return r
	}
}

// published returns table 1: the mean over the eight synthetic scenes, where bp is of the NeRF paper.
func published(name string) func(data, mode string) (float64, bool) {
	return func(data, mode string) (float64, bool) {
		if name != "nerf" || data != "nerf-synthetic" {
			return 0, false
		}
		v, ok := map[string]float64{"bp": 31.01, "dfa": 25.41}[mode]
		return v, ok
	}
}

// torch says what the state_dicts of the counterparts are: torch.nn.Linear throughout.
func torch() entry.Torch { return entry.Torch{{Param: "*", Form: entry.Linear}} }
