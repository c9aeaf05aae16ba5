package recommend

import (
	"graft/passes"
	"graft/zoo/entry"
)

// experiment is a published run on Criteo: its constants, and the area under the curve and the loss that it came to.
type experiment struct {
	lr                      float64
	dropout                 string // "" where the model has none
	batch, epochs, patience int
	auc, logLoss            float64
}

// published holds the runs of tables 2 and A.3 and their constants, which are those of the published scripts. AutoInt is in the
// code alone. A factorization machine has nothing to cut: it was trained by backpropagation only.
func published() map[string]map[string]experiment {
	return map[string]map[string]experiment{
		"fm": {
			"bp": {lr: 1e-4, batch: 2048, epochs: 15, patience: 3, auc: 0.79148, logLoss: 0.46870},
		},
		"deepfm": {
			"bp":      {lr: 3e-4, dropout: "0.5", batch: 2048, epochs: 30, patience: 5, auc: 0.79536, logLoss: 0.46104},
			"dfa":     {lr: 5e-5, dropout: "0.5", batch: 2048, epochs: 30, patience: 5, auc: 0.79558, logLoss: 0.46238},
			"shallow": {lr: 1e-4, dropout: "0.1", batch: 2048, epochs: 30, patience: 5, auc: 0.79202, logLoss: 0.46824},
		},
		"dcn": {
			"bp":      {lr: 2e-4, dropout: "0", batch: 512, epochs: 15, patience: 3, auc: 0.81036, logLoss: 0.44141},
			"dfa":     {lr: 5e-5, dropout: "0", batch: 512, epochs: 15, patience: 3, auc: 0.80090, logLoss: 0.45017},
			"shallow": {lr: 1e-3, dropout: "0", batch: 2048, epochs: 30, patience: 5, auc: 0.73240, logLoss: 0.50102},
		},
		"afn": {
			"bp":      {lr: 4e-4, dropout: "0.3", batch: 2048, epochs: 15, patience: 3, auc: 0.79331, logLoss: 0.46299},
			"dfa":     {lr: 3e-4, dropout: "0", batch: 2048, epochs: 15, patience: 3, auc: 0.79240, logLoss: 0.46210},
			"shallow": {lr: 4e-4, dropout: "0", batch: 2048, epochs: 30, patience: 5, auc: 0.78593, logLoss: 0.46853},
		},
		"autoint": {
			"bp":      {lr: 1e-4, dropout: "0", batch: 2048, epochs: 15, patience: 3, auc: 0.79367, logLoss: 0.46200},
			"dfa":     {lr: 5e-5, dropout: "0", batch: 2048, epochs: 15, patience: 3, auc: 0.79055, logLoss: 0.45996},
			"shallow": {lr: 4e-4, dropout: "0.5", batch: 2048, epochs: 30, patience: 5, auc: 0.78603, logLoss: 0.46864},
		},
	}
}

// recipe returns the published way of training a model: Adam without decay, gradients clipped at a global norm of 100 for the
// deep & cross network. Training ends early when the validation AUC has been worse than its best for some epochs. Of what the
// published code does then, one thing differs here: it tests the last model where the epochs run out, and the best one only
// where they did not; the best epoch is reported in both cases here.
//
// A mode that was not published takes the recipe of backpropagation.
func recipe(model, mode string) entry.Recipe {
	x, ok := published()[model][mode]
	if !ok {
		x = published()[model]["bp"]
	}
	r := entry.Recipe{
		Source:    "published code, " + script(model),
		Optimizer: passes.Optimizer{Rule: "adam"},
		LR:        x.lr, Epochs: x.epochs, Batch: x.batch, Patience: x.patience,
	}
	if x.dropout != "" {
		r.Set = map[string]string{"dropout": x.dropout}
	}
	if model == "dcn" {
		r.Optimizer.ClipNorm = 100
	}
	return r
}

// script names the published script of a model.
func script(model string) string {
	if model == "dcn" {
		model = "deepcross"
	}
	return "reproduce_" + model + ".sh"
}

// result picks a value of a published run.
func result(model string, value func(x experiment) float64) func(data, mode string) (float64, bool) {
	return func(data, mode string) (float64, bool) {
		x, ok := published()[model][mode]
		return value(x), ok && data == "criteo"
	}
}
