package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"graft/zoo/experiment"
)

// The exit statuses.
const (
	succeeded = 0
	failed    = 1
	misused   = 2
)

// run executes one command line and returns the exit status. A failure is told in one message on stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "graft: internal error: %v\nThis is a mistake in graft; please report it with the command line and what follows.\n%s", p, debug.Stack())
			status = failed
		}
	}()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	var usage *experiment.UsageError
	switch {
	case err == nil:
		return succeeded
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "graft: %v\n`%s` says more.\n", err, helpFor(cmd))
		return misused
	}
	fmt.Fprintf(stderr, "graft: %v\n", err)
	return failed
}

// helpFor returns the command line that explains a command.
func helpFor(cmd *cobra.Command) string {
	if cmd.Name() == "help" {
		cmd = cmd.Root()
	}
	return strings.TrimSpace("graft help " + strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), "graft"), " "))
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "graft",
		Short: "a compiler for training programs",
		Long: `graft compiles a model, defined once, to the program that trains it:

  bp       backpropagation through the whole model
  dfa      direct feedback alignment: the gradient is cut at the model's feedback points, and a random
           projection of the error is grafted in its place
  shallow  the cuts alone

Results go to standard output, progress and messages to standard error. The exit status is 0, 1 for a
failure, and 2 for a mistaken command line.`,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions:     cobra.CompletionOptions{DisableDefaultCmd: true},
		DisableFlagsInUseLine: true,
		Args:                  cobra.ArbitraryArgs,
		RunE:                  group,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &experiment.UsageError{Err: err} })
	root.SetHelpCommand(newHelp())
	root.AddCommand(newModels(), newCompile(), newTrain(), newCompare(), newReproduce(), newTune(), newBench(), newGrad(), newData(), newOps())
	return root
}

// group runs a command that only has subcommands: it shows them, and refuses arguments that are none of them.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return usagef("%s has no command %q; the commands are %s", cmd.CommandPath(), args[0], strings.Join(names, ", "))
}

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "explain a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return group(cmd.Root(), args)
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	}
}

// usagef makes the error of a mistaken command line.
func usagef(format string, args ...any) error {
	return &experiment.UsageError{Err: fmt.Errorf(format, args...)}
}

// takes refuses any number of arguments but the named ones; those in brackets may be left out.
func takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return usagef("%s takes no argument %q", cmd.CommandPath(), args[len(names)])
		}
		for _, name := range names[len(args):] {
			if !strings.HasPrefix(name, "[") {
				return usagef("%s needs an argument %s", cmd.CommandPath(), name)
			}
		}
		return nil
	}
}
