package runtime

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"graft/graph"
)

// Executable is a program that is ready to run. It serves one goroutine at a time.
type Executable struct {
	program *graph.Graph
	binding graph.Binding
	inputs  []*Feed // in program order
	feeds   map[string]*Feed
	results map[string]*Result
	stores  []*entry
	once    once
	runner  Runner
	backend string
}

// Feed returns the handle of an input.
func (e *Executable) Feed(name string) (*Feed, error) {
	if f := e.feeds[name]; f != nil {
		return f, nil
	}
	return nil, unknown(e.program.Name, "input", name, slices.Sorted(maps.Keys(e.feeds)))
}

// Result returns the handle of an output.
func (e *Executable) Result(name string) (*Result, error) {
	if r := e.results[name]; r != nil {
		return r, nil
	}
	return nil, unknown(e.program.Name, "output", name, slices.Sorted(maps.Keys(e.results)))
}

func unknown(program, kind, name string, known []string) error {
	if len(known) == 0 {
		return fmt.Errorf("%s has no %s %q, and no other", program, kind, name)
	}
	return fmt.Errorf("%s has no %s %q; there are %s", program, kind, name, strings.Join(known, ", "))
}

// Program returns the program that e runs.
func (e *Executable) Program() *graph.Graph { return e.program }

// Step runs the program once. All inputs must have been fed. A context that is done keeps the step from starting; a step that
// has started is finished. After an error the State is as it was before.
func (e *Executable) Step(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, f := range e.inputs {
		if !f.fed {
			return e.unfed()
		}
	}
	if err := e.runner.Run(ctx); err != nil {
		e.once.done = false // they may have been computed from what has not been marked
		return err
	}
	e.once.mark()
	for _, s := range e.stores {
		s.generation++
	}
	return nil
}

func (e *Executable) unfed() error {
	var names []string
	for _, f := range e.inputs {
		if !f.fed {
			names = append(names, f.name)
		}
	}
	return fmt.Errorf("%s: not all inputs have been fed; missing: %s", e.program.Name, strings.Join(names, ", "))
}

func (e *Executable) stale() bool { return e.once.stale() }

// Report says how the program is run.
func (e *Executable) Report() Report {
	var r Report
	if reporter, ok := e.runner.(Reporter); ok {
		r = reporter.Report()
	}
	r.Backend = e.backend
	return r
}
