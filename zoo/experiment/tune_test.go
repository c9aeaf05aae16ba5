package experiment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"graft/zoo"
	"graft/zoo/entry"
)

// smallSearch is a search that takes a second: rates of which the last diverges, in two modes.
func smallSearch(t *testing.T, change func(*Choices, *[]Axis)) *Search {
	t.Helper()
	e, err := zoo.Lookup("gcn")
	if err != nil {
		t.Fatal(err)
	}
	task, _, err := Open(e, "synthetic-cora", "")
	if err != nil {
		t.Fatal(err)
	}
	choices, grid := Choices{Epochs: 2, Set: map[string]string{"hidden": "4"}}, []Axis{{"lr", []string{"0.01", "0.1", "1e30"}}}
	if change != nil {
		change(&choices, &grid)
	}
	s, err := NewSearch(e, task, choices, []string{"bp", "dfa"}, grid)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sameTrials compares what trials came to.
func sameTrials(t *testing.T, want, got []Trial) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Trial{}, "Plan")); diff != "" {
		t.Error(diff)
	}
}

// notes collects what a search tells.
type notes struct {
	kept int
	text []string
}

func (n *notes) listen(t *Trying) {
	t.Kept = func(k int) { n.kept = k }
	t.Note = func(format string, args ...any) { n.text = append(n.text, fmt.Sprintf(format, args...)) }
}

