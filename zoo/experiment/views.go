package experiment

import (
	"context"
	"fmt"
	"slices"

	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo/entry"

	"gorgonia.org/tensor"
)

// views returns what the model with the weights of state sees.
func (p *Programs) views(ctx context.Context, state *runtime.State, seed int32, o runtime.Options) ([][]float32, error) {
	pictures := p.Plan.Task.Pictures
	m := &viewer{output: pictures.Output}
	e := &train.Evaluation{Program: p.Predict.Program, Source: pictures.Source(), Meter: m, Seed: seed}
	_, err := e.Run(ctx, state, o)
	return m.views, err
}

// viewer keeps an output of every batch.
type viewer struct {
	output string
	views  [][]float32
}

func (m *viewer) Reset() { m.views = nil }

func (m *viewer) Add(_ *train.Batch, output func(name string) *tensor.Dense) error {
	v := output(m.output)
	if v == nil {
		return fmt.Errorf("the program has no output %q", m.output)
	}
	m.views = append(m.views, slices.Clone(v.Float32s()))
	return nil
}

func (m *viewer) Metrics() map[string]float64 { return nil }

// Draw writes pictures of what the cells' models see into dir, the columns side by side behind the truth, and returns the columns'
// labels. label names a plan; cells without views are left out.
func Draw(dir string, cells []Cell, label func(*Plan) string) ([]string, error) {
	var labels []string
	var columns [][][]float32
	var pictures *entry.Pictures
	for _, c := range cells {
		if c.Outcome != nil && c.Outcome.Views != nil {
			pictures = c.Plan.Task.Pictures
			labels, columns = append(labels, label(c.Plan)), append(columns, c.Outcome.Views)
		}
	}
	if pictures == nil {
		return nil, nil
	}
	return labels, pictures.Write(dir, columns)
}
