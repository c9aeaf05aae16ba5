package geometric

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"gorgonia.org/tensor"
	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/train"
	"graft/zoo/dataset"
	"graft/zoo/entry"
)

// synthetic begins the name of a generated data set.
const synthetic = "synthetic-"

// load reads a Planetoid set or generates a synthetic one, and renumbers its nodes.
func load(data, dir string) (*Citation, error) {
	c, err := read(data, dir)
	if err != nil {
		return nil, err
	}
	return c.renumbered()
}

func read(data, dir string) (*Citation, error) {
	if strings.HasPrefix(data, synthetic) {
		return SyntheticCitation(data, 0)
	}
	found, err := dataset.Locate(data, dir)
	if err != nil {
		return nil, err
	}
	c, err := LoadPlanetoid(found, data)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; `graft data get %s` downloads all of it, and %s needs no files", err, data, synthetic+data)
	}
	return c, err
}

// preparation says how a node classifier wants its data.
type preparation struct {
	operators []operator
	stored    bool // the features as they are stored, instead of divided by the sum of their row
	// stratified splits all nodes into 20 % training, 20 % validation and 60 % test nodes by the run's seed, instead of the public
	// split.
	stratified bool
}

// open makes the full-batch task of a data set.
func (p preparation) open(data, dir string) (*entry.Task, error) {
	c, err := load(data, dir)
	if err != nil {
		return nil, err
	}
	return p.task(c)
}

func (p preparation) task(c *Citation) (*entry.Task, error) {
	features := c.XEntries
	if !p.stored {
		features = c.RowNormalise()
	}
	b, err := newBatch(c, features, p.operators)
	if err != nil {
		return nil, err
	}
	b.Tensors["label"] = vector(c.Label)
	if !p.stratified {
		return classify(c, b), nil
	}
	forSeed := func(seed int32) (*entry.Task, error) { return classify(c.stratified(seed), b), nil }
	t, err := forSeed(0)
	if err != nil {
		return nil, err
	}
	t.ForSeed = forSeed
	return t, nil
}

// newBatch holds the features and operators of a whole graph.
func newBatch(c *Citation, features []float32, operators []operator) (train.Batch, error) {
	b := train.Batch{
		Binding:  graph.Binding{"nodes": c.Nodes, "words": c.X.NNZ()},
		Patterns: map[string]*buffer.Pattern{"x": c.X},
		Tensors:  map[string]*tensor.Dense{"x/entries": vector(features)},
	}
	for _, o := range operators {
		p, entries, err := o.make(c.Nodes, c.Adj.Col, c.Adj.Row)
		if err != nil {
			return b, err
		}
		b.Binding[o.size], b.Patterns[o.name], b.Tensors[o.name+"/entries"] = p.NNZ(), p, vector(entries)
	}
	return b, nil
}

// classify is the task of classifying c's nodes. The batch lacks the mask.
func classify(c *Citation, whole train.Batch) *entry.Task {
	masked := func(nodes []int32) train.Batch {
		mask := make([]float32, c.Nodes)
		for _, n := range nodes {
			mask[n] = 1
		}
		return with(whole, "mask", vector(mask))
	}
	return &entry.Task{
		Data: c.Name,
		Set:  map[string]string{"features": strconv.Itoa(c.Features), "classes": strconv.Itoa(c.Classes)},
		Train: func(int32, int) (train.Source, error) {
			return train.Fixed(masked(c.Train)), nil
		},
		Evaluate: func() (train.Source, train.Meter, error) {
			return train.Fixed(masked(c.Val)), &accuracies{sets: map[string][]int32{"val_accuracy": c.Val, "test_accuracy": c.Test}}, nil
		},
		// Alignment is measured on all nodes with the loss over all labels, as the published code does.
		Align: func() (*train.Batch, error) {
			b := masked(sequence(0, c.Nodes))
			return &b, nil
		},
		FullBatch: true,
		Best:      "val_accuracy", Validation: "val_accuracy",
	}
}

func vector[T float32 | int32](v []T) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(v))
}
