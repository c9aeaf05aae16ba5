package experiment

import (
	"context"
	"fmt"
	"slices"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo/entry"

	"gorgonia.org/tensor"
)

// Views are what a trained model sees, by its definition or by another function of the entry.
type Views struct {
	Function string // "" is the definition
	Images   [][]float32
	Metric   float64 // the entry's, of these images
}

// views returns what the model with the weights of state sees.
func (p *Programs) views(ctx context.Context, state *runtime.State, seed int32, o runtime.Options) ([]Views, error) {
	pictures := p.Plan.Task.Pictures
	var all []Views
	for _, function := range append([]string{""}, pictures.Functions...) {
		program, err := p.predict(function)
		if err != nil {
			return nil, err
		}
		m := &viewer{Meter: pictures.Meter(), output: pictures.Output}
		e := &train.Evaluation{Program: program, Source: pictures.Source(), Meter: m, Seed: seed}
		metrics, err := e.Run(ctx, state, o)
		if err != nil {
			return nil, fmt.Errorf("drawing views %s: %w", function, err)
		}
		all = append(all, Views{function, m.images, metrics[p.Plan.Entry.Metric]})
	}
	return all, nil
}

// predict returns the predict program of a function of the entry, "" for the definition.
func (p *Programs) predict(function string) (*graph.Graph, error) {
	if function == "" {
		return p.Predict.Program, nil
	}
	return p.Plan.compileFunction(function)
}

// compileFunction makes the predict program of another function of the entry.
func (p *Plan) compileFunction(name string) (*graph.Graph, error) {
	define := p.Entry.Functions[name]
	if define == nil {
		return nil, fmt.Errorf("%s has no function %q", p.Entry.Name, name)
	}
	g := define(p.Options, p.Variant)
	if err := g.Err(); err != nil {
		return nil, err
	}
	c, err := passes.Compile(g, p.Pipeline, passes.Options{Part: passes.Predict, Feedback: p.Feedback})
	if err != nil {
		return nil, err
	}
	return c.Program, nil
}

// viewer keeps an output of every batch that it measures.
type viewer struct {
	train.Meter
	output string
	images [][]float32
}

func (m *viewer) Reset() {
	m.Meter.Reset()
	m.images = nil
}

func (m *viewer) Add(b *train.Batch, output func(name string) *tensor.Dense) error {
	v := output(m.output)
	if v == nil {
		return fmt.Errorf("the program has no output %q", m.output)
	}
	m.images = append(m.images, slices.Clone(v.Float32s()))
	return m.Meter.Add(b, output)
}

// Draw writes pictures of what the cells' models see into dir, the columns side by side behind the truth, and returns the columns'
// labels, with the metric of each. label names a plan; cells without views are left out.
func Draw(dir string, cells []Cell, label func(*Plan) string) ([]string, error) {
	var labels []string
	var columns [][][]float32
	var pictures *entry.Pictures
	for _, c := range cells {
		if c.Outcome == nil {
			continue
		}
		for _, v := range c.Outcome.Views {
			name := label(c.Plan)
			if v.Function != "" {
				name += " " + v.Function
			}
			pictures = c.Plan.Task.Pictures
			labels = append(labels, fmt.Sprintf("%s (%.2f %s)", name, v.Metric, c.Plan.Entry.Unit))
			columns = append(columns, v.Images)
		}
	}
	if pictures == nil {
		return nil, nil
	}
	return labels, pictures.Write(dir, columns)
}
