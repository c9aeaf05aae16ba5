package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"graft/zoo/reproduce"
)

// reproduceFlags are the flags of `graft reproduce`.
type reproduceFlags struct {
	models, datasets, routes []string
	seeds, epochs, workers   int
	variant, data, out       string
	asJSON                   bool
}

func newReproduce() *cobra.Command {
	r := &reproduceFlags{}
	var studies []string
	for _, s := range reproduce.Studies() {
		studies = append(studies, fmt.Sprintf("  %-9s %s", s.Name, s.Title))
	}
	cmd := &cobra.Command{
		Use:   "reproduce STUDY --out DIR",
		Short: "train a table or figure of the paper, and write ours beside the published",
		Long: `reproduce trains what a table or figure of the paper is made of, over many seeds, side by side on all cores, and writes a
report to DIR/STUDY: report.html (one file that opens offline), report.md, the figures, and the numbers as CSV and JSON.

` + strings.Join(studies, "\n") + `

Every training is kept in DIR/trainings as it ends. The same command goes on where it was interrupted, in whatever way,
and comes to the same tables; studies in one DIR share the trainings that they have in common.`,
		Example: `  graft reproduce table3 --out results
  graft reproduce table3 --models gcn,gat --datasets cora --seeds 5 --routes direct,1:symmetric,2:mean --out results
  graft reproduce figure2 --out results`,
		Args: takes("STUDY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := reproduce.Lookup(args[0])
			if err != nil {
				return err
			}
			return r.run(cmd, s)
		},
	}
	registerData(cmd, &r.data)
	f := cmd.Flags()
	f.StringVar(&r.out, "out", "", "`directory` for the trainings and the report")
	f.StringSliceVar(&r.models, "models", nil, "`models` to train (default all of the study)")
	f.StringSliceVar(&r.datasets, "datasets", nil, "data `sets` to train on (default those of the paper that can be had)")
	f.IntVar(&r.seeds, "seeds", 0, "`number` of trainings of each cell (default the study's)")
	f.IntVar(&r.epochs, "epochs", 0, "`number` of epochs (default the recipe's)")
	f.StringVar(&r.variant, "variant", "", "paper or reference: which `reading` of the models and recipes, where paper and published code disagree\n(default paper)")
	f.StringSliceVar(&r.routes, "routes", nil, "`routes` of dfa, a column each: direct, or hops:operator (default direct and "+reproduce.Chosen.String()+")")
	f.IntVar(&r.workers, "workers", 0, "`number` of processor cores to use; 0 is all of them")
	f.BoolVar(&r.asJSON, "json", false, "write the results as JSON lines")
	return cmd
}

func (f *reproduceFlags) run(cmd *cobra.Command, s reproduce.Study) error {
	if f.out == "" {
		return usagef("--out is needed: a directory for the trainings and the report")
	}
	if f.workers < 0 {
		return usagef("--workers %d: it cannot be negative", f.workers)
	}
	for name, n := range map[string]int{"epochs": f.epochs, "seeds": f.seeds} {
		if cmd.Flags().Changed(name) && n < 1 {
			return usagef("--%s %d: at least 1 is needed", name, n)
		}
	}
	o := reproduce.Options{Models: f.models, Data: f.datasets, Seeds: f.seeds, Epochs: f.epochs, Variant: f.variant}
	for _, text := range f.routes {
		route, err := reproduce.ParseRoute(text)
		if err != nil {
			return err
		}
		o.Routes = append(o.Routes, route)
	}
	o, err := s.Resolve(o)
	if err != nil {
		return err
	}
	began := time.Now()
	board := newBoard(cmd.ErrOrStderr(), s.Title, s.Cells(o), o.Seeds)
	runner := &reproduce.Runner{Dir: f.out, Data: f.data, Workers: f.workers, Ended: board.ended, Note: board.note}
	dir, rows, err := s.Run(cmd.Context(), o, runner)
	board.end()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted after %d of %s\nThe same command goes on from there", board.done, count(board.total, "training"))
	}
	if err != nil {
		return err
	}
	if f.asJSON {
		for _, row := range rows {
			if err := writeJSON(cmd.OutOrStdout(), row); err != nil {
				return err
			}
		}
		return nil
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s in %v. The report is %s.\n",
		rowsTable(rows), count(board.total, "training"), roundTime(time.Since(began)), filepath.Join(dir, "report.html"))
	return err
}

// rowsTable lists the results.
func rowsTable(rows []reproduce.Row) string {
	t := table{right: map[int]bool{5: true, 6: true, 7: true}}
	t.add("data", "model", "mode", "route", "metric", "mean ± deviation", "n", "published")
	for _, r := range rows {
		published := "-"
		if r.Published != nil {
			published = formatPublished(*r.Published, r.Unit)
		}
		t.add(r.Data, r.Model, r.Mode, orDash(r.Route), words(r.Metric), spreadOrDash(r.Row), fmt.Sprint(r.N), published)
	}
	return t.String()
}
