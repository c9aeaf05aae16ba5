package reproduce

import (
	"strings"
	"testing"

	"graft/zoo/report"
)

// invented are results whose test accuracies are each cell's, give or take one point.
func invented(o Options, accuracy func(c Cell) float64) Results {
	r := Results{}
	for _, c := range table3().cells(o) {
		for seed, off := range []float64{-1, 0, 1} {
			r[c] = append(r[c], Training{Seed: int32(seed), Metrics: map[string]float64{"test_accuracy": accuracy(c) + off}})
		}
	}
	return r
}

// TestAccuracies checks what the table of accuracies says of numbers that are known: means and deviations, the published number, whether
// they agree, the paper's bold rule, and which cells are explained.
func TestAccuracies(t *testing.T) {
	o, err := table3().Resolve(Options{Models: []string{"gcn"}, Data: []string{"cora"}, Seeds: 3})
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]float64{"bp": 81, "dfa": 78.4, "dfa " + Chosen.String(): 78.6, "shallow": 60} // published: 80.1, 79.9 and 37
	r := invented(o, func(c Cell) float64 { return numbers[c.label()] })
	r[o.cell("gcn", "cora", "shallow", Route{})][0].Diverged = "a metric is not finite"
	blocks := accuracies(o, r)
	table := blocks[0].(*report.Table)
	cells := table.Rows[0].Cells
	for i, want := range []struct {
		text, sub string
		bold      bool
		mark      report.Mark
	}{
		{"81.0", "± 1.0, published 80.1", false, report.Agrees},
		{"78.4", "± 1.0, published 79.9", false, report.Agrees},
		{"78.6", "± 1.0", true, report.None},
		{"60.5", "± 0.7, 1 diverged, published 37.0", false, report.Differs},
	} {
		c := cells[i]
		if sub := strings.Join(c.Sub, ", "); c.Text != want.text || sub != want.sub || c.Bold != want.bold || c.Mark != want.mark {
			t.Errorf("column %d is %q, %q, bold %v, mark %v; want %+v", i, c.Text, sub, c.Bold, c.Mark, want)
		}
	}
	if len(table.Notes) != 1 || table.Notes[0] != withoutPubMed {
		t.Errorf("the notes are %q", table.Notes)
	}
	why := blocks[len(blocks)-1].(report.List)
	if len(why) != 1 || !strings.HasPrefix(why[0], "GraphConv on Cora, shallow: 60.5 here (60.0 to 61.0 over 2 seeds), 37.0 published.") {
		t.Errorf("what is explained is %q", why)
	}
}

// TestMeanGaps checks the summary over models and data sets.
func TestMeanGaps(t *testing.T) {
	o, err := table3().Resolve(Options{Models: []string{"gcn", "gat"}, Seeds: 3})
	if err != nil {
		t.Fatal(err)
	}
	got := meanGaps(o, invented(o, func(c Cell) float64 {
		switch {
		case c.Mode == "bp":
			return 80
		case c.Route.Hops == 0:
			return 76
		}
		return 79
	}))
	// Each of 8 means has the variance 1/3; the sum of so many with 2 degrees of freedom each has 16, whose t quantile is 2.1199 in any
	// table, and 2.1199 sqrt(8/3) / 4 is 0.865.
	want := "Over the 4 pairs of model and data set, dfa is behind bp by 4.00 points by the route direct (95 % interval 3.13 to 4.87);" +
		" 1.00 points by the route " + Chosen.String() + " (95 % interval 0.13 to 1.87), 25.0 % of the gap of direct."
	if got != want {
		t.Errorf("the summary is\n%s\nwant\n%s", got, want)
	}
}
