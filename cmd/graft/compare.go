package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// compareFlags are the flags of `graft compare`.
type compareFlags struct {
	choice
	taskFlags
	seeds  int
	routes []int
	out    string
}

func newCompare() *cobra.Command {
	c := &compareFlags{}
	cmd := &cobra.Command{
		Use:   "compare MODEL",
		Short: "train a model in all modes and put the results beside the published ones",
		Long: `compare compiles one definition for bp, dfa and shallow, trains each for a number of seeds, by the recipe published for
the mode, and prints a table. With several values of --route it has a row of dfa for each.`,
		Args: takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := lookup(args[0])
			if err != nil {
				return err
			}
			return c.run(cmd, e)
		},
	}
	c.choice.register(cmd)
	c.registerMatrices(cmd)
	c.taskFlags.register(cmd)
	f := cmd.Flags()
	f.IntVar(&c.seeds, "seeds", 10, "`number` of trainings a mode, with the seeds 0, 1, 2, ...")
	f.IntSliceVar(&c.routes, "route", []int{0}, "`hops` of dfa's projected error along each point's route operator, such as 0,1,2; 0 is the\ndirect route")
	f.StringVar(&c.out, "out", "", "`directory` for pictures of what the models of seed 0 see, where the model draws any: NeRF's views, also\nin its dual rendering")
	return cmd
}

func (c *compareFlags) run(cmd *cobra.Command, e entry.Entry) error {
	if c.seeds < 1 {
		return usagef("--seeds %d: at least 1 is needed", c.seeds)
	}
	choices, err := c.resolve()
	if err != nil {
		return err
	}
	choices.Epochs = c.epochs
	// The choices are checked before the data are read, which may take a while.
	if _, err := experiment.Comparison(e, nil, choices, c.routes); err != nil {
		return err
	}
	task, err := c.open(cmd, e)
	if err != nil {
		return err
	}
	if c.out != "" && task.Pictures == nil {
		return usagef("--out %s: %s draws no pictures", c.out, e.Name)
	}
	plans, err := experiment.Comparison(e, task, choices, c.routes)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s on %s: %s\n", e.Name, task.Data, count(len(plans)*c.seeds, "training"))
	p := newProgress(cmd.ErrOrStderr(), len(plans)*c.seeds)
	cells, err := experiment.Compare(cmd.Context(), plans, c.seeds, c.workers, p.done)
	p.end()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted after %d of %s; a comparison is not resumed", p.ended, count(p.total, "training"))
	}
	if err != nil {
		return err
	}
	if err := c.draw(cmd, cells); err != nil {
		return err
	}
	if c.asJSON {
		for _, plan := range plans {
			if err := writeRows(cmd.OutOrStdout(), experiment.Rows(plan, cells)); err != nil {
				return err
			}
		}
		return nil
	}
	return c.table(cmd.OutOrStdout(), plans, cells, time.Since(p.began))
}

// draw writes pictures, where they are asked for.
func (c *compareFlags) draw(cmd *cobra.Command, cells []experiment.Cell) error {
	if c.out == "" {
		return nil
	}
	columns, err := experiment.Draw(c.out, cells, func(p *experiment.Plan) string { return label(p, len(c.routes) > 1) })
	if err == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "pictures are in %s, from left to right: truth, %s\n", c.out, strings.Join(columns, ", "))
	}
	return err
}

// table writes what was trained, a row for each plan, and what it cost.
func (c *compareFlags) table(w io.Writer, plans []*experiment.Plan, cells []experiment.Cell, took time.Duration) error {
	e, task := plans[0].Entry, plans[0].Task
	t := table{right: map[int]bool{}}
	head := []string{"mode"}
	for _, m := range e.Metrics() {
		head = append(head, words(m.Name), "published")
	}
	head = append(head, "alignment", "seconds")
	for column := range head[1:] {
		t.right[column+1] = true
	}
	t.add(head...)
	for _, plan := range plans {
		cell, published := map[string]string{}, map[string]string{}
		for _, r := range experiment.Rows(plan, cells) {
			cell[r.Metric] = spread(r)
			if r.Published != nil {
				published[r.Metric] = formatPublished(*r.Published, r.Unit)
			}
		}
		row := []string{label(plan, len(c.routes) > 1)}
		for _, m := range e.Metrics() {
			row = append(row, cell[m.Name], orDash(published[m.Name]))
		}
		t.add(append(row, orDash(cell["alignment"]), cell["seconds"])...)
	}
	_, err := fmt.Fprintf(w, "%s on %s, %s; %s in %s, %s a mode, mean ± deviation\n\n%s\n%s took %v. %s\n",
		e.Name, task.Data, count(plans[0].Recipe.Epochs, "epoch"), words(e.Metric), e.Unit, count(c.seeds, "training"),
		t.String(), count(len(cells), "training"), roundTime(took), recipes(plans))
	return err
}

// label names a plan by its mode, and dfa by its route as well where there are several or it is not the direct one.
func label(plan *experiment.Plan, several bool) string {
	if hops := plan.Feedback.Route; plan.Pipeline.Mode == "dfa" && (several || hops > 0) {
		return fmt.Sprintf("dfa, route %d", hops)
	}
	return plan.Pipeline.Mode
}

// recipes says by what the plans were trained, and in what the modes' recipes differ.
func recipes(plans []*experiment.Plan) string {
	var differ []string
	first := plans[0].Info()
	for _, plan := range plans {
		for key, value := range plan.Info() {
			key = strings.TrimPrefix(key, "option.")
			switch {
			case value == first[key] || value == first["option."+key] || slices.Contains(differ, key):
			case slices.Contains([]string{"mode", "granularity", "feedback"}, key):
			default:
				differ = append(differ, key)
			}
		}
	}
	slices.Sort(differ)
	s := "Recipe: " + plans[0].Recipe.Source
	if len(differ) > 0 {
		s += "; it differs by mode in " + strings.Join(differ, ", ")
	}
	return s + "."
}
