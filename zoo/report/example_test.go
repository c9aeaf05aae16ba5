package report_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"graft/zoo/report"
)

// A small page with one table, written to a directory.
func Example() {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	// Ten seeds of ours, and what the paper has.
	cell := func(mean, std, published float64) report.Cell {
		return report.Cell{
			Text: fmt.Sprintf("%.1f", mean),
			Sub:  []string{fmt.Sprintf("± %.1f, n 10", std), fmt.Sprintf("published %.1f", published)},
			Mark: report.Compare(mean, std, 10, published),
		}
	}
	page := &report.Page{
		Title: "Graph convolutions",
		Lead:  "Test accuracy in percent.",
		Sections: []report.Section{{Blocks: []report.Block{
			&report.Table{
				Corner: "Model",
				Groups: []report.Group{{Title: "Cora", Columns: []string{"bp", "dfa"}}},
				Rows:   []report.Row{{Head: "GCN", Cells: []report.Cell{cell(81.5, 0.5, 80.1), cell(80.5, 0.9, 79.9)}}},
			},
			report.Code("graft reproduce table3 --out report"),
		}}},
	}
	if err := report.Write(dir, page); err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "report.md"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	// Output:
	// # Graph convolutions
	//
	// Test accuracy in percent.
	//
	// | Model |                             Cora: bp |                            Cora: dfa |
	// | ----- | -----------------------------------: | -----------------------------------: |
	// | GCN   | 81.5 ≠ (± 0.5, n 10, published 80.1) | 80.5 ≈ (± 0.9, n 10, published 79.9) |
	//
	// ≈ the published number is within two standard deviations of ours; ≠ it is not.
	//
	// ```
	// graft reproduce table3 --out report
	// ```
}
