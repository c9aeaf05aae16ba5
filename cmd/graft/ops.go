package main

import (
	"github.com/spf13/cobra"
	"graft/graph"
)

func newOps() *cobra.Command {
	return &cobra.Command{
		Use:   "ops",
		Short: "print the reference of the ops that graphs are made of",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return graph.WriteOpReference(cmd.OutOrStdout(), graph.Standard())
		},
	}
}
