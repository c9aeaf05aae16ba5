package report_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"graft/zoo/report"
	"graft/zoo/report/chart"
)

// samplePage has every block, and names that would break out of Markdown and HTML.
func samplePage(t *testing.T) *report.Page {
	t.Helper()
	dev := func(i int) float64 { return 0.3 + 0.2*float64(i%4) }
	table := &report.Table{
		Caption: "Test accuracy in percent over ten seeds; bold where dfa is within 2.5 points of bp.",
		Corner:  "Model",
		Notes:   []string{"n is the number of seeds. Where a model has no published number, none is shown."},
	}
	for _, data := range []string{"Cora", "CiteSeer", "PubMed"} {
		table.Groups = append(table.Groups, report.Group{Title: data, Columns: []string{"bp", "dfa", "shallow"}})
	}
	for i, model := range []string{"Chebyshev", "Graph convolution", "Spline", "a|b <script>alert(1)</script>", "DNA"} {
		row := report.Row{Head: model}
		for j := range 9 {
			mean, d := 83.1-1.7*float64(j%3)-0.9*float64(i), dev(i+j)
			cell := report.Cell{
				Text: fmt.Sprintf("%.1f", mean), Sub: []string{fmt.Sprintf("± %.1f, n 10", d), "published 80.1"},
				Bold: j%3 == 1, Mark: report.Compare(mean, d, 10, 80.1), Title: "seeds 0 to 9",
			}
			if i == 3 && j%3 == 2 {
				cell = report.Cell{}
			}
			row.Cells = append(row.Cells, cell)
		}
		table.Rows = append(table.Rows, row)
	}
	var maps report.Columns
	for i, mode := range []string{"bp", "dfa", "shallow"} {
		maps = append(maps, figure(t, "map-"+mode, "t-SNE of the first layer after training with "+mode,
			fmt.Sprintf("Seven clusters of points, less apart the %d. time.", i+1), sampleScatter(t, 1+float64(i), 2708)))
	}
	return &report.Page{
		Title: "Graph networks: <ours> & the paper's",
		Lead:  "Three ways to train one definition, ours beside the published numbers. Direct feedback alignment comes close to backpropagation.",
		Sections: []report.Section{
			{Title: "Accuracy", Blocks: []report.Block{
				report.Paragraph("Every model is trained with ten seeds on the public split, and tested where its validation accuracy was best."),
				table,
				report.Links{{Text: "rows.csv", Href: "rows.csv"}, {Text: "rows.json", Href: "rows.json"}, {Text: "the paper", Href: "https://arxiv.org/abs/2006.12878"}},
			}},
			{Title: "Learning curves", Blocks: []report.Block{
				figure(t, "curves", "Validation accuracy: mean and one standard deviation over ten seeds.",
					"Three rising curves; bp is highest, dfa a little lower, shallow far below.", sampleLines()),
			}},
			{Title: "Against the published numbers", Blocks: []report.Block{
				figure(t, "intervals", "Means with their 95 % intervals over ten seeds.", "A dot with an interval for each model and mode, and a diamond for the published number.", sampleIntervals()),
			}},
			{Title: "Maps of the nodes", Blocks: []report.Block{maps, report.List{"1. perplexity 20", "- learning rate 100", "5000 iterations"}}},
			{Title: "How to make this page", Blocks: []report.Block{
				report.Code("graft reproduce table3 --seeds 10 --out report\ngraft compare gcn --seeds 10 --data cora | grep '<dfa>' # a long line that is wider than the screen of a phone"),
			}},
		},
	}
}

func figure(t *testing.T, name, caption, alt string, c chart.Chart) *report.Figure {
	t.Helper()
	svg, err := chart.SVG(c)
	if err != nil {
		t.Fatal(err)
	}
	png, err := chart.PNG(c)
	if err != nil {
		t.Fatal(err)
	}
	return &report.Figure{Name: name, Caption: caption, Alt: alt, SVG: svg, PNG: png}
}

func sampleLines() *chart.Lines {
	r := rand.New(rand.NewPCG(1, 2))
	lines := &chart.Lines{X: chart.Axis{Label: "epoch"}, Y: chart.Axis{Label: "accuracy, %"}}
	for k, name := range []string{"bp", "dfa", "shallow"} {
		x := make([]float64, 100)
		runs := make([][]float64, 10)
		for i := range x {
			x[i] = float64(i + 1)
			for j := range runs {
				runs[j] = append(runs[j], []float64{82, 79, 45}[k]*(1-math.Exp(-x[i]/[]float64{8, 14, 30}[k]))+2*r.NormFloat64())
			}
		}
		lines.Series = append(lines.Series, chart.OverSeeds(name, chart.Style(k), x, runs))
	}
	return lines
}

func sampleScatter(t *testing.T, spread float64, points int) *chart.Scatter {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	names := []string{"Case based", "Genetic algorithms", "Neural networks", "Probabilistic methods", "Reinforcement learning", "Rule learning", "Theory"}
	class := make([]int, points)
	x, y := make([]float64, points), make([]float64, points)
	for i := range class {
		class[i] = r.IntN(len(names))
		sin, cos := math.Sincos(2 * math.Pi * float64(class[i]) / float64(len(names)))
		x[i], y[i] = 8*cos+spread*r.NormFloat64(), 8*sin+spread*r.NormFloat64()
	}
	classes, err := chart.ByClass(names, class, x, y)
	if err != nil {
		t.Fatal(err)
	}
	return &chart.Scatter{Classes: classes}
}

func sampleIntervals() *chart.Intervals {
	v := &chart.Intervals{X: chart.Axis{Label: "test accuracy, %"}}
	for i, model := range []string{"Chebyshev", "Graph convolution", "Spline"} {
		g := chart.Group{Title: model}
		for k, mode := range []string{"bp", "dfa", "shallow"} {
			mean := []float64{80, 78, 40}[k] + float64(i)
			published := mean + []float64{-0.3, 1.1, -3}[k]
			g.Rows = append(g.Rows, chart.Estimate{Label: mode, Style: chart.Style(k), Mean: mean, Half: chart.Half95(1+float64(k), 10), Published: &published})
		}
		v.Groups = append(v.Groups, g)
	}
	return v
}
