package recommend

import (
	"strings"

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
		TorchTransposed: torchTransposed,
	}
}

// torchTransposed tells the weights of torch.nn.Linear, of MultiheadAttention and of the logarithmic neurons, all [out, in],
// from tables, which are as they are here.
func torchTransposed(param string) bool {
	return strings.HasSuffix(param, "/weight") && !strings.HasSuffix(param, "/norm/weight") &&
		param != "embedding/weight" && param != "linear/weight"
}
