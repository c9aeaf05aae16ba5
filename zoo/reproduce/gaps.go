package reproduce

import (
	"fmt"

	"graft/zoo/report"
	"graft/zoo/report/chart"
)

// gaps tells by how much each route stays behind bp.
func gaps(o Options, r Results) ([]report.Block, error) {
	t := &report.Table{
		Caption: "Accuracy of bp less that of dfa, in points, with half the 95 % interval of the difference (Welch's t).",
		Corner:  "Model", Notes: notRun(o),
	}
	for _, data := range o.Data {
		group := report.Group{Title: dataName(data)}
		for _, route := range o.Routes {
			group.Columns = append(group.Columns, route.String())
		}
		t.Groups = append(t.Groups, group)
	}
	intervals := &chart.Intervals{X: chart.Axis{Label: "points behind bp"}}
	for _, model := range o.Models {
		row := report.Row{Head: nameOf(model)}
		for _, data := range o.Data {
			bp := r.row(o.cell(model, data, "bp", Route{}), reported(model)[0])
			group := chart.Group{Title: nameOf(model) + ", " + dataName(data)}
			for _, c := range delivered(model, data, o) {
				d := differ(bp, r.row(c, reported(model)[0]))
				row.Cells = append(row.Cells, d.cell("percent"))
				group.Rows = append(group.Rows, chart.Estimate{Label: c.Route.String(), Style: c.style(o), Mean: d.mean, Half: d.half})
			}
			intervals.Groups = append(intervals.Groups, group)
		}
		t.Rows = append(t.Rows, row)
	}
	f, err := figure("gaps", "How far dfa is behind bp by each route, with 95 % intervals over the seeds.",
		"intervals of the difference between bp and dfa for each model, data set and route", intervals)
	if err != nil {
		return nil, err
	}
	return []report.Block{report.Paragraph(meanGaps(o, r)), t, f}, nil
}

// meanGaps says by how much dfa is behind bp over all models and data sets by each route, and what share of the first route's gap is left.
func meanGaps(o Options, r Results) string {
	pairs := 0
	text := ""
	first := 0.0
	for i, route := range o.Routes {
		var of []Row // bp and dfa of each pair in turn
		for _, data := range o.Data {
			for _, model := range o.Models {
				m := reported(model)[0]
				bp, dfa := r.row(o.cell(model, data, "bp", Route{}), m), r.row(o.cell(model, data, "dfa", route), m)
				of = append(of, bp, dfa)
			}
		}
		pairs = len(of) / 2
		mean := 0.0
		for k := 0; k < len(of); k += 2 {
			mean += (of[k].Mean - of[k+1].Mean) / float64(pairs)
		}
		if i > 0 {
			text += ";"
		}
		text += fmt.Sprintf(" %s points by the route %v", signed(mean, "points"), route)
		if half := halfInterval(of...) / float64(pairs); half > 0 {
			text += fmt.Sprintf(" (95 %% interval %s to %s)", signed(mean-half, "points"), signed(mean+half, "points"))
		}
		if i == 0 {
			first = mean
		} else if first > 0 {
			text += fmt.Sprintf(", %s %% of the gap of %v", signed(100*mean/first, "percent"), o.Routes[0])
		}
	}
	return fmt.Sprintf("Over the %d pairs of model and data set, dfa is behind bp by%s.", pairs, text)
}

// alignments is the table of alignment at the end of training.
func alignments(o Options, r Results) *report.Table {
	t := &report.Table{
		Caption: "Alignment after the last epoch: cosine between what is delivered at the points and what backpropagation would deliver, both without dropout and " +
			"for the same weights; the mean over nodes that receive anything, and its standard deviation over the seeds.",
		Corner: "Model", Notes: notRun(o),
	}
	for _, data := range o.Data {
		group := report.Group{Title: dataName(data)}
		for _, route := range o.Routes {
			group.Columns = append(group.Columns, route.String())
		}
		t.Groups = append(t.Groups, group)
	}
	for _, model := range o.Models {
		row := report.Row{Head: nameOf(model)}
		for _, data := range o.Data {
			for _, c := range delivered(model, data, o) {
				row.Cells = append(row.Cells, resultCell(r.row(c, alignment())))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
