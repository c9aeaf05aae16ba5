// Package entry says what a model of the zoo consists of: its definition over typed options, a recipe for each training mode,
// and the tasks (data sets) that it is trained on. The families fill in entries; package zoo lists them.
package entry

import (
	"maps"
	"slices"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/runtime/train"
	"graft/zoo/option"
)

// Entry is one model of the zoo.
type Entry struct {
	Name       string
	Doc        string // one line
	Reproduces string // the table or figure of the paper, or the published code, that it stands for
	// Options returns a pointer to the model's option struct with its defaults; Define builds the definition from one.
	Options func() any
	Define  func(options any, variant string) *graph.Graph
	// Functions holds other definitions over the same parameters by name, such as another way of rendering; nil stands for none.
	Functions map[string]func(options any, variant string) *graph.Graph
	// Variants lists the readings of the model where paper and published code disagree, the default first; nil stands for "paper"
	// alone.
	Variants []string
	// Recipe returns the published way of training in a mode.
	Recipe func(mode, variant string) Recipe
	// Data names the data sets it can be trained on, the default first. A "synthetic-" name is generated.
	Data []string
	// StandIn names the generated data set that is used, with an announcement, where a real one is not at hand.
	StandIn map[string]string
	// Open reads or generates a data set. dir is where the user says data are, or "".
	Open func(data, dir string) (*Task, error)
	// Metric is what the paper reports, Unit its unit.
	Metric, Unit string
	// Published returns the paper's value for a mode on a data set.
	Published func(data, mode string) (value float64, ok bool)
	// Also are further metrics that the paper reports, in the order in which they are listed.
	Also []Metric
	// FromEdges makes sparse inputs, by name, out of the directed edges of a graph: edge k leads from node source[k] to node
	// target[k], both below nodes. Where there are none, the model sees no graph.
	FromEdges map[string]FromEdges
	// DrawnAlignment names the variant that measures alignment as the published code does by mistake (passes.Options); "" is none.
	DrawnAlignment string
	// Torch says how the state_dict of the model's usual counterpart in PyTorch holds its parameters.
	Torch Torch
}

// Metric is a measure of a trained model: its name among a task's metrics, its unit, and what the paper reports.
type Metric struct {
	Name, Unit string
	Published  func(data, mode string) (value float64, ok bool)
}

// Metrics returns all that is reported of the model, what the paper lists first in front.
func (e Entry) Metrics() []Metric {
	return append([]Metric{{e.Metric, e.Unit, e.Published}}, e.Also...)
}

// FromEdges makes a sparse matrix over the nodes of a graph: the places of its entries, and the entries in their order.
type FromEdges func(nodes int, source, target []int32) (*buffer.Pattern, []float32, error)

// Paper and Reference are the names of variants: what the paper says, and what the published code does.
const (
	Paper     = "paper"
	Reference = "reference"
)

// Build returns the definition for an option struct and a variant, after checking it.
func (e Entry) Build(options any, variant string) (*graph.Graph, error) {
	g := e.Define(options, variant)
	return g, g.Err()
}

// Recipe is how a mode is trained: option values, optimizer, rate, epochs and batch, with their source.
type Recipe struct {
	Source    string            // where the constants are from
	Set       map[string]string // option values that differ from the defaults
	Optimizer passes.Optimizer
	LR        float64
	// Schedule makes the rate's course from its start LR; nil keeps it constant.
	Schedule func(lr float64) train.Schedule
	Epochs   int
	Batch    int // rows per step; 0 is the whole set
	// Patience ends training when the task's best metric has been worse than its best for so many epochs in a row; 0 trains on.
	Patience int
}

// Task is a model's data, ready to be trained on.
type Task struct {
	Data string            // the data set's name; stand-ins say synthetic
	Set  map[string]string // option values that the data fix, such as the number of classes
	// Adapt fits a mode's published recipe to data of another size than the published ones; nil leaves it as it is.
	Adapt func(mode string, published Recipe) Recipe
	// ForSeed returns the task of one run's seed, where the seed decides more than the order of batches, such as the split of the
	// data; nil where there is one task for all seeds. This task is then that of seed 0.
	ForSeed func(seed int32) (*Task, error)
	// Train yields the training batches for a seed; Evaluate the batches of an evaluation and what they are reduced to.
	Train    func(seed int32, batch int) (train.Source, error)
	Evaluate func() (train.Source, train.Meter, error)
	// FullBatch says that Train yields one batch, always the same, and so does Evaluate.
	FullBatch bool
	// Align yields the batch on which alignment is measured.
	Align func() (*train.Batch, error)
	// Best is the metric whose best epoch is reported, "" for the last epoch's.
	Best string
	// Validation is the entry's Metric, measured on data that are neither trained on nor tested on: what settings are chosen by.
	// Where the published way of training has no such data, it is "" and Tuning is the task with some.
	Validation string
	Tuning     func() *Task
	// Pictures says how to draw what a trained model sees; nil stands for nothing to be seen.
	Pictures *Pictures
}

// Pictures draws views: an output of the model for each batch of a source, those of several models side by side.
type Pictures struct {
	Source func() train.Source
	Output string
	// Functions names those of the entry that draw the same views in another way, each in a column of its own.
	Functions []string
	// Meter measures a column by the entry's metric.
	Meter func() train.Meter
	// Write writes a picture for every view into dir: the truth, and beside it what each model shows, columns[model][view].
	Write func(dir string, columns [][][]float32) error
}

// Configure returns the options of a run: the defaults, then what the data fix, then the recipe, then the user's own values.
func (e Entry) Configure(layers ...map[string]string) (any, error) {
	o := e.Options()
	for _, set := range layers {
		for _, name := range slices.Sorted(maps.Keys(set)) { // of several mistakes, always the same one is reported
			if err := option.Set(o, name, set[name]); err != nil {
				return nil, err
			}
		}
	}
	return o, nil
}
