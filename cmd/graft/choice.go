package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"graft/feedback"
	"graft/passes"
	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// choice holds the flags that say which program of a model is meant.
type choice struct {
	mode, variant, matrices string
	set                     []string
	feedback                feedback.Options
	recompute               recomputeFlag
}

// register adds the flags to a command.
func (c *choice) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.variant, "variant", "", "`name` of the variant of the model and its recipes (default paper)")
	f.StringArrayVar(&c.set, "set", nil, "`option=value` of the model, or lr, batch or epochs of the recipe; may be repeated")
	f.StringVar(&c.feedback.Granularity, "granularity", "", "macro or micro: which feedback `points` are cut (default macro)")
	f.StringVar(&c.feedback.Sharing, "sharing", "", "shared or independent: how points come by feedback `matrices` (default shared)")
	f.StringVar(&c.feedback.Dist, "dist", "", "`distribution` of feedback matrices: uniform, normal, rademacher, orthogonal or identity\n(default uniform)")
	f.Var(&c.recompute, "recompute", "off, cheap or the `work` in FLOPs that a byte is worth: which activations training computes again\ninstead of keeping them; results stay the same (default off)")
	f.BoolVar(&c.feedback.Generate, "generate-b", false, "generate uniform or rademacher feedback matrices inside the projection, at every step, instead of\nkeeping them in memory; results are the same")
}

func (c *choice) registerMode(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVar(&c.mode, "mode", "", usage)
}

func (c *choice) registerRoute(cmd *cobra.Command) {
	cmd.Flags().IntVar(&c.feedback.Route, "route", 0, "`hops` of the projected error along each point's route operator; 0 is the direct route")
}

func (c *choice) registerMatrices(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.matrices, "matrices", "", "safetensors `file` of feedback matrices feedback/<point> [error width, point width], used as given\ninstead of random ones")
}

// resolve returns what the flags say.
func (c *choice) resolve() (experiment.Choices, error) {
	set, err := c.options()
	return experiment.Choices{Mode: c.mode, Variant: c.variant, Set: set, Feedback: c.feedback, Matrices: c.matrices, Recompute: c.recompute.Recompute}, err
}

// options returns the values given with --set; of several for one option the last counts.
func (c *choice) options() (map[string]string, error) {
	set := map[string]string{}
	for _, s := range c.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, usagef("--set %s: it is written option=value", s)
		}
		set[name] = value
	}
	return set, nil
}

// recomputeFlag is the value of --recompute.
type recomputeFlag struct{ passes.Recompute }

func (r *recomputeFlag) String() string {
	if r == nil || r.FLOPsPerByte == 0 {
		return ""
	}
	return strconv.FormatFloat(r.FLOPsPerByte, 'g', -1, 64)
}

func (r *recomputeFlag) Type() string { return "work" }

func (r *recomputeFlag) Set(s string) (err error) {
	r.Recompute, err = passes.ParseRecompute(s)
	return err
}

// lookup returns the model of that name.
func lookup(name string) (entry.Entry, error) {
	e, err := zoo.Lookup(name)
	if err != nil {
		return e, &experiment.UsageError{Err: err}
	}
	return e, nil
}
