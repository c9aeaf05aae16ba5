package reproduce

import (
	"fmt"

	"graft/zoo/report"
	"graft/zoo/report/chart"
)

// style tells modes and routes apart.
func (c Cell) style(o Options) chart.Style {
	switch c.Mode {
	case "bp":
		return chart.BP
	case "shallow":
		return chart.Shallow
	}
	for i, route := range o.Routes {
		if route == c.Route && i > 0 {
			return chart.Shallow + chart.Style(i)
		}
	}
	return chart.DFA
}

// figure draws a chart.
func figure(name, caption, alt string, c chart.Chart) (*report.Figure, error) {
	svg, err := chart.SVG(c)
	if err != nil {
		return nil, fmt.Errorf("figure %s: %w", name, err)
	}
	png, err := chart.PNG(c)
	if err != nil {
		return nil, fmt.Errorf("figure %s: %w", name, err)
	}
	return &report.Figure{Name: name, Caption: caption, Alt: alt, SVG: svg, PNG: png}, nil
}

// learningCurves draws the test metric over epochs, a figure for each model and data set.
func learningCurves(o Options, r Results) ([]report.Block, error) {
	blocks := []report.Block{report.Paragraph("Mean over seeds after each epoch, with a band of one standard deviation to either side.")}
	for _, data := range o.Data {
		var columns report.Columns
		for _, model := range o.Models {
			m := reported(model)[0]
			lines := &chart.Lines{X: chart.Axis{Label: "epoch"}, Y: chart.Axis{Label: axisLabel(m)}, Width: 420, Height: 300}
			for _, c := range modes(model, data, o) {
				var runs [][]float64
				for _, t := range r[c] {
					if t.Diverged == "" {
						runs = append(runs, t.Curves[m.name])
					}
				}
				if len(runs) > 0 {
					lines.Series = append(lines.Series, chart.OverSeeds(c.label(), c.style(o), epochs(len(runs[0])), runs))
				}
			}
			f, err := figure("curves-"+data+"-"+model, nameOf(model)+" on "+dataName(data),
				fmt.Sprintf("%s of %s on %s over epochs, one line for each way of training", axisLabel(m), nameOf(model), dataName(data)), lines)
			if err != nil {
				return nil, err
			}
			columns = append(columns, f)
		}
		blocks = append(blocks, columns)
	}
	return blocks, nil
}

func axisLabel(m measure) string {
	switch m.name {
	case "test_accuracy":
		return "test accuracy, %"
	case "test_auc":
		return "test AUC"
	}
	return m.name
}

func epochs(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i + 1)
	}
	return x
}

// delivered returns the cells of a model on a data set that deliver an error.
func delivered(model, data string, o Options) []Cell {
	var out []Cell
	for _, c := range modes(model, data, o) {
		if c.Mode == "dfa" {
			out = append(out, c)
		}
	}
	return out
}

// alignmentCurves draws alignment over epochs, a figure for each model and data set.
func alignmentCurves(o Options, r Results) ([]report.Block, error) {
	blocks := []report.Block{report.Paragraph("Over epochs, measured every ten, with a band of one standard deviation over the seeds to either side.")}
	for _, data := range o.Data {
		var columns report.Columns
		for _, model := range o.Models {
			lines := &chart.Lines{X: chart.Axis{Label: "epoch"}, Y: chart.Axis{Label: "alignment (cosine)", Min: 0, Max: 1}, Width: 420, Height: 300}
			for _, c := range delivered(model, data, o) {
				x, runs := courses(r[c])
				if len(runs) > 0 {
					lines.Series = append(lines.Series, chart.OverSeeds(c.label(), c.style(o), x, runs))
				}
			}
			if len(lines.Series) == 0 {
				continue
			}
			f, err := figure("alignment-"+data+"-"+model, nameOf(model)+" on "+dataName(data),
				fmt.Sprintf("alignment of %s on %s over epochs, one line for each route", nameOf(model), dataName(data)), lines)
			if err != nil {
				return nil, err
			}
			columns = append(columns, f)
		}
		if len(columns) > 0 {
			blocks = append(blocks, columns)
		}
	}
	return blocks, nil
}

// courses returns the alignment of each training over epochs.
func courses(trainings []Training) (x []float64, runs [][]float64) {
	for _, t := range trainings {
		var run, at []float64
		for _, a := range t.Course {
			if mean, _, ok := overPoints(a); ok {
				run, at = append(run, mean), append(at, float64(a.Epoch))
			}
		}
		if len(run) > 0 {
			runs, x = append(runs, run), at
		}
	}
	return x, runs
}
