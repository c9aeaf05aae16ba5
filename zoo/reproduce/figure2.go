package reproduce

import (
	"context"

	"graft/runtime"
	"graft/zoo/experiment"
	"graft/zoo/report"
)

func figure2() Study {
	return Study{
		Name: "figure2", Title: "Figure 2: hidden activations of GraphConv, as t-SNE maps",
		Models: []string{"gcn"}, Data: []string{"cora"}, Seeds: 20,
		cells: func(o Options) []Cell {
			return grid(o, func(model, data string) []Cell {
				cells := modes(model, data, o)
				for i := range cells {
					cells[i].Hidden = true
				}
				return cells
			})
		},
		page: func(ctx context.Context, o Options, runner *Runner, r Results) (*report.Page, error) {
			return nil, nil
		},
	}
}

// Hidden is what figure 2 keeps of a training.
type Hidden struct {
	Silhouette float64 `json:"silhouette"`
}

func hiddenOf(ctx context.Context, p *experiment.Plan, state *runtime.State, seed int32, pool *runtime.Pool) (*Hidden, error) {
	return nil, nil
}
