package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"graft/zoo/experiment"
)

func newGrad() *cobra.Command {
	c := &choice{}
	var request experiment.GradRequest
	list := false
	cmd := &cobra.Command{
		Use:   "grad MODEL",
		Short: "compute gradients for given weights and a given batch, to check them against another framework",
		Long: `grad reads weights and one batch from safetensors files and writes the loss, the outputs, and what the mode makes of
them: error/<site>, cotangent/<point> and grad/<parameter>, before weight decay, clipping and rate. --list prints the
tensors that the two files hold instead.

Weights: every parameter and running statistic, and feedback/<point> [error width, point width] for all points that the mode
delivers to or for none; these are used as given, without a scale.
Batch: every input by name; integers of any width; sparse matrices dense or as .indptr, .indices and .values; graphs as
edge_index [2, edges], row 0 sources and row 1 targets.
Draws: random/<stream> in the batch holds the draws of a stream, uniform on [0, 1) for dropout and jitter and standard normal for
noise, those for the entries of a sparse matrix in row order. A stream that is not given is off: dropout drops nothing, jitter
is 0.5 and noise 0.

With --layout torch, weights and gradients are those of a PyTorch state_dict, of torch.nn or PyTorch Geometric modules: --list
shows which of its tensors holds which parameter. num_batches_tracked is ignored.`,
		Args: takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := lookup(args[0])
			if err != nil {
				return err
			}
			needed := []string{"mode", "weights", "batch", "out"}
			if list {
				needed = needed[:1]
			}
			var missing []string
			for _, name := range needed {
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
			if list {
				return listGrad(cmd.OutOrStdout(), plan, request.Layout)
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
	f.BoolVar(&list, "list", false, "print the tensors of the weights and of the batch: file, name, type, what it is")
	return cmd
}

// listGrad writes a line for each tensor of the files.
func listGrad(w io.Writer, plan *experiment.Plan, layout string) error {
	tensors, err := experiment.GradTensors(plan, layout)
	if err != nil {
		return err
	}
	out := table{}
	for _, t := range tensors {
		out.add(t.File, t.Name, t.Type, t.Note)
	}
	_, err = io.WriteString(w, out.String())
	return err
}
