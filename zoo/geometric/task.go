package geometric

import (
	"fmt"
	"strconv"
	"strings"

	"gorgonia.org/tensor"
	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/train"
	"graft/zoo/dataset"
	"graft/zoo/entry"
)

// openCitation reads a Planetoid set or generates a synthetic one, and prepares it for full-batch training on the public split
// with row-normalised features.
func openCitation(data, dir string) (*entry.Task, error) {
	c, err := load(data, dir)
	if err != nil {
		return nil, err
	}
	return newTask(c), nil
}

func load(data, dir string) (*Citation, error) {
	if strings.HasPrefix(data, "synthetic-") {
		return SyntheticCitation(data, 0)
	}
	found, err := dataset.Locate(data, dir)
	if err != nil {
		return nil, err
	}
	return LoadPlanetoid(found, data)
}

func newTask(c *Citation) *entry.Task {
	adj, weights := c.GCNPropagation()
	features := c.RowNormalise()
	batch := func(nodes []int32) train.Batch {
		mask := make([]float32, c.Nodes)
		for _, n := range nodes {
			mask[n] = 1
		}
		return train.Batch{
			Binding:  graph.Binding{"nodes": c.Nodes, "words": c.X.NNZ(), "links": adj.NNZ()},
			Patterns: map[string]*buffer.Pattern{"x": c.X, "propagation": adj},
			Tensors: map[string]*tensor.Dense{
				"x/entries": vector(features), "propagation/entries": vector(weights), "label": vector(c.Label), "mask": vector(mask),
			},
		}
	}
	every := make([]int32, c.Nodes)
	for i := range every {
		every[i] = int32(i)
	}
	return &entry.Task{
		Data: c.Name,
		Set:  map[string]string{"features": strconv.Itoa(c.Features), "classes": strconv.Itoa(c.Classes)},
		Train: func(int32, int) (train.Source, error) {
			return train.Fixed(batch(c.Train)), nil
		},
		Evaluate: func() (train.Source, train.Meter, error) {
			return train.Fixed(batch(c.Val)), &accuracies{sets: map[string][]int32{"val_accuracy": c.Val, "test_accuracy": c.Test}}, nil
		},
		// Alignment is measured on all nodes with the loss over all labels, as the published code does.
		Align: func() (*train.Batch, error) {
			b := batch(every)
			return &b, nil
		},
		Best: "val_accuracy",
	}
}

func vector[T float32 | int32](v []T) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(v))
}

// accuracies reduces the hits of all nodes to percentages over sets of nodes.
type accuracies struct {
	sets   map[string][]int32
	values map[string]float64
}

func (a *accuracies) Reset() { a.values = map[string]float64{} }

func (a *accuracies) Add(_ *train.Batch, output func(name string) *tensor.Dense) error {
	hits := output("hits")
	if hits == nil {
		return fmt.Errorf("the program has no output %q", "hits")
	}
	for name, nodes := range a.sets {
		sum := 0.0
		for _, n := range nodes {
			sum += float64(hits.Float32s()[n])
		}
		a.values[name] = 100 * sum / float64(len(nodes))
	}
	return nil
}

func (a *accuracies) Metrics() map[string]float64 { return a.values }
