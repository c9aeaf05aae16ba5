package recommend

import (
	"graft/graph"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// Entries returns the click models: fm, deepfm, dcn, afn and autoint.
func Entries() []entry.Entry {
	fm := newEntry("fm", "factorization machine: linear term and pairwise products of embeddings", "tables 2 and A.3, row FM")
	fm.Options = func() any { return option.New[FMOptions]() }
	fm.Define = func(o any, _ string) *graph.Graph { return FM(*o.(*FMOptions)) }

	deepfm := newEntry("deepfm", "factorization machine and MLP over one embedding", "tables 2 and A.3, row DeepFM")
	deepfm.Options = func() any { return option.New[DeepFMOptions]() }
	deepfm.Define = func(o any, _ string) *graph.Graph { return DeepFM(*o.(*DeepFMOptions)) }

	dcn := newEntry("dcn", "deep & cross network: cross layers and an MLP over one embedding", "tables 2, A.1 and A.3, row DCN")
	dcn.Options = func() any { return option.New[DCNOptions]() }
	dcn.Define = func(o any, _ string) *graph.Graph { return DCN(*o.(*DCNOptions)) }

	afn := newEntry("afn", "adaptive factorization network: logarithmic neurons and an MLP", "tables 2, A.1 and A.3, row AFN")
	afn.Options = func() any { return option.New[AFNOptions]() }
	afn.Define = func(o any, variant string) *graph.Graph { return AFN(*o.(*AFNOptions), variant == entry.Reference) }
	afn.Variants = []string{entry.Paper, entry.Reference}

	autoint := newEntry("autoint", "self-attention over fields and an MLP over one embedding", "the published code; the paper leaves it out")
	autoint.Options = func() any { return option.New[AutoIntOptions]() }
	autoint.Define = func(o any, _ string) *graph.Graph { return AutoInt(*o.(*AutoIntOptions)) }

	return []entry.Entry{fm, deepfm, dcn, afn, autoint}
}

// newEntry returns what the models have in common.
func newEntry(name, doc, reproduces string) entry.Entry {
	return entry.Entry{
		Name: name, Doc: doc, Reproduces: reproduces,
		Recipe: func(mode, _ string) entry.Recipe { return recipe(name, mode) },
		Data:   []string{"synthetic-clicks"},
		Open:   func(data, _ string) (*entry.Task, error) { return open(name, data) },
		Metric: "test_auc", Unit: "share",
		Published: result(name, func(x experiment) float64 { return x.auc }),
		Also: []entry.Metric{
			{Name: "log_loss", Unit: "nats", Published: result(name, func(x experiment) float64 { return x.logLoss })},
		},
		Torch: torch(),
	}
}

// torch says what the state_dicts of the counterparts are; see the package's documentation.
func torch() entry.Torch {
	return entry.Torch{
		{Param: "embedding/*"},
		{Param: "linear/*"},
		{Param: "attention*/in/*", Name: "attention*.in_proj_*", Form: entry.Linear},
		{Param: "attention*/out/*", Name: "attention*.out_proj.*", Form: entry.Linear},
		{Param: "*", Form: entry.Linear},
	}
}
