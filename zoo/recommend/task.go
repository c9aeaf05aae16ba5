package recommend

import (
	"fmt"
	"maps"
	"strconv"

	"graft/runtime/train"
	"graft/zoo/entry"
)

const (
	evalBatch  = 2048 // rows of an evaluation batch, as in most of the published runs
	alignBatch = 512  // rows on which alignment is measured, as in the paper
)

// open generates a model's data.
func open(model, data string) (*entry.Task, error) {
	if data != "synthetic-clicks" {
		return nil, fmt.Errorf("no data set %q; there is synthetic-clicks", data)
	}
	task := newTask(Synthetic(0, 100000, 10000, 10000))
	task.Adapt = func(mode string, published entry.Recipe) entry.Recipe { return adapt(model, mode, published) }
	return task, nil
}

// newTask trains on the rows as they stand, like the published loaders, which do not shuffle: rows are in random order already.
func newTask(d *Dataset) *entry.Task {
	return &entry.Task{
		Data: d.Name,
		Set:  map[string]string{"fields": strconv.Itoa(d.Fields), "features": strconv.Itoa(d.Features)},
		Train: func(_ int32, batch int) (train.Source, error) {
			return d.inOrder(&d.Train, batch), nil
		},
		Evaluate: func() (train.Source, train.Meter, error) {
			source, meter := entry.Validated(d.part(&d.Val), d.part(&d.Test))
			return source, meter, nil
		},
		Align: func() (*train.Batch, error) {
			b := &train.Batch{}
			return b, d.inOrder(&d.Test, min(alignBatch, d.Test.N)).Batch(0, 0, b)
		},
		Best: "val_auc", Validation: "val_auc",
	}
}

// fit is how a model is trained on a small data set. Rates are by mode; other modes take that of backpropagation.
type fit struct {
	lr     map[string]float64
	decay  float64
	epochs int
	widths map[string]string
}

// fits are for synthetic-clicks, by model. Rates are the best of three, a factor of two to four apart, by validation AUC over five
// seeds. What has a linear term needs decay there: its weights start as large as what they are to learn, and rare features would
// keep them.
func fits() map[string]fit {
	return map[string]fit{
		"fm":      {map[string]float64{"bp": 1e-3}, 3e-3, 15, nil},
		"deepfm":  {map[string]float64{"bp": 1e-3, "dfa": 3e-3, "shallow": 3e-3}, 3e-3, 12, map[string]string{"mlp": "64,64,64"}},
		"dcn":     {map[string]float64{"bp": 1e-3, "dfa": 1e-3, "shallow": 4e-3}, 0, 3, map[string]string{"embedding": "8", "deep": "128,128"}},
		"afn":     {map[string]float64{"bp": 4e-3}, 1e-3, 6, map[string]string{"lnn": "64", "mlp": "64,64,64"}},
		"autoint": {map[string]float64{"bp": 2e-3, "dfa": 8e-3, "shallow": 8e-3}, 1e-3, 4, map[string]string{"embedding": "8", "attention": "8", "layers": "2", "mlp": "64,64,64"}},
	}
}

// adapt makes a published recipe one for 100 thousand rows instead of 36 million: larger rates, smaller batches and narrower layers.
// The dropout of each mode stays as published.
func adapt(model, mode string, r entry.Recipe) entry.Recipe {
	f := fits()[model]
	lr, ok := f.lr[mode]
	if !ok {
		lr = f.lr["bp"]
	}
	r.Source = "a small fixed grid on synthetic-clicks"
	r.LR, r.Optimizer.WeightDecay, r.Epochs, r.Batch, r.Patience = lr, f.decay, f.epochs, 256, 3
	set := maps.Clone(f.widths)
	if set == nil {
		set = map[string]string{}
	}
	maps.Copy(set, r.Set)
	r.Set = set
	return r
}
