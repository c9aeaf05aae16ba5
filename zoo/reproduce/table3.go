package reproduce

import (
	"context"
	"fmt"

	"graft/zoo/report"
)

// classifiers are the models of table 3.
var classifiers = []string{"cheb", "gcn", "spline", "gat", "dna"}

func planetoid() []string { return []string{"cora", "citeseer"} }

func table3() Study {
	return Study{
		Name: "table3", Title: "Table 3: test accuracy of graph networks",
		Models: classifiers, Data: planetoid(), Seeds: 20,
		cells: func(o Options) []Cell {
			return grid(o, func(model, data string) []Cell { return modes(model, data, o) })
		},
		page: func(_ context.Context, o Options, _ *Runner, r Results) (*report.Page, error) {
			return table3Page(o, r)
		},
	}
}

// boldWithin is the paper's rule for table 3: a result of dfa within so many points of bp is in bold.
const boldWithin = 2.5

func table3Page(o Options, r Results) (*report.Page, error) {
	page := &report.Page{
		Title: "Graph networks on citation graphs, trained three ways",
		Lead: fmt.Sprintf("Table 3 of Launay et al. (2020), with the shallow baseline of table A.4: test accuracy in percent, mean over %s. "+
			"dfa trains every layer below the cut by a random projection of the error; by a route, that error first travels along the graph.", seedsOf(o)),
	}
	page.Sections = append(page.Sections, report.Section{Title: "Test accuracy", Blocks: accuracies(o, r)})
	if len(o.Routes) > 1 {
		blocks, err := gaps(o, r)
		if err != nil {
			return nil, err
		}
		page.Sections = append(page.Sections, report.Section{Title: "What is lost to backpropagation", Blocks: blocks})
	}
	curves, err := learningCurves(o, r)
	if err != nil {
		return nil, err
	}
	courses, err := alignmentCurves(o, r)
	if err != nil {
		return nil, err
	}
	page.Sections = append(page.Sections,
		report.Section{Title: "Learning curves", Blocks: curves},
		report.Section{Title: "Alignment", Blocks: append([]report.Block{alignments(o, r)}, courses...)})
	return page, nil
}

func seedsOf(o Options) string {
	if o.Seeds == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%d seeds", o.Seeds)
}

// accuracies is the table of all modes, and what explains the cells that differ from the published ones.
func accuracies(o Options, r Results) []report.Block {
	t := &report.Table{
		Caption: "Ours, its standard deviation over the seeds, and the published number of a single run. " +
			fmt.Sprintf("Bold, by the paper's rule: dfa within %.1f points of bp.", boldWithin),
		Corner: "Model", Notes: notRun(o),
	}
	for _, data := range o.Data {
		group := report.Group{Title: dataName(data)}
		for _, c := range modes("", data, o) {
			group.Columns = append(group.Columns, c.label())
		}
		t.Groups = append(t.Groups, group)
	}
	var why []string
	for _, model := range o.Models {
		row := report.Row{Head: nameOf(model)}
		for _, data := range o.Data {
			var bp Row
			for _, c := range modes(model, data, o) {
				result := r.row(c, reported(model)[0])
				if c.Mode == "bp" {
					bp = result
				}
				cell := resultCell(result)
				cell.Bold = c.Mode == "dfa" && result.N > 0 && bp.N > 0 && bp.Mean-result.Mean <= boldWithin
				if cell.Mark == report.Differs {
					why = append(why, explanation(c, result))
				}
				row.Cells = append(row.Cells, cell)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	blocks := []report.Block{t, report.Paragraph("Each training is full-batch Adam for 250 epochs; the test accuracy is that of the epoch with the " +
		"best validation accuracy. DNAConv has a split of its own, 20 % training, 20 % validation and 60 % test nodes, drawn by the seed. " +
		"Recipes are the published code's; where paper and code disagree the variant is \"" + o.Variant + "\".")}
	if len(why) > 0 {
		blocks = append(blocks, report.Paragraph("Cells whose published number lies outside of two standard deviations of ours:"), report.List(why))
	}
	return blocks
}

// explanation says what is known of a cell that differs from the published number.
func explanation(c Cell, r Row) string {
	s := fmt.Sprintf("%s on %s, %s: %s here (%s to %s over %d seeds), %s published.", nameOf(c.Model), dataName(c.Data), c.label(),
		fixed(r.Mean, r.Unit), fixed(r.Min, r.Unit), fixed(r.Max, r.Unit), r.N, fixed(*r.Published, r.Unit))
	for _, f := range findings {
		if f.model == c.Model && f.mode == c.Mode && (f.data == "" || f.data == c.Data) && (f.variant == "" || f.variant == c.Variant) {
			return s + " " + f.text
		}
	}
	return s
}

// finding is what has been found out about a cell that does not agree.
type finding struct{ model, mode, data, variant, text string }

var findings = []finding{
	{"gcn", "bp", "cora", "", "The published number is that of one run; Kipf and Welling (2017) report 81.5 for this network on this split."},
}

func tableA4() Study {
	return Study{
		Name: "tableA4", Title: "Table A.4: test accuracy of the shallow baseline",
		Models: classifiers, Data: planetoid(), Seeds: 20,
		cells: func(o Options) []Cell {
			return grid(o, func(model, data string) []Cell {
				return []Cell{o.cell(model, data, "shallow", Route{})}
			})
		},
		page: func(_ context.Context, o Options, _ *Runner, r Results) (*report.Page, error) {
			t := &report.Table{Caption: "Test accuracy in percent, its standard deviation, and the published number.", Corner: "Model", Notes: notRun(o)}
			var why []string
			for _, data := range o.Data {
				t.Groups = append(t.Groups, report.Group{Columns: []string{dataName(data)}})
			}
			for _, model := range o.Models {
				row := report.Row{Head: nameOf(model)}
				for _, data := range o.Data {
					c := o.cell(model, data, "shallow", Route{})
					result := r.row(c, reported(model)[0])
					cell := resultCell(result)
					if cell.Mark == report.Differs {
						why = append(why, explanation(c, result))
					}
					row.Cells = append(row.Cells, cell)
				}
				t.Rows = append(t.Rows, row)
			}
			blocks := []report.Block{t}
			if len(why) > 0 {
				blocks = append(blocks, report.Paragraph("Cells whose published number lies outside of two standard deviations of ours:"), report.List(why))
			}
			return &report.Page{
				Title:    "Graph networks of which only the last layer learns",
				Lead:     "Table A.4 of Launay et al. (2020): as dfa, but nothing is delivered below the cut. Mean over " + seedsOf(o) + ".",
				Sections: []report.Section{{Title: "Test accuracy", Blocks: blocks}},
			}, nil
		},
	}
}
