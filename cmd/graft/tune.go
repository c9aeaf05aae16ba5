package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// tuneFlags are the flags of `graft tune`.
type tuneFlags struct {
	choice
	taskFlags
	modes, grid []string
	seeds       int
	out         string
	resume      bool
}

func newTune() *cobra.Command {
	t := &tuneFlags{}
	cmd := &cobra.Command{
		Use:   "tune MODEL --grid KEY=V1,V2,...",
		Short: "search for the best rate, or any option, of each mode",
		Long: `tune trains a model with every setting of a grid, each for a number of seeds, and chooses for each mode the setting with
the best mean of the validation metric. Test data are measured, and shown, but do not take part in the choice. A training
that diverges is worse than any that does not; of equal settings the first is chosen.

With --out DIR every training that has ended is kept there. An interrupt (Ctrl-C) drops those that are running; the same
command with --resume goes on, and comes to the same result. More --seeds may be asked for then, nothing else.`,
		Example: `  graft tune gcn --grid lr=0.003,0.01,0.03
  graft tune deepfm --mode bp,dfa --grid lr=1e-3,3e-3 --grid "mlp=64,64;128,128,128" --seeds 3
  graft tune transformer --mode dfa --grid lr=3e-4,1e-3,3e-3 --out search
  graft tune transformer --mode dfa --grid lr=3e-4,1e-3,3e-3 --out search --resume`,
		Args: takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := lookup(args[0])
			if err != nil {
				return err
			}
			return t.run(cmd, e)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&t.grid, "grid", nil, "values to try, as `key=v1,v2,...`: a key is an option of the model, or lr, batch or epochs of the\nrecipe; semicolons separate values that are lists; may be repeated, for all combinations")
	f.StringSliceVar(&t.modes, "mode", nil, "training `modes` to search in, such as bp,dfa (default all)")
	t.choice.register(cmd)
	t.registerRoute(cmd)
	t.taskFlags.register(cmd)
	f.IntVar(&t.seeds, "seeds", 5, "`number` of trainings of a setting in a mode, with the seeds 0, 1, 2, ...")
	f.StringVar(&t.out, "out", "", "`directory` that keeps the trainings that have ended; without it nothing is kept")
	f.BoolVar(&t.resume, "resume", false, "go on with the search in --out")
	return cmd
}

func (t *tuneFlags) run(cmd *cobra.Command, e entry.Entry) error {
	if t.seeds < 1 {
		return usagef("--seeds %d: at least 1 is needed", t.seeds)
	}
	if t.resume && t.out == "" {
		return usagef("--resume needs --out, the directory of the search")
	}
	choices, err := t.resolve()
	if err != nil {
		return err
	}
	choices.Epochs = t.epochs
	var grid []experiment.Axis
	for _, text := range t.grid {
		axis, err := experiment.ParseAxis(text)
		if err != nil {
			return err
		}
		grid = append(grid, axis)
	}
	// The choices are checked before the data are read, which may take a while.
	if _, err := experiment.NewSearch(e, nil, choices, t.modes, grid); err != nil {
		return err
	}
	task, err := t.open(cmd, e)
	if err != nil {
		return err
	}
	search, err := experiment.NewSearch(e, task, choices, t.modes, grid)
	if err != nil {
		return err
	}
	trials, err := t.search(cmd, search)
	if err != nil {
		return err
	}
	results := search.Results(trials)
	if t.asJSON {
		return writeResults(cmd.OutOrStdout(), results)
	}
	_, err = io.WriteString(cmd.OutOrStdout(), t.report(search, results))
	return err
}

// search runs the trainings that are left, and tells of them.
func (t *tuneFlags) search(cmd *cobra.Command, s *experiment.Search) ([]experiment.Trial, error) {
	plan := s.Plans[0][0]
	total := len(s.Modes) * len(s.Settings) * t.seeds
	stderr := cmd.ErrOrStderr()
	fmt.Fprintf(stderr, "%s on %s: %s\n", plan.Entry.Name, plan.Task.Data, count(total, "training"))
	p := newProgress(stderr, total)
	trials, err := s.Run(cmd.Context(), experiment.Trying{
		Seeds: t.seeds, Workers: t.workers, Dir: t.out, Resume: t.resume,
		Kept: func(n int) {
			if p.skip(n); n > 0 {
				fmt.Fprintf(stderr, "%d of them are in %s already\n", n, t.out)
			}
		},
		Ended: func(t experiment.Trial) { p.tell(trialWords(t)) },
		Note:  func(format string, args ...any) { fmt.Fprintf(stderr, "note: "+format+"\n", args...) },
	})
	p.end()
	if errors.Is(err, context.Canceled) {
		message := fmt.Sprintf("interrupted after %d of %s", p.ended, count(p.total, "training"))
		if t.out != "" {
			message += "\nThe same command with --resume goes on from there."
		}
		return nil, errors.New(message)
	}
	return trials, err
}

