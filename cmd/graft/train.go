package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"graft/runtime"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// trainFlags are the flags of `graft train`.
type trainFlags struct {
	choice
	taskFlags
	seed            int32
	out, backend    string
	checkpointEvery int
	resume, quiet   bool
}

// taskFlags are what train and compare have in common beyond the choice of a program.
type taskFlags struct {
	data, dataset   string
	epochs, workers int
	asJSON          bool
}

func (t *taskFlags) register(cmd *cobra.Command) {
	registerData(cmd, &t.data)
	f := cmd.Flags()
	f.StringVar(&t.dataset, "dataset", "", "`name` of the data set (default the model's first or, where that is not at hand, a generated\nstand-in)")
	f.IntVar(&t.epochs, "epochs", 0, "`number` of epochs (default the recipe's)")
	f.IntVar(&t.workers, "workers", 0, "`number` of processor cores to use; 0 is all of them")
	f.BoolVar(&t.asJSON, "json", false, "write the results as JSON lines")
}

// open checks the flags, opens the data, and tells of a stand-in.
func (t *taskFlags) open(cmd *cobra.Command, e entry.Entry) (*entry.Task, error) {
	if cmd.Flags().Changed("epochs") && t.epochs < 1 {
		return nil, usagef("--epochs %d: at least 1 is needed", t.epochs)
	}
	if t.workers < 0 {
		return nil, usagef("--workers %d: it cannot be negative", t.workers)
	}
	task, notice, err := experiment.Open(e, t.dataset, t.data)
	if notice != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %s\n", notice)
	}
	return task, err
}

func newTrain() *cobra.Command {
	t := &trainFlags{}
	cmd := &cobra.Command{
		Use:   "train MODEL",
		Short: "train a model in one mode",
		Long: `train trains a model by its published recipe. With --out DIR it keeps metrics.jsonl, checkpoint.safetensors and, where
the best epoch is reported, best.safetensors there. An interrupt (Ctrl-C) ends the run after the step that is running
and writes a checkpoint; the same command with --resume goes on from it and gives the same result, bit for bit, as if
nothing had happened. A second interrupt ends it at once.`,
		Args: takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := lookup(args[0])
			if err != nil {
				return err
			}
			return t.run(cmd, e)
		},
	}
	t.registerMode(cmd, "bp, dfa or shallow: the training `mode`")
	t.choice.register(cmd)
	t.registerRoute(cmd)
	t.registerMatrices(cmd)
	t.taskFlags.register(cmd)
	f := cmd.Flags()
	f.Int32Var(&t.seed, "seed", 0, "`seed` of initialisation, feedback matrices, dropout and the order of the data")
	f.StringVar(&t.out, "out", "", "`directory` for metrics and checkpoints; without it nothing is written")
	f.BoolVar(&t.resume, "resume", false, "go on from the checkpoint in --out")
	f.IntVar(&t.checkpointEvery, "checkpoint-every", 0, "`steps` between checkpoints, besides those at the ends of epochs")
	f.StringVar(&t.backend, "backend", "native", "native or gorgonia: the `backend` that runs the program")
	f.BoolVar(&t.quiet, "quiet", false, "no progress on standard error")
	return cmd
}

func (t *trainFlags) run(cmd *cobra.Command, e entry.Entry) error {
	if t.mode == "" {
		return usagef("train needs a --mode: bp, dfa or shallow")
	}
	if t.out == "" && (t.resume || t.checkpointEvery != 0) {
		return usagef("--resume and --checkpoint-every need --out, the directory of the checkpoints")
	}
	if t.checkpointEvery < 0 {
		return usagef("--checkpoint-every %d: it cannot be negative", t.checkpointEvery)
	}
	settings := experiment.Settings{Dir: t.out, Resume: t.resume, CheckpointEvery: t.checkpointEvery, Align: true}
	var err error
	if settings.Backend, err = backend(t.backend); err != nil {
		return err
	}
	choices, err := t.resolve()
	if err != nil {
		return err
	}
	choices.Epochs = t.epochs
	// The choices are checked before the data are read, which may take a while.
	if _, err := experiment.NewPlan(e, nil, choices); err != nil {
		return err
	}
	task, err := t.open(cmd, e)
	if err != nil {
		return err
	}
	plan, err := experiment.NewPlan(e, task, choices)
	if err != nil {
		return err
	}
	programs, err := plan.Programs()
	if err != nil {
		return err
	}
	if !t.quiet {
		settings.Progress = cmd.ErrOrStderr()
		t.announce(settings.Progress, plan)
	}
	settings.Pool = runtime.NewPool(t.workers)
	defer settings.Pool.Close()
	outcome, err := programs.Train(cmd.Context(), t.seed, settings)
	if errors.Is(err, context.Canceled) {
		return t.interruption(err)
	}
	if err != nil {
		return err
	}
	return t.result(cmd.OutOrStdout(), plan, outcome)
}

// interruption tells how to go on.
func (t *trainFlags) interruption(err error) error {
	message := strings.TrimSuffix(err.Error(), ": "+context.Canceled.Error())
	if t.out != "" {
		message += "\nThe same command with --resume goes on from there."
	}
	return errors.New(message)
}

// announce says what is about to be trained, and where it is kept.
func (t *trainFlags) announce(w io.Writer, plan *experiment.Plan) {
	fmt.Fprintf(w, "%s on %s, mode %s, seed %d: %s, recipe of %s\n",
		plan.Entry.Name, plan.Task.Data, plan.Pipeline.Mode, t.seed, count(plan.Recipe.Epochs, "epoch"), plan.Recipe.Source)
	if t.out == "" {
		fmt.Fprintln(w, "nothing is written; --out DIR keeps metrics and checkpoints")
	} else {
		fmt.Fprintf(w, "metrics and checkpoints are in %s\n", t.out)
	}
}

func (t *trainFlags) result(w io.Writer, plan *experiment.Plan, o *experiment.Outcome) error {
	rows := experiment.Rows(plan, []experiment.Cell{{Plan: plan, Seed: t.seed, Outcome: o}})
	if t.asJSON {
		return writeRows(w, rows)
	}
	out := table{right: map[int]bool{1: true}}
	out.add("epoch", fmt.Sprint(o.Epoch), fmt.Sprintf("of %d", plan.Recipe.Epochs))
	for _, name := range slices.Sorted(maps.Keys(o.Metrics)) {
		unit := ""
		if strings.HasSuffix(name, "accuracy") {
			unit = "percent"
		}
		out.add(words(name), format(o.Metrics[name], unit), unit)
	}
	for _, r := range rows {
		if _, listed := o.Metrics[r.Metric]; !listed {
			out.add(words(r.Metric), format(r.Mean, r.Unit), r.Unit)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func writeRows(w io.Writer, rows []experiment.Row) error {
	for _, r := range rows {
		if err := writeJSON(w, r); err != nil {
			return err
		}
	}
	return nil
}
