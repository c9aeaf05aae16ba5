package train_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/runtime/safetensors"
	"graft/runtime/train"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
)

// canceller cancels a run after a number of calls, from a step or from within an evaluation.
type canceller struct {
	train.Meter
	cancel context.CancelFunc
	left   int
}

func (c *canceller) tick() {
	if c.left--; c.left == 0 {
		c.cancel()
	}
}

func (c *canceller) Add(b *train.Batch, output func(string) *tensor.Dense) error {
	c.tick()
	return c.Meter.Add(b, output)
}

// TestResumeAfterCancel cancels runs at random places, again and again, and expects the results of an unbroken run.
func TestResumeAfterCancel(t *testing.T) {
	whole := toy(t, "dfa")
	whole.Dir = t.TempDir()
	wantSummary := fit(t, whole)
	want := results(t, whole.Dir)

	random := rand.New(rand.NewPCG(1, 2))
	for trial := range 6 {
		dir, broken := t.TempDir(), 0
		for {
			r := toy(t, "dfa")
			ctx, cancel := context.WithCancel(t.Context())
			c := &canceller{r.Evaluation.Meter, cancel, 1 + random.IntN(15)}
			r.Evaluation.Meter = c
			r.Callbacks = []train.Callback{{AfterStep: func(*train.Status) error { c.tick(); return nil }}}
			r.Dir, r.Resume, r.CheckpointEvery = dir, broken > 0, random.IntN(6)
			s, err := r.Fit(ctx)
			cancel()
			if err == nil {
				got := *s
				got.Seconds, got.Selected = wantSummary.Seconds, nil
				got.History = stripSeconds(got.History)
				expect := *wantSummary
				expect.Selected, expect.History = nil, stripSeconds(expect.History)
				if diff := cmp.Diff(expect, got); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(weights(wantSummary.Selected), weights(s.Selected)); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(weights(whole.State), weights(r.State)); diff != "" {
					t.Error(diff)
				}
				break
			}
			if broken++; !errors.Is(err, context.Canceled) || !s.Interrupted || !strings.Contains(err.Error(), dir) {
				t.Fatalf("error %v, summary %+v", err, s)
			}
		}
		if diff := cmp.Diff(want, results(t, dir)); diff != "" {
			t.Error(diff)
		}
		t.Logf("trial %d: %d interruptions", trial, broken)
	}
}

func TestInterruptedWithoutDirectory(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := toy(t, "bp")
	r.Callbacks = []train.Callback{{AfterStep: func(s *train.Status) error {
		if s.Step == 9 {
			cancel()
		}
		return nil
	}}}
	s, err := r.Fit(ctx)
	wantError(t, err, "after 9 steps", "nothing has been saved")
	if !errors.Is(err, context.Canceled) || !s.Interrupted || s.Epoch != 1 || len(s.History) != 1 {
		t.Errorf("error %v, summary %+v", err, s)
	}
}

