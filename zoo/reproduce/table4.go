package reproduce

import (
	"context"

	"graft/zoo/report"
)

func table4() Study {
	return Study{
		Name: "table4", Title: "Table 4: the graph auto-encoder",
		Models: []string{"gae"}, Data: planetoid(), Seeds: 10,
		cells: func(o Options) []Cell {
			return grid(o, func(model, data string) []Cell { return modes(model, data, o) })
		},
		page: func(_ context.Context, o Options, _ *Runner, r Results) (*report.Page, error) {
			return table4Page(o, r)
		},
	}
}

func table4Page(o Options, r Results) (*report.Page, error) {
	t := &report.Table{
		Caption: "Area under the curve and average precision of held-out edges against as many absent ones, after the last epoch; the standard deviation over the seeds, and the published number.",
		Corner:  "Training", Notes: append(notRun(o), "The paper has no shallow auto-encoder."),
	}
	metrics := reported("gae")
	for _, data := range o.Data {
		t.Groups = append(t.Groups, report.Group{Title: dataName(data), Columns: []string{"AUC", "AP"}})
	}
	var why []string
	for i, first := range modes("gae", "", o) {
		row := report.Row{Head: first.label()}
		for _, data := range o.Data {
			c := modes("gae", data, o)[i]
			for _, m := range metrics {
				result := r.row(c, m)
				cell := resultCell(result)
				if cell.Mark == report.Differs {
					why = append(why, metricName(m)+": "+explanation(c, result))
				}
				row.Cells = append(row.Cells, cell)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	blocks := []report.Block{t, report.Paragraph("Training edges, validation (5 %) and test (10 %) edges and all absent pairs are drawn by the seed. " +
		"The published numbers are single runs whose absent pairs were drawn without a seed, and the published area and precision on Cora are equal to the last digit in both modes.")}
	if len(why) > 0 {
		blocks = append(blocks, report.Paragraph("Cells whose published number lies outside of two standard deviations of ours:"), report.List(why))
	}
	curves, err := learningCurves(o, r)
	if err != nil {
		return nil, err
	}
	courses, err := alignmentCurves(o, r)
	if err != nil {
		return nil, err
	}
	return &report.Page{
		Title: "The graph auto-encoder, trained three ways",
		Lead:  "Table 4 of Launay et al. (2020): predicting the held-out links of a citation graph, mean over " + seedsOf(o) + ".",
		Sections: []report.Section{
			{Title: "Link prediction", Blocks: blocks},
			{Title: "Learning curves", Blocks: curves},
			{Title: "Alignment", Blocks: append([]report.Block{alignments(o, r)}, courses...)},
		},
	}, nil
}

func metricName(m measure) string {
	switch m.name {
	case "test_auc":
		return "AUC"
	case "test_ap":
		return "AP"
	}
	return m.name
}