// TestSearchResumes cancels a search in the middle and resumes it: it must come to what an unbroken one comes to, without doing again
// what was done. Then files are torn.
func TestSearchResumes(t *testing.T) {
	const seeds = 2
	whole, err := smallSearch(t, nil).Run(context.Background(), Trying{Seeds: seeds, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	diverged := 0
	for _, trial := range whole {
		if trial.Diverged != "" {
			diverged++
		} else if v, ok := trial.Metrics["val_accuracy"]; !ok || math.IsNaN(v) {
			t.Errorf("%v: metrics %v", trial.Setting, trial.Metrics)
		}
	}
	if diverged != 4 || len(whole) != 12 {
		t.Fatalf("%d of %d trainings diverged, want 4 of 12", diverged, len(whole))
	}

	dir := filepath.Join(t.TempDir(), "search")
	ctx, cancel := context.WithCancel(context.Background())
	ended := 0
	_, err = smallSearch(t, nil).Run(ctx, Trying{Seeds: seeds, Workers: 2, Dir: dir, Ended: func(Trial) {
		if ended++; ended == 6 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || ended < 6 || ended == len(whole) {
		t.Fatalf("cancelled after %d trainings: %v", ended, err)
	}
	resumed := Trying{Seeds: seeds, Workers: 2, Dir: dir, Resume: true}
	var told notes
	told.listen(&resumed)
	again := 0
	resumed.Ended = func(Trial) { again++ }
	got, err := smallSearch(t, nil).Run(context.Background(), resumed)
	if err != nil {
		t.Fatal(err)
	}
	sameTrials(t, whole, got)
	if told.kept != ended || again != len(whole)-ended {
		t.Errorf("%d trainings had ended; %d were kept and %d done", ended, told.kept, again)
	}

	// One file is cut short, in another a digit is altered: both trainings are done again, and their files are whole afterwards.
	path := (&kept{dir: dir}).path(&got[0])
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := (&kept{dir: dir}).path(&got[1])
	altered, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(altered, []byte(`"seed":1`)) {
		t.Fatalf("%s: %s", other, altered)
	}
	write(t, path, raw[:len(raw)/2])
	write(t, other, bytes.Replace(altered, []byte(`"val_accuracy":"`), []byte(`"val_accuracy":"1`), 1))
	got, err = smallSearch(t, nil).Run(context.Background(), resumed)
	if err != nil {
		t.Fatal(err)
	}
	sameTrials(t, whole, got)
	if len(told.text) != 2 || !strings.Contains(told.text[0], path) || !strings.Contains(told.text[1], other) {
		t.Errorf("told: %q", told.text)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, raw) {
		t.Errorf("%s holds %s, error %v, want %s", path, now, err, raw)
	}
}

func write(t *testing.T, path string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSearchRefusals resumes other searches in a directory, and searches where there is nothing or something already.
func TestSearchRefusals(t *testing.T) {
	dir := t.TempDir()
	rates := func(c *Choices, grid *[]Axis) { *grid = []Axis{{"lr", []string{"0.01", "0.02"}}} }
	begun := smallSearch(t, rates)
	begin := Trying{Seeds: 1, Workers: 1, Dir: dir}
	trials, err := begun.Run(context.Background(), begin)
	if err != nil {
		t.Fatal(err)
	}
	before := list(t, dir)
	refused := func(what string, s *Search, try Trying, want string) {
		t.Helper()
		try.Ended = func(Trial) { t.Errorf("%s: something is trained", what) }
		if _, err := s.Run(context.Background(), try); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", what, err, want)
		}
	}
	resume := begin
	resume.Resume = true
	refused("a new search in a used directory", begun, begin, "pass --resume")
	refused("nothing to resume", begun, Trying{Seeds: 1, Dir: filepath.Join(dir, "nothing"), Resume: true}, "nothing to resume")
	for what, c := range map[string]struct {
		change func(*Choices, *[]Axis)
		want   string
	}{
		"another grid": {func(_ *Choices, grid *[]Axis) { (*grid)[0].Values[1] = "0.03" }, `grid is "lr=0.01,0.02" there and "lr=0.01,0.03" here`},
		"a longer grid": {func(_ *Choices, grid *[]Axis) { (*grid)[0].Values = append((*grid)[0].Values, "1") },
			`grid is "lr=0.01,0.02" there and "lr=0.01,0.02,1" here`},
		"another option":     {func(c *Choices, _ *[]Axis) { c.Set["hidden"] = "8" }, `bp.option.hidden is "4" there and "8" here`},
		"other epochs":       {func(c *Choices, _ *[]Axis) { c.Epochs = 3 }, `bp.epochs is "2" there and "3" here`},
		"other points":       {func(c *Choices, _ *[]Axis) { c.Feedback.Granularity = "micro" }, `dfa.granularity is "macro" there and "micro" here`},
		"another projection": {func(c *Choices, _ *[]Axis) { c.Feedback.Dist = "normal" }, `dfa.feedback is "shared uniform route 0" there`},
	} {
		refused(what, smallSearch(t, func(choices *Choices, grid *[]Axis) {
			rates(choices, grid)
			c.change(choices, grid)
		}), resume, c.want)
	}
	data := smallSearch(t, rates)
	citeseer, _, err := Open(data.Plans[0][0].Entry, "synthetic-citeseer", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, plans := range data.Plans {
		for _, p := range plans {
			task := *citeseer
			task.Data = "synthetic-cora" // other data of the same name
			p.Task = &task
		}
	}
	refused("other data", data, resume, "data sha256 is")

	// A trial's file of another place is no torn one: somebody has mixed things up.
	raw, err := os.ReadFile((&kept{dir: dir}).path(&trials[0]))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, list(t, dir)); diff != "" {
		t.Errorf("what is refused alters the directory: %s", diff)
	}
	write(t, (&kept{dir: dir}).path(&trials[1]), raw)
	refused("a file of another training", begun, resume, "is of another search or training")
	write(t, filepath.Join(dir, searchFile), []byte("{"))
	refused("a torn search", begun, resume, searchFile+" is torn or altered")
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestSearchUsage asks for what cannot be searched.
func TestSearchUsage(t *testing.T) {
	e, err := zoo.Lookup("gcn")
	if err != nil {
		t.Fatal(err)
	}
	lr := Axis{"lr", []string{"0.1"}}
	for what, c := range map[string]struct {
		choices Choices
		modes   []string
		grid    []Axis
		want    string
	}{
		"no grid":       {Choices{}, nil, nil, "the grid has no key"},
		"twice":         {Choices{}, nil, []Axis{lr, {"hidden", []string{"4"}}, lr}, "lr is set elsewhere"},
		"set as well":   {Choices{Set: map[string]string{"lr": "1"}}, nil, []Axis{lr}, "lr is set elsewhere"},
		"unknown":       {Choices{}, nil, []Axis{{"nope", []string{"1"}}}, `no option "nope"; the options are`},
		"range":         {Choices{}, nil, []Axis{{"dropout", []string{"0", "2"}}}, "option dropout=2"},
		"rate":          {Choices{}, nil, []Axis{{"lr", []string{"0.1", "NaN"}}}, "option lr=NaN: not a positive number"},
		"epochs":        {Choices{}, nil, []Axis{{"epochs", []string{"1", "0"}}}, "option epochs=0"},
		"epochs twice":  {Choices{Epochs: 2}, nil, []Axis{{"epochs", []string{"1"}}}, "epochs is 2 already"},
		"mode":          {Choices{}, []string{"nope"}, []Axis{lr}, `mode "nope"`},
		"mode repeated": {Choices{}, []string{"bp", "bp"}, []Axis{lr}, "bp is named twice"},
	} {
		_, err := NewSearch(e, nil, c.choices, c.modes, c.grid)
		if usage := new(UsageError); !errors.As(err, &usage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one of usage with %q", what, err, c.want)
		}
	}
	if _, err := NewSearch(e, &entry.Task{Data: "none"}, Choices{}, nil, []Axis{lr}); err == nil || !strings.Contains(err.Error(), "no validation data") {
		t.Errorf("without validation data: %v", err)
	}
	all, err := NewSearch(e, nil, Choices{}, nil, []Axis{lr})
	if err != nil || !slices.Equal(all.Modes, []string{"bp", "dfa", "shallow"}) {
		t.Errorf("modes %v, error %v", all.Modes, err)
	}
}

// TestSearchValidates tunes models whose published way of training has no validation data: both metrics must be measured, on different
// data, and the test metric must be that of an ordinary training where the same rows are trained on.
func TestSearchValidates(t *testing.T) {
	for model, set := range map[string]map[string]string{
		"mlp":       {"hidden": "8"},
		"nerf-tiny": {"width": "8", "samples": "4", "batch": "16"},
		"gae":       nil,
	} {
		e, err := zoo.Lookup(model)
		if err != nil {
			t.Fatal(err)
		}
		task, _, err := Open(e, e.Data[len(e.Data)-1], "")
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSearch(e, task, Choices{Set: set, Epochs: 1}, []string{"bp"}, []Axis{{"lr", []string{"0.01"}}})
		if err != nil {
			t.Fatal(err)
		}
		trials, err := s.Run(context.Background(), Trying{Seeds: 1})
		if err != nil {
			t.Fatal(err)
		}
		metrics := trials[0].Metrics
		val, ok := metrics[s.Plans[0][0].Task.Validation]
		if !ok || val == metrics[e.Metric] {
			t.Errorf("%s: metrics %v", model, metrics)
		}
		choices := Choices{Mode: "bp", Set: map[string]string{"lr": "0.01"}, Epochs: 1}
		maps.Copy(choices.Set, set)
		plan, err := NewPlan(e, task, choices)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := Compare(context.Background(), []*Plan{plan}, 1, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := cells[0].Outcome.Metrics[e.Metric]; got != metrics[e.Metric] {
			t.Errorf("%s: %s is %v where it is tuned and %v where it is not", model, e.Metric, metrics[e.Metric], got)
		}
	}
}

// FuzzTrialFile reads arbitrary files as those of a trial: what is taken must be what such a file says of this very trial.
func FuzzTrialFile(f *testing.F) {
	plan := &Plan{Task: &entry.Task{Validation: "val_accuracy"}}
	plan.Pipeline.Mode = "bp"
	trial := Trial{Plan: plan, Setting: Setting{[]string{"lr"}, []string{"0.1"}}, Metrics: map[string]float64{"val_accuracy": 0.1, "test_accuracy": math.NaN()}}
	dir := f.TempDir()
	k := &kept{dir: dir, sum: "s", resume: true, note: func(string, ...any) {}}
	if err := k.write(&trial); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(k.path(&trial))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:20])
	f.Add([]byte(`{"sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","content":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := Trial{Plan: plan, Setting: trial.Setting}
		if err := os.WriteFile(k.path(&got), raw, 0o644); err != nil {
			t.Fatal(err)
		}
		done, err := k.read(&got)
		if err != nil || !done {
			return
		}
		if _, ok := got.Metrics["val_accuracy"]; !ok && got.Diverged == "" {
			t.Errorf("taken: %+v", got)
		}
	})
}
