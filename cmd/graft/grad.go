package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"graft/zoo/experiment"
)

func newGrad() *cobra.Command {
	c := &choice{}
	var request experiment.GradRequest
	cmd := &cobra.Command{
		Use:   "grad MODEL",
		Short: "compute gradients for given weights and a given batch, to check them against another framework",
		Long: `grad reads weights and one batch from safetensors files and writes the loss, the outputs, and what the mode makes of
them: error/<site>, cotangent/<point> and grad/<parameter>, before weight decay, clipping and rate.

Weights: every parameter and running statistic that 'graft compile MODEL --params' lists, and feedback/<point> [error
width, point width] for all points that the mode delivers to or for none; these are used as given, without a scale.
Batch: every input by name; integers of any width; sparse matrices dense or as .indptr, .indices and .values; graphs as
edge_index [2, edges]; random/<stream> holds the uniform draws of a dropout or of jitter, which are
off otherwise.`,
		Args: takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := lookup(args[0])
			if err != nil {
				return err
			}
			var missing []string
			for _, name := range []string{"mode", "weights", "batch", "out"} {
				if !cmd.Flags().Changed(name) {
					missing = append(missing, "--"+name)
				}
			}
			if len(missing) > 0 {
				return usagef("grad needs %s", strings.Join(missing, ", "))
			}
			choices, err := c.resolve()
			if err != nil {
				return err
			}
			plan, err := experiment.NewPlan(e, nil, choices)
			if err != nil {
				return err
			}
			if err := experiment.Grad(cmd.Context(), plan, request); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s\n", request.Out)
			return err
		},
	}
	c.registerMode(cmd, "bp, dfa or shallow: the training `mode`")
	c.register(cmd)
	c.registerRoute(cmd)
	f := cmd.Flags()
	f.StringVar(&request.Weights, "weights", "", "safetensors `file` of weights")
	f.StringVar(&request.Batch, "batch", "", "safetensors `file` of inputs")
	f.StringVar(&request.Out, "out", "", "safetensors `file` to write")
	f.StringVar(&request.Layout, "layout", "", "torch: weights and gradients have the names and the `layout` of a PyTorch state_dict")
	f.StringVar(&request.BatchNorm, "batchnorm", "batch", "batch or running: the `statistics` batch norm normalises with")
	return cmd
}
