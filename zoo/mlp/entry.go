package mlp

import (
	"fmt"
	"strconv"

	"gorgonia.org/tensor"
	"graft/graph"
	"graft/passes"
	"graft/runtime/train"
	"graft/zoo/dataset"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// Entry returns the perceptron of TinyDFA's MNIST example.
func Entry() entry.Entry {
	return entry.Entry{
		Name: "mlp", Doc: "multilayer perceptron, 784-256-256-10 by default, on handwritten digits",
		Reproduces: "TinyDFA's MNIST example",
		Options:    func() any { return option.New[Options]() },
		Define:     func(o any, _ string) *graph.Graph { return Model(*o.(*Options)) },
		Recipe:     recipe,
		Data:       []string{"mnist", "synthetic-digits"},
		StandIn:    map[string]string{"mnist": "synthetic-digits"},
		Open:       open,
		Metric:     "test_accuracy", Unit: "percent",
		Published: func(data, mode string) (float64, bool) { return 0, false }, // the example states no numbers
		Torch:     entry.Torch{{Param: "*", Form: entry.Linear}},
	}
}

// recipe is that of TinyDFA's example (mnist_fast_example.py), the same in every mode: SGD with momentum 0.9 at rate 0.01, batch
// 128, 15 epochs.
func recipe(_, _ string) entry.Recipe {
	return entry.Recipe{
		Source:    "TinyDFA, MNIST example",
		Optimizer: passes.Optimizer{Rule: "sgd", Momentum: 0.9},
		LR:        0.01, Epochs: 15, Batch: 128,
	}
}

// evalBatch is the number of rows of an evaluation batch, as in the example.
const evalBatch = 1000

func open(data, dir string) (*entry.Task, error) {
	set, err := load(data, dir)
	if err != nil {
		return nil, err
	}
	return newTask(set), nil
}

func newTask(set *Dataset) *entry.Task {
	return &entry.Task{
		Data: set.Name,
		Set:  map[string]string{"inputs": strconv.Itoa(pixels), "classes": strconv.Itoa(classes)},
		Train: func(seed int32, batch int) (train.Source, error) {
			return train.Shuffled(set.Train.N, batch, seed, set.Train.fill), nil
		},
		Evaluate: func() (train.Source, train.Meter, error) {
			test := set.Test.part()
			return test.Source, test.Meter, nil
		},
		Tuning: func() *entry.Task { return tuning(set.withValidation()) },
		Align: func() (*train.Batch, error) {
			b := &train.Batch{}
			return b, train.InOrder(set.Test.N, min(evalBatch, set.Test.N), set.Test.fill).Batch(0, 0, b)
		},
	}
}

// tuning is the task of a set with a validation part.
func tuning(set *Dataset) *entry.Task {
	task := newTask(set)
	task.Tuning, task.Validation = nil, "val_accuracy"
	task.Evaluate = func() (train.Source, train.Meter, error) {
		source, meter := entry.Validated(set.Val.part(), set.Test.part())
		return source, meter, nil
	}
	return task
}

// part returns the rows as they are evaluated on.
func (s *Split) part() entry.Part {
	return entry.Part{Source: train.InOrder(s.N, evalBatch, s.fill), Meter: &accuracy{}}
}

func load(data, dir string) (*Dataset, error) {
	if data == "synthetic-digits" {
		return Synthetic(0, 12000, 2000), nil
	}
	found, err := dataset.Locate(data, dir)
	if err != nil {
		return nil, err
	}
	return LoadMNIST(found)
}

// fill brings the rows idx into b, reusing its tensors where their size fits.
func (s *Split) fill(idx []int, b *train.Batch) error {
	if b.Tensors == nil || b.Binding["batch"] != len(idx) {
		b.Binding = graph.Binding{"batch": len(idx)}
		b.Tensors = map[string]*tensor.Dense{
			"x":     tensor.New(tensor.WithShape(len(idx), pixels), tensor.Of(tensor.Float32)),
			"label": tensor.New(tensor.WithShape(len(idx)), tensor.Of(tensor.Int32)),
		}
	}
	x, label := b.Tensors["x"].Float32s(), b.Tensors["label"].Int32s()
	for row, i := range idx {
		copy(x[row*pixels:(row+1)*pixels], s.Images[i*pixels:(i+1)*pixels])
		label[row] = s.Labels[i]
	}
	return nil
}

// accuracy is the percentage of rows classified right.
type accuracy struct{ hits, rows float64 }

func (a *accuracy) Reset() { *a = accuracy{} }

func (a *accuracy) Add(_ *train.Batch, output func(name string) *tensor.Dense) error {
	hits := output("hits")
	if hits == nil {
		return fmt.Errorf("the program has no output %q", "hits")
	}
	for _, h := range hits.Float32s() {
		a.hits += float64(h)
		a.rows++
	}
	return nil
}

func (a *accuracy) Metrics() map[string]float64 {
	return map[string]float64{"test_accuracy": 100 * a.hits / a.rows}
}
