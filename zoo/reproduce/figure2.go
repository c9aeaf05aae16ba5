package reproduce

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"graft/runtime"
	"graft/runtime/sealed"
	"graft/zoo/experiment"
	"graft/zoo/metric"
	"graft/zoo/report"
	"graft/zoo/report/chart"
	"graft/zoo/tsne"
)

func figure2() Study {
	return Study{
		Name: "figure2", Title: "Figure 2: hidden activations of GraphConv, as t-SNE maps",
		Models: []string{"gcn"}, Data: []string{"cora"}, Seeds: 20,
		cells: func(o Options) []Cell {
			return grid(o, func(model, data string) []Cell { return hiddenCells(model, data, o) })
		},
		page: figure2Page,
	}
}

func hiddenCells(model, data string, o Options) []Cell {
	cells := modes(model, data, o)
	for i := range cells {
		cells[i].Hidden = true
	}
	return cells
}

// Hidden is what figure 2 keeps of a training: how well the hidden activations of all nodes separate the classes and, for the
// first seed, the activations themselves.
type Hidden struct {
	Silhouette  float64   `json:"silhouette"`
	Width       int       `json:"width"`
	Activations []float32 `json:"activations,omitempty"` // [nodes, width]
	Label       []int32   `json:"label,omitempty"`
}

func hiddenOf(ctx context.Context, p *experiment.Programs, state *runtime.State, seed int32, pool *runtime.Pool) (*Hidden, error) {
	out, err := p.Output(ctx, state, seed, "hidden", "hidden", runtime.Options{Pool: pool})
	if err != nil {
		return nil, err
	}
	batch, err := p.Plan.Task.Align()
	if err != nil {
		return nil, err
	}
	h := &Hidden{Width: out[0].Shape()[1], Activations: out[0].Float32s(), Label: batch.Tensors["label"].Int32s()}
	if h.Silhouette, err = metric.Silhouette(h.Activations, len(h.Label), h.Width, h.Label); err != nil {
		return nil, err
	}
	if seed != 0 {
		h.Activations, h.Label = nil, nil
	}
	return h, nil
}

// layout is a t-SNE map: positions [nodes, 2], and how well they separate the classes.
type layout struct {
	Positions  []float64 `json:"positions"`
	Divergence float64   `json:"divergence"`
	Silhouette float64   `json:"silhouette"`
}

// lay makes the map of the first seed of a cell, or reads it where it has been made.
func (r *Runner) lay(ctx context.Context, c Cell, h *Hidden) (*layout, error) {
	o := tsne.Figure2()
	if c.Epochs > 0 { // a quick look has fewer iterations in proportion: 5000 belong to 250 epochs
		o.Iterations = min(o.Iterations, 20*c.Epochs)
	}
	identity, err := sealed.Digest(h)
	if err != nil {
		return nil, err
	}
	type kept struct {
		Identity   string `json:"identity"`
		Iterations int    `json:"iterations"`
		Layout     layout `json:"layout"`
	}
	path := filepath.Join(r.Dir, "trainings", sealed.FileName("map_"+c.file(0)))
	var there kept
	var broken *sealed.BrokenError
	switch err := sealed.Read(path, &there); {
	case err == nil && there.Identity == identity && there.Iterations == o.Iterations:
		return &there.Layout, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.As(err, &broken):
		return nil, err
	}
	n := len(h.Label)
	var l layout
	if l.Positions, l.Divergence, err = tsne.Embed(ctx, h.Activations, n, h.Width, o); err != nil {
		return nil, err
	}
	if l.Silhouette, err = metric.Silhouette(l.Positions, n, 2, h.Label); err != nil {
		return nil, err
	}
	return &l, sealed.Write(path, kept{identity, o.Iterations, l})
}

func figure2Page(ctx context.Context, o Options, runner *Runner, r Results) (*report.Page, error) {
	page := &report.Page{
		Title: "What GraphConv's hidden layer has learned, trained three ways",
		Lead:  "Figure 2 of Launay et al. (2020): t-SNE maps of the hidden activations of all nodes, coloured by class, and how well they separate the classes as a number.",
	}
	for _, data := range o.Data {
		for _, model := range o.Models {
			var columns report.Columns
			t := &report.Table{
				Caption: "Mean silhouette coefficient of the true classes (Rousseeuw 1987; from -1 to 1, higher is better separated) of the hidden activations, over the seeds, and of the map of seed 0; the divergence is t-SNE's own loss.",
				Corner:  "Training", Groups: []report.Group{{Columns: []string{"test accuracy", "silhouette, activations", "silhouette, map", "divergence of the map"}}},
			}
			for _, c := range hiddenCells(model, data, o) {
				if len(r[c]) == 0 || r[c][0].Hidden == nil {
					continue
				}
				h := r[c][0].Hidden
				l, err := runner.lay(ctx, c, h)
				if err != nil {
					return nil, fmt.Errorf("map of %v: %w", c, err)
				}
				f, err := mapFigure(c, h, l)
				if err != nil {
					return nil, err
				}
				columns = append(columns, f)
				t.Rows = append(t.Rows, report.Row{Head: c.label(), Cells: []report.Cell{
					resultCell(r.row(c, reported(model)[0])), resultCell(r.row(c, silhouette())),
					{Text: fmt.Sprintf("%.2f", l.Silhouette)}, {Text: fmt.Sprintf("%.2f nats", l.Divergence)},
				}})
			}
			page.Sections = append(page.Sections, report.Section{Title: nameOf(model) + " on " + dataName(data), Blocks: []report.Block{columns, t,
				report.Paragraph("t-SNE has no axes: only what lies close together has a meaning. Perplexity 20, learning rate 100, 5000 iterations, as in the published code, by an exact and repeatable t-SNE of our own.")}})
		}
	}
	return page, nil
}

// mapFigure draws a map.
func mapFigure(c Cell, h *Hidden, l *layout) (*report.Figure, error) {
	n := len(h.Label)
	x, y, class := make([]float64, n), make([]float64, n), make([]int, n)
	most := 0
	for i := range n {
		x[i], y[i], class[i] = l.Positions[2*i], l.Positions[2*i+1], int(h.Label[i])
		most = max(most, class[i])
	}
	names := make([]string, most+1)
	for i := range names {
		names[i] = fmt.Sprintf("class %d", i)
	}
	classes, err := chart.ByClass(names, class, x, y)
	if err != nil {
		return nil, err
	}
	name := "map-" + c.Data + "-" + c.Model + "-" + c.Mode
	if c.Route.Hops > 0 {
		name += fmt.Sprintf("-%d-%s", c.Route.Hops, c.Route.Operator)
	}
	return figure(name, c.label(), "t-SNE map of hidden activations, coloured by class, of a model trained by "+c.label(), &chart.Scatter{Classes: classes})
}
