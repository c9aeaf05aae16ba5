package reproduce

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// some are cells that train in a moment, of which the second needs an operator that the first has not.
func some(epochs int) []Cell {
	c := Cell{Model: "gcn", Data: "synthetic-cora", Variant: entry.Paper, Mode: "bp", Epochs: epochs}
	routed := c
	routed.Mode, routed.Route = "dfa", Route{2, "mean"}
	return []Cell{c, routed}
}

// untimed leaves the seconds away, which are all that may differ between runs.
var untimed = cmpopts.IgnoreFields(Training{}, "Seconds")

// TestRunner checks that a run that was interrupted goes on to the results of one that was not, whatever became of its files, and that
// results do not depend on the number of workers.
func TestRunner(t *testing.T) {
	ctx := context.Background()
	cells := some(3)
	want, err := (&Runner{Dir: t.TempDir(), Workers: 1}).Run(ctx, cells, 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	for c, trainings := range want {
		if _, _, ok := trainings[1].Alignment(); trainings[1].Seed != 6 || len(trainings[1].Curves["loss"]) != 3 || ok != (c.Mode == "dfa") {
			t.Errorf("%v has %+v", c, trainings[1])
		}
		if cmp.Equal(trainings[0].Metrics, trainings[1].Metrics) && cmp.Equal(trainings[0].Curves, trainings[1].Curves) {
			t.Errorf("%v comes to the same with both seeds", c)
		}
	}

	dir := t.TempDir()
	stopped, stop := context.WithCancel(ctx)
	r := &Runner{Dir: dir, Workers: 2, Ended: func(Cell, Training, bool) { stop() }}
	if _, err := r.Run(stopped, cells, 5, 2); !errors.Is(err, context.Canceled) {
		t.Fatalf("a run that is interrupted returns %v", err)
	}
	files := func() []string {
		names, err := filepath.Glob(filepath.Join(dir, "trainings", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	if n := len(files()); n == 0 || n == 4 {
		t.Fatalf("the run that was interrupted at its first end has kept %d trainings of 4", n)
	}

	kept, notes := 0, []string{}
	r.Ended = func(_ Cell, _ Training, was bool) {
		if was {
			kept++
		}
	}
	r.Note = func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	again := func(what string, keeps, says int) {
		t.Helper()
		kept, notes = 0, nil
		got, err := r.Run(ctx, cells, 5, 2)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, untimed); d != "" {
			t.Errorf("%s: results differ (-want +got):\n%s", what, d)
		}
		if kept != keeps || len(notes) != says {
			t.Errorf("%s: %d trainings were kept, want %d; notes %q", what, kept, keeps, notes)
		}
	}
	again("after an interruption", len(files()), 0)
	again("when all is there", 4, 0)

	name := files()[0]
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"torn": string(whole[:len(whole)/2]), "empty": "", "changed": strings.Replace(string(whole), `"seed":5`, `"seed":6`, 1),
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		again(what, 3, 1)
	}
	if err := os.Rename(files()[1], files()[0]); err != nil { // another seed's
		t.Fatal(err)
	}
	again("renamed", 2, 1)
}

// TestRunnerRefuses checks that what cannot be trained is told before anything is.
func TestRunnerRefuses(t *testing.T) {
	for what, c := range map[string]Cell{
		"a model that there is not": {Model: "no-such-model", Data: "synthetic-cora", Variant: entry.Paper, Mode: "bp"},
		"a route that cheb has not": {Model: "cheb", Data: "synthetic-cora", Variant: entry.Paper, Mode: "dfa", Route: Route{1, "attention"}},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		_, err := (&Runner{Dir: dir}).Run(context.Background(), append(some(2), c), 0, 1)
		var usage *experiment.UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%s: the error is %v", what, err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: something was written", what)
		}
	}
}
