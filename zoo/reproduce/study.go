package reproduce

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/experiment"
	"graft/zoo/report"
)

// Study is a table or figure of the paper, or one past it, and what is trained for it.
type Study struct {
	Name, Title string
	Models      []string
	Data        []string // the data sets of the paper that can be had
	Seeds       int      // trainings of a cell unless asked otherwise
	first       int32    // the first seed
	cells       func(o Options) []Cell
	page        func(ctx context.Context, o Options, r *Runner, results Results) (*report.Page, error)
}

// Options are what of a study to do. Zero values take the study's own.
type Options struct {
	Models, Data []string
	Seeds        int
	Epochs       int     // of a training; 0 stands for the recipe's
	Variant      string  // of models and recipes, by default paper
	Routes       []Route // of dfa, in the order of columns; by default direct and the chosen one
}

// Chosen is the route that package reproduce's routes study chooses on validation data, for all architectures alike.
var Chosen = Route{3, "mean"}

// Studies lists what can be reproduced.
func Studies() []Study {
	return []Study{table3(), tableA4(), table4(), tableA2(), figure2(), routes()}
}

// Lookup returns the study of that name.
func Lookup(name string) (Study, error) {
	var names []string
	for _, s := range Studies() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Study{}, &experiment.UsageError{Err: fmt.Errorf("there is nothing called %q to reproduce; there are %s", name, strings.Join(names, ", "))}
}

// Resolve fills in the study's own choices and checks the others.
func (s Study) Resolve(o Options) (Options, error) {
	if o.Models == nil {
		o.Models = s.Models
	}
	if o.Data == nil {
		o.Data = s.Data
	}
	if o.Seeds == 0 {
		o.Seeds = s.Seeds
	}
	if o.Variant == "" {
		o.Variant = entry.Paper
	}
	if o.Routes == nil {
		o.Routes = []Route{{}, Chosen}
	}
	for i, m := range o.Models {
		if !slices.Contains(s.Models, m) {
			return o, &experiment.UsageError{Err: fmt.Errorf("%s has no model %q; it has %s", s.Name, m, strings.Join(s.Models, ", "))}
		}
		if slices.Contains(o.Models[:i], m) {
			return o, &experiment.UsageError{Err: fmt.Errorf("model %s is named twice", m)}
		}
		e, err := zoo.Lookup(m)
		if err != nil {
			return o, err
		}
		for j, d := range o.Data {
			if !slices.Contains(e.Data, d) {
				return o, &experiment.UsageError{Err: fmt.Errorf("%s has no data set %q; it has %s", m, d, strings.Join(e.Data, ", "))}
			}
			if slices.Contains(o.Data[:j], d) {
				return o, &experiment.UsageError{Err: fmt.Errorf("data set %s is named twice", d)}
			}
		}
	}
	for i, r := range o.Routes {
		if slices.Contains(o.Routes[:i], r) {
			return o, &experiment.UsageError{Err: fmt.Errorf("route %v is named twice", r)}
		}
	}
	switch {
	case o.Epochs < 0:
		return o, &experiment.UsageError{Err: fmt.Errorf("%d epochs: at least 1 is needed", o.Epochs)}
	case o.Seeds < 1:
		return o, &experiment.UsageError{Err: fmt.Errorf("%d seeds: at least 1 is needed", o.Seeds)}
	case len(o.Models) == 0 || len(o.Data) == 0 || len(o.Routes) == 0:
		return o, &experiment.UsageError{Err: fmt.Errorf("no model, data set or route is left")}
	}
	for _, c := range s.cells(o) {
		if _, err := c.plan(nil); err != nil {
			return o, err
		}
	}
	return o, nil
}

// Cells lists what is trained for resolved options, each with all seeds.
func (s Study) Cells(o Options) []Cell { return s.cells(o) }

// Run trains what r.Dir lacks and writes the report and its numbers to the folder of the study's name
// there, which it returns with the numbers.
func (s Study) Run(ctx context.Context, o Options, r *Runner) (dir string, rows []Row, err error) {
	results, err := r.Run(ctx, s.cells(o), s.first, o.Seeds)
	if err != nil {
		return "", nil, err
	}
	page, err := s.page(ctx, o, r, results)
	if err != nil {
		return "", nil, err
	}
	page.Sections = append(page.Sections, provenance(s, o, results))
	dir = filepath.Join(r.Dir, s.Name)
	if err := report.Write(dir, page); err != nil {
		return "", nil, err
	}
	rows, err = s.writeRows(dir, o, results)
	return dir, rows, err
}

// modes returns the cells of a model on a data set: bp, dfa by every route, shallow.
func modes(model, data string, o Options) []Cell {
	cells := []Cell{o.cell(model, data, "bp", Route{})}
	for _, route := range o.Routes {
		cells = append(cells, o.cell(model, data, "dfa", route))
	}
	return append(cells, o.cell(model, data, "shallow", Route{}))
}

// cell returns the cell of the chosen variant and epochs.
func (o Options) cell(model, data, mode string, route Route) Cell {
	return Cell{Model: model, Data: data, Variant: o.Variant, Mode: mode, Route: route, Epochs: o.Epochs}
}

// grid returns what cells makes of every model and data set.
func grid(o Options, cells func(model, data string) []Cell) []Cell {
	var all []Cell
	for _, data := range o.Data {
		for _, model := range o.Models {
			all = append(all, cells(model, data)...)
		}
	}
	return all
}

// label names a cell's column.
func (c Cell) label() string {
	if c.Route.Hops > 0 {
		return c.Mode + " " + c.Route.String()
	}
	return c.Mode
}
