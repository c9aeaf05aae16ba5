package reproduce

import (
	"context"
	"fmt"

	"graft/zoo/report"
)

// routesSeed is the first seed of the study of routes. It shares none with the tables, which measure the route that it chooses.
const routesSeed = 1000

// The routes that are tried: operators that are fixed, and, apart, attention, which is made of activations.
var (
	fixedOperators = []string{"symmetric", "symmetric_neighbours", "mean", "mean_neighbours"}
	attentive      = []string{"gat", "dna"}
)

const mostHops = 3

func routes() Study {
	return Study{
		Name: "routes", Title: "Routed feedback: operators and hops, chosen on validation data",
		Models: classifiers, Data: planetoid(), Seeds: 5, first: routesSeed,
		cells: func(o Options) []Cell {
			return grid(o, func(model, data string) []Cell { return routedCells(model, data, o) })
		},
		page: func(_ context.Context, o Options, _ *Runner, r Results) (*report.Page, error) {
			return routesPage(o, r)
		},
	}
}

// fixedRoutes lists direct and every number of hops along every fixed operator.
func fixedRoutes() []Route {
	all := []Route{{}}
	for _, operator := range fixedOperators {
		for hops := 1; hops <= mostHops; hops++ {
			all = append(all, Route{hops, operator})
		}
	}
	return all
}

func attentionRoutes() []Route {
	var all []Route
	for hops := 1; hops <= mostHops; hops++ {
		all = append(all, Route{hops, "attention"})
	}
	return all
}

func routedCells(model, data string, o Options) []Cell {
	cells := []Cell{o.cell(model, data, "bp", Route{})}
	tried := fixedRoutes()
	for _, m := range attentive {
		if m == model {
			tried = append(tried, attentionRoutes()...)
		}
	}
	for _, route := range tried {
		cells = append(cells, o.cell(model, data, "dfa", route))
	}
	return cells
}

// validation is the accuracy that routes are chosen by: the best over epochs, as the reported epoch is.
func validation() measure {
	return measure{"val_accuracy", "percent", nil, func(t Training) (float64, bool) {
		v, ok := t.Metrics["val_accuracy"]
		return v, ok
	}}
}

func routesPage(o Options, r Results) (*report.Page, error) {
	choice := &report.Table{
		Caption: "Validation accuracy of bp less that of dfa, in points, by route; the mean over the pairs of model and data set is what the route is chosen by.",
		Corner:  "Route", Notes: notRun(o),
	}
	aligned := &report.Table{Caption: "Alignment after the last epoch by route.", Corner: "Route"}
	group := report.Group{Columns: []string{"mean gap"}}
	choice.Groups = append(choice.Groups, group)
	for _, data := range o.Data {
		g := report.Group{Title: dataName(data)}
		for _, model := range o.Models {
			g.Columns = append(g.Columns, nameOf(model))
		}
		choice.Groups, aligned.Groups = append(choice.Groups, g), append(aligned.Groups, g)
	}
	best, least := Route{}, 0.0
	for i, route := range fixedRoutes() {
		gap := report.Row{Head: route.String()}
		align := report.Row{Head: route.String()}
		sum, n := 0.0, 0.0
		for _, data := range o.Data {
			for _, model := range o.Models {
				bp := r.row(o.cell(model, data, "bp", Route{}), validation())
				c := o.cell(model, data, "dfa", route)
				d := differ(bp, r.row(c, validation()))
				sum, n = sum+d.mean, n+1
				gap.Cells = append(gap.Cells, report.Cell{Text: signed(d.mean, "percent")})
				align.Cells = append(align.Cells, report.Cell{Text: fixed(r.row(c, alignment()).Mean, "cosine")})
			}
		}
		gap.Cells = append([]report.Cell{{Text: signed(sum/n, "points")}}, gap.Cells...)
		choice.Rows, aligned.Rows = append(choice.Rows, gap), append(aligned.Rows, align)
		if i == 0 || sum/n < least {
			best, least = route, sum/n
		}
	}
	for i := range choice.Rows {
		choice.Rows[i].Cells[0].Bold = choice.Rows[i].Head == best.String()
	}
	blocks := []report.Block{choice, report.Paragraph(fmt.Sprintf("Chosen for all models and data sets alike: %v, with a mean gap of %s points on validation data.", best, signed(least, "points")))}
	if best != Chosen {
		blocks = append(blocks, report.Paragraph(fmt.Sprintf("The tables of this program were made with %v: pass --routes direct,%v to make them with the route chosen here.", Chosen, best)))
	}
	sections := []report.Section{{Title: "The choice", Blocks: blocks}, {Title: "What it does to alignment", Blocks: []report.Block{aligned}}}
	if t := attentionTable(o, r); t != nil {
		sections = append(sections, report.Section{Title: "Attention as the operator", Blocks: []report.Block{t}})
	}
	return &report.Page{
		Title: "Errors that travel along the graph",
		Lead: fmt.Sprintf("Routed feedback: the error is carried along a fixed operator of the graph before it is projected, so that no trained weight is read. "+
			"Hops and operators over %s that no table shares, chosen by validation accuracy alone.", seedsOf(o)),
		Sections: sections,
	}, nil
}

// attentionTable has the routes along attention, of the models that have any.
func attentionTable(o Options, r Results) *report.Table {
	t := &report.Table{
		Caption: "Validation accuracy of bp less that of dfa, in points, and alignment, where the error travels with the attention of the layer behind the point. These coefficients are activations, so this is no longer feedback " +
			"by fixed operators, and takes no part in the choice.",
		Corner: "Route",
	}
	var cells []Cell
	var group report.Group
	for _, data := range o.Data {
		for _, model := range o.Models {
			for _, m := range attentive {
				if m == model {
					cells = append(cells, o.cell(model, data, "dfa", Route{}))
					group.Columns = append(group.Columns, nameOf(model)+" on "+dataName(data))
				}
			}
		}
	}
	if cells == nil {
		return nil
	}
	t.Groups = []report.Group{group}
	for _, route := range append([]Route{{}, {1, "symmetric"}, {1, "mean"}}, attentionRoutes()...) {
		row := report.Row{Head: route.String()}
		for _, c := range cells {
			c.Route = route
			bp := c
			bp.Mode, bp.Route = "bp", Route{}
			d := differ(r.row(bp, validation()), r.row(c, validation()))
			cell := d.cell("percent")
			cell.Sub = append(cell.Sub, "alignment "+fixed(r.row(c, alignment()).Mean, "cosine"))
			row.Cells = append(row.Cells, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