// interrupted leaves a run in dir that has been interrupted in its third epoch.
func interrupted(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := toy(t, "bp")
	r.Dir = dir
	r.Callbacks = []train.Callback{{AfterStep: func(s *train.Status) error {
		if s.Step == 16 {
			cancel()
		}
		return nil
	}}}
	if _, err := r.Fit(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// edit rewrites a checkpoint, checksum included.
func edit(change func(*safetensors.File)) func(*testing.T, string, *train.Run) {
	return func(t *testing.T, dir string, _ *train.Run) {
		path := filepath.Join(dir, "checkpoint.safetensors")
		f, err := safetensors.ReadChecked(path)
		if err != nil {
			t.Fatal(err)
		}
		change(f)
		if err := safetensors.Write(path, f); err != nil {
			t.Fatal(err)
		}
	}
}

// patch changes the bytes of a file.
func patch(name string, change func([]byte) []byte) func(*testing.T, string, *train.Run) {
	return func(t *testing.T, dir string, _ *train.Run) {
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(b), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func another(change func(*train.Run)) func(*testing.T, string, *train.Run) {
	return func(_ *testing.T, _ string, r *train.Run) { change(r) }
}

func TestRefusedCheckpoints(t *testing.T) {
	flip := func(b []byte) []byte { b[len(b)-5] ^= 1; return b }
	cases := map[string]struct {
		change func(t *testing.T, dir string, r *train.Run)
		words  []string
	}{
		"flipped bit":   {patch("checkpoint.safetensors", flip), []string{"checkpoint.safetensors", "altered"}},
		"torn":          {patch("checkpoint.safetensors", func(b []byte) []byte { return b[:len(b)/2] }), []string{"checkpoint.safetensors", "truncated"}},
		"other model":   {another(func(r *train.Run) { r.Info["model"] = "gcn" }), []string{"checkpoint.safetensors", "model", `"toy"`, `"gcn"`}},
		"other mode":    {another(func(r *train.Run) { r.Info["mode"] = "dfa" }), []string{"mode", `"bp"`, `"dfa"`}},
		"new option":    {another(func(r *train.Run) { r.Info["hidden"] = "8" }), []string{"hidden", "not set there", `"8"`}},
		"lost option":   {another(func(r *train.Run) { delete(r.Info, "mode") }), []string{"mode", `"bp"`, "not set here"}},
		"no info":       {another(func(r *train.Run) { r.Info = nil }), []string{"mode", "not set here"}},
		"other seed":    {another(func(r *train.Run) { r.Seed = 8 }), []string{"seed", `"7"`, `"8"`}},
		"other metric":  {another(func(r *train.Run) { r.Best = "loss" }), []string{"metric", `"val_accuracy"`, `"loss"`}},
		"not ours":      {edit(func(f *safetensors.File) { f.Metadata["format"] = "pt" }), []string{"format", `"pt"`, "graft-checkpoint"}},
		"no cursor":     {edit(func(f *safetensors.File) { delete(f.Metadata, "cursor") }), []string{"cursor"}},
		"missing":       {edit(func(f *safetensors.File) { delete(f.Tensors, "dense0/weight") }), []string{`"dense0/weight"`, "missing"}},
		"misshapen":     {edit(func(f *safetensors.File) { f.Tensors["dense0/bias"] = vector(15) }), []string{`"dense0/bias"`, "[15]", "[16]"}},
		"extra":         {edit(func(f *safetensors.File) { f.Tensors["dense9/bias"] = vector(3) }), []string{`"dense9/bias"`, "none of this program's"}},
		"metrics lost":  {remove("metrics.jsonl"), []string{"metrics.jsonl"}},
		"metrics torn":  {patch("metrics.jsonl", func(b []byte) []byte { return b[:len(b)-9] }), []string{"metrics.jsonl", "bytes", "counts on"}},
		"metrics other": {patch("metrics.jsonl", flip), []string{"metrics.jsonl", "altered"}},
		"best lost":     {remove("best.safetensors"), []string{"best.safetensors"}},
		"best flipped":  {patch("best.safetensors", flip), []string{"best.safetensors", "altered"}},
		"nothing":       {remove("checkpoint.safetensors"), []string{"nothing to resume"}},
		"new run":       {another(func(r *train.Run) { r.Resume = false }), []string{"checkpoint.safetensors exists", "--resume", "--out"}},
		"new run, metrics left": {func(t *testing.T, dir string, r *train.Run) {
			remove("checkpoint.safetensors")(t, dir, r)
			remove("best.safetensors")(t, dir, r)
			r.Resume = false
		}, []string{"metrics.jsonl exists"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			interrupted(t, dir)
			r := toy(t, "bp")
			r.Dir, r.Resume = dir, true
			c.change(t, dir, r)
			before := contents(t, dir)
			_, err := r.Fit(t.Context())
			wantError(t, err, c.words...)
			t.Log(err)
			if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
				t.Errorf("the files have changed: %s", slices.Sorted(maps.Keys(contents(t, dir))))
			}
		})
	}
}

func remove(name string) func(*testing.T, string, *train.Run) {
	return func(t *testing.T, dir string, _ *train.Run) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func vector(n int) *tensor.Dense { return tensor.New(tensor.WithShape(n), tensor.Of(tensor.Float32)) }

func TestResumeNowhere(t *testing.T) {
	r := toy(t, "bp")
	r.Dir, r.Resume = filepath.Join(t.TempDir(), "none"), true
	_, err := r.Fit(t.Context())
	wantError(t, err, "nothing to resume in")
	if _, err := os.Stat(r.Dir); err == nil {
		t.Error("the directory has been made")
	}
}

// TestResumeOnOtherKernels checks that another kernel family is worth a note and no reason to refuse.
func TestResumeOnOtherKernels(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir)
	r := toy(t, "bp")
	r.Dir, r.Resume = dir, true
	edit(func(f *safetensors.File) { f.Metadata["kernels"] = "native-abacus" })(t, dir, r)
	var out strings.Builder
	r.Progress = &out
	fit(t, r)
	for _, want := range []string{"native-abacus", "resuming", "epoch 3, step 16"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("progress %q has no %q", out.String(), want)
		}
	}
}

// TestLongerResume checks that a finished run can be trained on, and then equals one that was that long from the start.
func TestLongerResume(t *testing.T) {
	r := toy(t, "bp")
	r.Dir = t.TempDir()
	fit(t, r)
	longer := toy(t, "bp")
	longer.Dir, longer.Resume, longer.Epochs = r.Dir, true, 9
	fit(t, longer)
	whole := toy(t, "bp")
	whole.Dir, whole.Epochs = t.TempDir(), 9
	fit(t, whole)
	if diff := cmp.Diff(results(t, whole.Dir), results(t, r.Dir)); diff != "" {
		t.Error(diff)
	}
}

// TestCheckpointMetadata checks what a reader of the file finds.
func TestCheckpointMetadata(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir)
	f, err := safetensors.ReadChecked(filepath.Join(dir, "checkpoint.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	var cursor struct {
		Step, Epoch, Index int
	}
	if err := json.Unmarshal([]byte(f.Metadata["cursor"]), &cursor); err != nil {
		t.Fatal(err)
	}
	var top train.Record
	if err := json.Unmarshal([]byte(f.Metadata["record"]), &top); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(f.Metadata["format"], " ", f.Metadata["info"], " ", f.Metadata["seed"], " ", cursor)
	if want := `graft-checkpoint 1 {"mode":"bp","model":"toy"} 7 {16 2 2}`; got != want || top.Epoch < 1 || top.Epoch > 2 {
		t.Errorf("%s, best %+v; want %s", got, top, want)
	}
}

// TestResumeBehindFiles puts an older checkpoint back, as a kill between the writing of the files leaves it: metrics.jsonl ahead
// with half a line at its end, best.safetensors of a later epoch, a temporary file forgotten.
func TestResumeBehindFiles(t *testing.T) {
	whole := toy(t, "bp")
	whole.Dir = t.TempDir()
	fit(t, whole)
	want := results(t, whole.Dir)
	for from := range 5 {
		var kept []byte
		r := toy(t, "bp")
		r.Dir = t.TempDir()
		path := filepath.Join(r.Dir, "checkpoint.safetensors")
		r.Callbacks = []train.Callback{{AfterStep: func(s *train.Status) error {
			var err error
			switch s.Step {
			case 7*from + 1:
				kept, err = os.ReadFile(path)
			case 7*from + 16:
				err = errors.New("cut off")
			}
			return err
		}}}
		if _, err := r.Fit(t.Context()); err == nil && from < 4 {
			t.Fatal("the run was not cut off")
		}
		if err := os.WriteFile(path, kept, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(r.Dir, ".best.safetensors.123.tmp"), kept[:9], 0o600); err != nil {
			t.Fatal(err)
		}
		patch("metrics.jsonl", func(b []byte) []byte { return append(b, `{"epoch":`...) })(t, r.Dir, r)
		again := toy(t, "bp")
		again.Dir, again.Resume = r.Dir, true
		fit(t, again)
		if diff := cmp.Diff(want, results(t, r.Dir)); diff != "" {
			t.Errorf("from epoch %d: %s", from, diff)
		}
		if n := len(contents(t, r.Dir)); n != 3 {
			t.Errorf("%d files left, want 3", n)
		}
	}
}

// TestBestAhead checks that a best.safetensors ahead of the checkpoint is not passed off as the selected epoch's when that epoch
// is not repeated.
func TestBestAhead(t *testing.T) {
	var kept []byte
	r := toy(t, "bp")
	r.Dir, r.Best = t.TempDir(), "loss"
	path := filepath.Join(r.Dir, "checkpoint.safetensors")
	r.Callbacks = []train.Callback{{AfterStep: func(s *train.Status) (err error) {
		if s.Step == 8 {
			kept, err = os.ReadFile(path)
		}
		return err
	}}}
	fit(t, r)
	if err := os.WriteFile(path, kept, 0o644); err != nil {
		t.Fatal(err)
	}
	again := toy(t, "bp")
	again.Dir, again.Best, again.Resume, again.Epochs = r.Dir, "loss", true, 1
	if s := fit(t, again); s.Epoch != 1 || s.Selected != nil {
		t.Errorf("epoch %d, state %v", s.Epoch, s.Selected)
	}
}
