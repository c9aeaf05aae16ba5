package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"graft/zoo/dataset"
)

func newData() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "list or download data sets",
		Long: `Data sets are looked for in the directory given with --data, then in $GRAFT_DATA, then in the user's cache
directory, each time directly and in a subdirectory for the kind (mnist, planetoid).`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(newDataList(), newDataGet())
	return cmd
}

// dataStatus is a line of `graft data list --json`.
type dataStatus struct {
	Name     string   `json:"name"`
	Files    []string `json:"files"`
	URL      string   `json:"url"`
	Dir      string   `json:"dir"` // empty when it is nowhere
	Looked   []string `json:"looked"`
	Missing  []string `json:"missing"`
	Altered  []string `json:"altered"`
	Complete bool     `json:"complete"`
	Verified bool     `json:"verified"`
}

func newDataList() *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list the data sets, where they are, and whether they are what was published",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			t := table{}
			t.add("data set", "where", "status")
			var looked []string
			for _, s := range dataset.Sets() {
				r, err := dataset.Status(s.Name, dir)
				if err != nil {
					return err
				}
				if asJSON {
					if err := writeJSON(out, statusLine(r)); err != nil {
						return err
					}
					continue
				}
				t.add(s.Name, orDash(r.Dir), statusText(r))
				for _, tried := range r.Tried {
					if !slices.Contains(looked, tried) {
						looked = append(looked, tried)
					}
				}
			}
			if asJSON {
				return nil
			}
			_, err := fmt.Fprintf(out, "%s\nlooked in\n  %s\n", t.String(), strings.Join(looked, "\n  "))
			return err
		},
	}
	registerData(cmd, &dir)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON line for each data set")
	return cmd
}

// registerData adds the flag that says where data are.
func registerData(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "data", "", "`directory` to look for data in first, before $GRAFT_DATA and the cache")
}

func statusLine(r dataset.Report) dataStatus {
	s := dataStatus{
		Name: r.Set.Name, URL: r.Set.URL, Dir: r.Dir, Looked: r.Tried, Complete: r.Complete, Verified: r.Verified,
		Missing: append([]string{}, r.Missing...), Altered: append([]string{}, r.Altered...),
	}
	for _, f := range r.Set.Files {
		s.Files = append(s.Files, f.Name)
	}
	return s
}

func statusText(r dataset.Report) string {
	n := len(r.Set.Files)
	switch {
	case r.Dir == "":
		return "not found"
	case len(r.Missing) > 0:
		return fmt.Sprintf("incomplete, %d of %d files: no %s", n-len(r.Missing), n, strings.Join(r.Missing, ", "))
	case len(r.Altered) > 0:
		return fmt.Sprintf("complete, but not as published: %s", strings.Join(r.Altered, ", "))
	}
	return fmt.Sprintf("complete, %d files verified", n)
}

func newDataGet() *cobra.Command {
	var dir, mirror string
	cmd := &cobra.Command{
		Use:   "get NAME",
		Short: "download a data set and verify its checksums",
		Args:  takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, ok := dataset.Lookup(args[0])
			if !ok {
				_, err := dataset.Status(args[0], "")
				return usagef("%w", err)
			}
			if dir == "" {
				cache, err := dataset.CacheDir()
				if err != nil {
					return fmt.Errorf("there is no cache directory (%w): name a directory with --dir", err)
				}
				dir = filepath.Join(cache, set.Kind)
			}
			if mirror == "" {
				mirror = set.URL
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "getting %s from %s\n", set.Name, mirror)
			if err := dataset.Get(cmd.Context(), set.Name, dir, nil, mirror); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files verified in %s\n", set.Name, len(set.Files), dir)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "`directory` to put the files into (default the kind's subdirectory of the cache)")
	cmd.Flags().StringVar(&mirror, "mirror", "", "`URL` of a directory that has the files (default the data set's own)")
	return cmd
}