// trialWords says what a training came to.
func trialWords(t experiment.Trial) string {
	s := fmt.Sprintf("%s %v seed %d: ", label(t.Plan, false), t.Setting, t.Seed)
	if t.Diverged != "" {
		return s + "diverged"
	}
	metric := t.Plan.Task.Validation
	return s + words(metric) + " " + format(t.Metrics[metric], t.Plan.Entry.Unit)
}

func writeResults(w io.Writer, results [][]experiment.Result) error {
	for _, mode := range results {
		for _, r := range mode {
			for _, row := range r.Rows() {
				if err := writeJSON(w, row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// report is a table of each mode's settings, and one of those chosen.
func (t *tuneFlags) report(s *experiment.Search, results [][]experiment.Result) string {
	plan := s.Plans[0][0]
	var b strings.Builder
	e := plan.Entry
	unit := ""
	if e.Unit != e.Metric {
		unit = " in " + e.Unit
	}
	fmt.Fprintf(&b, "%s on %s; settings chosen (*) by the mean %s%s, %s a setting and mode, mean ± deviation\n",
		e.Name, plan.Task.Data, words(plan.Task.Validation), unit, count(t.seeds, "training"))
	for i := range s.Modes {
		fmt.Fprintf(&b, "\n%s\n%s", label(s.Plans[i][0], false), settingsTable(s.Grid, results[i]))
	}
	fmt.Fprintf(&b, "\nchosen\n%s", chosenTable(s, results))
	for i, mode := range results {
		if r := chosen(mode); r != nil && s.Edge(*r) != "" {
			fmt.Fprintf(&b, "%s: %s\n", label(s.Plans[i][0], false), s.Edge(*r))
		}
	}
	return b.String()
}

// settingsTable has a row for each setting of a mode.
func settingsTable(grid []experiment.Axis, results []experiment.Result) string {
	out := table{right: map[int]bool{}}
	head := []string{""}
	for _, axis := range grid {
		head = append(head, axis.Key)
	}
	metrics := append([]experiment.Row{results[0].Validation}, results[0].Tests...)
	for _, r := range metrics {
		out.right[len(head)] = true
		head = append(head, words(r.Metric))
	}
	out.right[len(head)] = true
	out.add(append(head, "n")...)
	for _, r := range results {
		row := []string{" "}
		if r.Chosen {
			row[0] = "*"
		}
		row = append(row, r.Setting.Values...)
		for _, m := range append([]experiment.Row{r.Validation}, r.Tests...) {
			row = append(row, spreadOrDash(m))
		}
		row = append(row, fmt.Sprint(r.Validation.N))
		if r.Diverged > 0 {
			row = append(row, fmt.Sprintf("%d diverged", r.Diverged))
		}
		out.add(row...)
	}
	return out.String()
}

func spreadOrDash(r experiment.Row) string {
	if r.N == 0 {
		return "-"
	}
	return spread(r)
}

// chosenTable has a row for each mode, and how far the first mode is ahead of it on test data.
func chosenTable(s *experiment.Search, results [][]experiment.Result) string {
	first := chosen(results[0])
	out := table{right: map[int]bool{2: true, 3: true, 4: true}}
	head := []string{"mode", "setting", words(results[0][0].Tests[0].Metric)}
	if len(s.Modes) > 1 {
		head = append(head, "lead of "+s.Modes[0], "in standard errors")
	}
	out.add(head...)
	for i := range s.Modes {
		r := chosen(results[i])
		row := []string{label(s.Plans[i][0], false)}
		if r == nil {
			out.add(append(row, "none: all diverged")...)
			continue
		}
		row = append(row, r.Setting.String(), spread(r.Tests[0]))
		if i > 0 && first != nil {
			row = append(row, leadWords(first.Tests[0], r.Tests[0])...)
		}
		out.add(row...)
	}
	return out.String()
}

func leadWords(a, b experiment.Row) []string {
	lead, e := experiment.Lead(a, b)
	inErrors := "-" // of single values, or values without any spread, it is not known
	if e > 0 {
		inErrors = fmt.Sprintf("%.1f", lead/e)
	}
	return []string{withDecimals(lead, decimals(math.Abs(lead), a.Unit)), inErrors}
}

// chosen returns the result that was chosen, or nil.
func chosen(results []experiment.Result) *experiment.Result {
	for i := range results {
		if results[i].Chosen {
			return &results[i]
		}
	}
	return nil
}
