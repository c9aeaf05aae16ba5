package experiment

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"graft/feedback"
	"graft/passes"
	"graft/zoo/dataset"
	"graft/zoo/entry"
	"graft/zoo/option"
)

// UsageError is a mistake in what was asked for, as opposed to a failure in doing it.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Plan is a model, a mode and a task with everything resolved: what will be trained and how.
type Plan struct {
	Entry    entry.Entry
	Pipeline passes.Pipeline
	Task     *entry.Task
	Variant  string
	Options  any
	Recipe   entry.Recipe
	Feedback feedback.Options
	// Recompute says which activations training computes again instead of keeping them. It changes memory and time, and no result.
	Recompute passes.Recompute
	given     *matrices // nil when they are drawn
}

// pickVariant returns the variant of that name, or the entry's default one for "".
func pickVariant(e entry.Entry, name string) (string, error) {
	variants := e.Variants
	if variants == nil {
		variants = []string{entry.Paper}
	}
	if name == "" {
		return variants[0], nil
	}
	if !slices.Contains(variants, name) {
		return "", &UsageError{fmt.Errorf("%s has no variant %q; it has %s", e.Name, name, strings.Join(variants, ", "))}
	}
	return name, nil
}

// Choices are what a user may decide. Zero values take the recipe's.
type Choices struct {
	Mode      string
	Variant   string
	Set       map[string]string // options of the model, and lr, batch and epochs of the recipe
	Epochs    int
	Feedback  feedback.Options
	Recompute passes.Recompute
	Matrices  string // a safetensors file of feedback matrices "feedback/<point>", used as given; "" draws them
}

// Open reads the named data set of an entry, or its default one when data is "". Where a real set that was not asked for by name is not at
// hand, its generated stand-in is opened and notice says so.
func Open(e entry.Entry, data, dir string) (task *entry.Task, notice string, err error) {
	name := data
	if name == "" {
		name = e.Data[0]
	}
	if dir != "" {
		if info, err := os.Stat(dir); err != nil {
			return nil, "", fmt.Errorf("data directory: %w", err)
		} else if !info.IsDir() {
			return nil, "", fmt.Errorf("data directory: %s is a file", dir)
		}
	}
	known := false
	for _, d := range e.Data {
		known = known || d == name
	}
	if !known {
		return nil, "", &UsageError{fmt.Errorf("%s has no data set %q; it has %s", e.Name, name, strings.Join(e.Data, ", "))}
	}
	task, err = e.Open(name, dir)
	var missing *dataset.NotFoundError
	if standIn := e.StandIn[name]; errors.As(err, &missing) && data == "" && standIn != "" {
		task, err = e.Open(standIn, dir)
		return task, fmt.Sprintf("%v.\nUsing %s instead, which graft generates: its numbers compare with nothing published.", missing, standIn), err
	}
	return task, "", err
}

// NewPlan resolves the choices. Task may be nil where nothing is trained, for instance to look at a compiled program.
func NewPlan(e entry.Entry, task *entry.Task, c Choices) (*Plan, error) {
	pipeline, err := passes.Mode(c.Mode)
	if err != nil {
		return nil, &UsageError{err}
	}
	variant, err := pickVariant(e, c.Variant)
	if err != nil {
		return nil, err
	}
	p := &Plan{Entry: e, Pipeline: pipeline, Task: task, Variant: variant, Recipe: e.Recipe(c.Mode, variant), Recompute: c.Recompute}
	if task != nil && task.Adapt != nil {
		p.Recipe = task.Adapt(c.Mode, p.Recipe)
	}
	given := c.Matrices != "" && p.grafts()
	c.Feedback.Given = c.Feedback.Given || given
	if p.Feedback, err = c.Feedback.WithDefaults(); err != nil {
		return nil, &UsageError{err}
	}
	if given {
		if p.given, err = readMatrices(c.Matrices); err != nil {
			return nil, err
		}
	}
	user := maps.Clone(c.Set)
	if p.Recipe.LR, err = number(user, "lr", p.Recipe.LR); err != nil {
		return nil, &UsageError{err}
	}
	if p.Recipe.Batch, err = whole(user, "batch", p.Recipe.Batch); err != nil {
		return nil, &UsageError{err}
	}
	if p.Recipe.Epochs, err = whole(user, "epochs", p.Recipe.Epochs); err != nil {
		return nil, &UsageError{err}
	}
	if epochs, twice := c.Set["epochs"]; twice && c.Epochs > 0 {
		return nil, &UsageError{fmt.Errorf("option epochs=%s: the number of epochs is %d already", epochs, c.Epochs)}
	}
	if c.Epochs > 0 {
		p.Recipe.Epochs = c.Epochs
	}
	var fixed map[string]string
	if task != nil {
		fixed = task.Set
	}
	if p.Options, err = e.Configure(fixed, p.Recipe.Set, user); err != nil {
		var unknown *option.UnknownError
		if errors.As(err, &unknown) {
			unknown.Known = append(unknown.Known, "lr", "batch", "epochs")
		}
		return nil, &UsageError{err}
	}
	for name, value := range fixed {
		if got := option.Map(p.Options)[name]; got != value {
			return nil, &UsageError{fmt.Errorf("option %s=%s does not fit data set %q, which has %s", name, got, task.Data, value)}
		}
	}
	return p, nil
}

// number takes a numeric key out of set.
func number(set map[string]string, key string, otherwise float64) (float64, error) {
	s, ok := set[key]
	if !ok {
		return otherwise, nil
	}
	delete(set, key)
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("option %s=%s: not a positive number", key, s)
	}
	return v, nil
}

// whole takes a key with a positive whole number out of set.
func whole(set map[string]string, key string, otherwise int) (int, error) {
	s, ok := set[key]
	if !ok {
		return otherwise, nil
	}
	delete(set, key)
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 {
		return 0, fmt.Errorf("option %s=%s: not a positive whole number", key, s)
	}
	return v, nil
}

// Info names everything that decides what is computed, for checkpoints and reports.
func (p *Plan) Info() map[string]string {
	info := map[string]string{
		"model": p.Entry.Name, "variant": p.Variant, "mode": p.Pipeline.Mode,
		"lr": fmt.Sprint(p.Recipe.LR), "batch": strconv.Itoa(p.Recipe.Batch), "optimizer": p.Recipe.Optimizer.String(), "recipe": p.Recipe.Source,
	}
	if p.Task != nil {
		info["data"] = p.Task.Data
	}
	if p.Pipeline.Mode != "bp" {
		info["granularity"] = p.Feedback.Granularity
	}
	if p.Pipeline.Mode == "dfa" {
		info["feedback"] = fmt.Sprintf("%s %s route %d", p.Feedback.Sharing, p.Feedback.Dist, p.Feedback.Route)
		if p.given != nil {
			info["feedback"] = fmt.Sprintf("given, sha256 %s, route %d", p.given.sum, p.Feedback.Route)
		}
	}
	for k, v := range option.Map(p.Options) {
		info["option."+k] = v
	}
	return info
}
