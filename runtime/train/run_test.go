package train_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/safetensors"
	"graft/runtime/train"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
)

func TestConvergence(t *testing.T) {
	for _, mode := range []string{"bp", "dfa", "shallow"} {
		r := toy(t, mode)
		r.Epochs = 12
		s := fit(t, r)
		first, last := s.History[0], s.History[11]
		t.Logf("%s: loss %.3f to %.3f, accuracy %.1f in epoch %d", mode, first.Loss, last.Loss, s.Metrics["val_accuracy"], s.Epoch)
		if last.Loss > 0.6*first.Loss || s.Metrics["val_accuracy"] < 85 {
			t.Errorf("%s does not learn: %+v", mode, s.History)
		}
		if last.Epoch != 12 || last.Step != 12*7 || last.LR != 0.1*math.Pow(0.5, 83./40) {
			t.Errorf("last record %+v", last)
		}
	}
}

// script is a meter that gives a prepared value in each epoch.
type script struct {
	values []float64
	epoch  int
}

func (s *script) Reset()                                             { s.epoch++ }
func (s *script) Add(*train.Batch, func(string) *tensor.Dense) error { return nil }
func (s *script) Metrics() map[string]float64                        { return s.of(s.values[s.epoch-1]) }
func (s *script) of(v float64) map[string]float64 {
	return map[string]float64{"val_accuracy": v, "val_log_loss": v, "test": float64(s.epoch)}
}

func TestBestSelection(t *testing.T) {
	nan := math.NaN()
	cases := []struct {
		metric string
		values []float64
		want   int
	}{
		{"val_accuracy", []float64{1, 3, 3, 2}, 2},
		{"val_accuracy", []float64{5, 5, 5, 5}, 1},
		{"val_accuracy", []float64{nan, 1, nan, 2}, 4},
		{"val_accuracy", []float64{nan, nan, nan, nan}, 4},
		{"val_log_loss", []float64{3, 1, 2, 1}, 2},
		{"val_log_loss", []float64{math.Inf(1), math.Inf(1), 7, 8}, 3},
		{"", []float64{4, 3, 2, 1}, 4},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.metric, c.values), func(t *testing.T) {
			r := toy(t, "bp")
			r.Epochs, r.Best, r.Evaluation.Meter, r.Dir = 4, c.metric, &script{values: c.values}, t.TempDir()
			after := map[int]map[string][]float32{}
			r.Callbacks = []train.Callback{{AfterEpoch: func(s *train.Status) error {
				after[s.Epoch] = weights(s.State)
				return nil
			}}}
			s := fit(t, r)
			if s.Epoch != c.want || s.Metrics["test"] != float64(c.want) || s.Last["test"] != 4 {
				t.Errorf("epoch %d, metrics %v, last %v; want epoch %d", s.Epoch, s.Metrics, s.Last, c.want)
			}
			if diff := cmp.Diff(after[c.want], weights(s.Selected)); diff != "" {
				t.Error(diff)
			}
			if c.metric == "" || math.IsNaN(c.values[c.want-1]) {
				return
			}
			f, err := safetensors.ReadChecked(filepath.Join(r.Dir, "best.safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range after[c.want] {
				if diff := cmp.Diff(want, elements(f.Tensors[name])); diff != "" {
					t.Errorf("%s in best.safetensors: %s", name, diff)
				}
			}
		})
	}
}

func TestBestUnknown(t *testing.T) {
	r := toy(t, "bp")
	r.Best = "val_auc"
	_, err := r.Fit(t.Context())
	wantError(t, err, `"val_auc"`, "val_accuracy")
}

func TestCallbacks(t *testing.T) {
	r := toy(t, "bp")
	var steps, epochs, ends int
	r.Callbacks = []train.Callback{{
		AfterStep: func(s *train.Status) error {
			if steps++; s.Step != steps || s.Epoch != epochs || s.Output("hits") == nil || s.Output("none") != nil {
				t.Errorf("status %+v after step %d", s, steps)
			}
			if steps == 17 { // the third epoch has had three of its seven steps
				return train.ErrStop
			}
			return nil
		},
		AfterEpoch: func(s *train.Status) error {
			epochs++
			s.History[epochs-1].Metrics["extra"] = float64(epochs)
			return nil
		},
		AtEnd: func(*train.Summary) error { ends++; return nil },
	}}
	r.Dir = t.TempDir()
	s := fit(t, r)
	if steps != 17 || epochs != 3 || ends != 1 || s.History[2].Step != 17 || s.Last["extra"] != 3 {
		t.Errorf("%d steps, %d epochs, %d ends, history %v", steps, epochs, ends, s.History)
	}

	// The run has come to its end, and stays there.
	again := toy(t, "bp")
	again.Dir, again.Resume = r.Dir, true
	again.Callbacks = []train.Callback{{AfterStep: func(*train.Status) error { t.Error("a step after the end"); return nil }}}
	if diff := cmp.Diff(s.History, fit(t, again).History); diff != "" {
		t.Error(diff)
	}

	r = toy(t, "bp")
	r.Callbacks = []train.Callback{{AfterEpoch: func(*train.Status) error { return fmt.Errorf("disk on fire") }}}
	_, err := r.Fit(t.Context())
	wantError(t, err, "disk on fire")

	r = toy(t, "bp")
	r.Callbacks = []train.Callback{{AfterEpoch: func(s *train.Status) error { s.History[0].Metrics["loss"] = 1; return nil }}}
	_, err = r.Fit(t.Context())
	wantError(t, err, `cannot be called "loss"`)
}

// TestScalars checks what the program reads of the loop, before and after a resume.
func TestScalars(t *testing.T) {
	program := func() *graph.Graph {
		g := graph.New("scalars")
		g.Program, g.Part = true, "step"
		w := g.ParamOf("w", "zeros", graph.Tensor(graph.F32))
		lr, step, seed := g.Scalar("lr", graph.F32), g.Scalar("step", graph.I32), g.Scalar("seed", graph.I32)
		g.At(graph.Context{Phase: graph.Forward})
		g.Output("loss", lr)
		g.Output("step", graph.Cast(step, graph.F32))
		g.Output("seed", graph.Cast(seed, graph.F32))
		g.At(graph.Context{Phase: graph.Update})
		g.Store("w", graph.Add(w, lr))
		return g
	}
	steps := 0
	run := func(dir string, resume bool, epochs int) {
		fit(t, &train.Run{
			Program: program(), State: runtime.NewState(), Epochs: epochs, Seed: 9, Dir: dir, Resume: resume,
			Source: train.InOrder(3, 1, func([]int, *train.Batch) error { return nil }),
			LR:     func(m train.Moment) (float64, error) { return float64(100*m.Epoch + m.Step), nil },
			Callbacks: []train.Callback{{AfterStep: func(s *train.Status) error {
				got := [4]float32{s.Output("step").Float32s()[0], s.Output("seed").Float32s()[0], float32(s.Loss), float32(s.LR)}
				lr := float32(100*(steps/3) + steps)
				if want := [4]float32{float32(steps), 9, lr, lr}; got != want {
					t.Errorf("step, seed, loss, rate %v, want %v", got, want)
				}
				steps++
				return nil
			}}},
		})
	}
	dir := t.TempDir()
	run(dir, false, 2)
	run(dir, true, 4)
	if steps != 12 {
		t.Errorf("%d steps, want 12", steps)
	}
}

func TestPatience(t *testing.T) {
	cases := []struct {
		values []float64
		want   int // epochs
	}{
		{[]float64{5, 4, 4, 6, 5, 5, 5, 9}, 7},
		{[]float64{5, 4, 4, 5, 4, 4, 4, 9}, 7}, // the equal one starts anew
		{[]float64{5, 4, math.NaN(), 3}, 4},
		{[]float64{1, 2, 3, 4}, 4},
	}
	for _, c := range cases {
		r := toy(t, "bp")
		r.Epochs, r.Evaluation.Meter = len(c.values), &script{values: c.values}
		r.Callbacks = []train.Callback{train.Patience("val_accuracy", 3)}
		if s := fit(t, r); len(s.History) != c.want {
			t.Errorf("%v: %d epochs, want %d", c.values, len(s.History), c.want)
		}
	}
}

func TestDivergence(t *testing.T) {
	sane := train.Constant(0.01)
	for name, lr := range map[string]float64{"loss": 1e30, "parameters": math.Inf(1)} {
		t.Run(name, func(t *testing.T) {
			r := toy(t, "bp")
			r.Dir = t.TempDir()
			// The loss is seen at the next step, the parameters at the end of the epoch.
			bad := map[string]int{"loss": 15, "parameters": 20}[name]
			r.LR = func(m train.Moment) (float64, error) {
				if m.Step == bad {
					return lr, nil
				}
				return sane(m)
			}
			_, err := r.Fit(t.Context())
			wantError(t, err, "diverged", "step", "lr", "after 14 steps")
			t.Log(err)

			r = toy(t, "bp")
			r.Dir, r.Resume, r.LR = filepath.Dir(strings.Fields(err.Error()[strings.Index(err.Error(), "; ")+2:])[0]), true, sane
			got := fit(t, r)
			r = toy(t, "bp")
			r.LR = sane
			if diff := cmp.Diff(stripSeconds(fit(t, r).History), stripSeconds(got.History)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func stripSeconds(h []train.Record) []train.Record {
	out := append([]train.Record(nil), h...)
	for i := range out {
		out[i].Seconds = 0
	}
	return out
}

func TestMistakes(t *testing.T) {
	cases := map[string]struct {
		change func(*train.Run)
		words  []string
	}{
		"no state":      {func(r *train.Run) { r.State = nil }, []string{"no state"}},
		"no program":    {func(r *train.Run) { r.Program = nil }, []string{"no graph"}},
		"definition":    {func(r *train.Run) { r.Program = network() }, []string{"loss"}},
		"predict":       {func(r *train.Run) { r.Program = r.Evaluation.Program }, []string{"stores nothing"}},
		"no source":     {func(r *train.Run) { r.Source = nil }, []string{"no batches"}},
		"no rows":       {func(r *train.Run) { r.Source = train.InOrder(0, 5, fill) }, []string{"no batches"}},
		"no eval rows":  {func(r *train.Run) { r.Evaluation.Source = train.InOrder(5, 0, fill) }, []string{"no batches", "evaluate"}},
		"no epochs":     {func(r *train.Run) { r.Epochs = 0 }, []string{"0 epochs"}},
		"no schedule":   {func(r *train.Run) { r.LR = nil }, []string{"learning rate"}},
		"nowhere":       {func(r *train.Run) { r.Resume = true }, []string{"no directory"}},
		"half an eval":  {func(r *train.Run) { r.Evaluation.Meter = nil }, []string{"Meter"}},
		"missing input": {func(r *train.Run) { r.Source = train.InOrder(8, 8, without("label")) }, []string{`"label"`, "epoch 1, batch 0"}},
		"missing symbol": {func(r *train.Run) {
			r.Source = train.Fixed(train.Batch{})
		}, []string{"batch"}},
		"wrong shape": {func(r *train.Run) {
			r.Source = train.Fixed(train.Batch{Binding: map[string]int{"batch": 3}, Tensors: map[string]*tensor.Dense{
				"x": tensor.New(tensor.WithShape(4, features), tensor.Of(tensor.Float32))}})
		}, []string{`"x"`, "[4 6]", "[3 6]"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := toy(t, "bp")
			c.change(r)
			_, err := r.Fit(t.Context())
			wantError(t, err, c.words...)
		})
	}
}

func without(name string) func([]int, *train.Batch) error {
	return func(idx []int, b *train.Batch) error {
		*b = train.Batch{}
		err := fill(idx, b)
		delete(b.Tensors, name)
		return err
	}
}

func TestProgressOffTerminal(t *testing.T) {
	var out bytes.Buffer
	r := toy(t, "bp")
	r.Progress = &out
	fit(t, r)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	last := lines[len(lines)-1]
	t.Log(last)
	if len(lines) > 2 || strings.ContainsAny(out.String(), "\r\x1b") {
		t.Errorf("a short run wrote %q", out.String())
	}
	for _, want := range []string{"epoch 6/6", "step 42/42", "steps/s", "loss 0.", "val_accuracy "} {
		if !strings.Contains(last, want) {
			t.Errorf("last line %q has no %q", last, want)
		}
	}
}

// TestEvaluationRun checks that the evaluation of the selected State gives the metrics that were recorded.
func TestEvaluationRun(t *testing.T) {
	r := toy(t, "bp")
	s := fit(t, r)
	got, err := r.Evaluation.Run(t.Context(), s.Selected, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Metrics, got); diff != "" {
		t.Error(diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Evaluation.Run(ctx, s.Selected, runtime.Options{}); err == nil {
		t.Error("an evaluation ran although its context was done")
	}
}

func TestOneRunADirectory(t *testing.T) {
	r := toy(t, "bp")
	r.Dir = t.TempDir()
	r.Callbacks = []train.Callback{{AfterStep: func(s *train.Status) error {
		if s.Step == 3 {
			second := toy(t, "bp")
			second.Dir, second.Resume = r.Dir, true
			_, err := second.Fit(t.Context())
			wantError(t, err, "another run")
		}
		return nil
	}}}
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("directories are locked on Unix only")
	}
	fit(t, r)
}

// TestHoistedOnChangingBatches trains a program that computes some of its inputs once on batches that change in place.
func TestHoistedOnChangingBatches(t *testing.T) {
	var losses [2][]float64
	for i, fixed := range []bool{false, true} {
		p, err := passes.Mode("shallow")
		if err != nil {
			t.Fatal(err)
		}
		c, err := passes.Compile(network(), p, passes.Options{Optimizer: passes.Optimizer{Rule: "sgd"}, FixedInputs: fixed})
		if err != nil {
			t.Fatal(err)
		}
		r := &train.Run{Program: c.Program, State: runtime.NewState(), Source: train.Shuffled(rows, perBatch, 1, fill), Epochs: 3, Seed: 1, LR: train.Constant(0.1)}
		s, err := r.Fit(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		once := slices.ContainsFunc(c.Program.Nodes, func(n *graph.Node) bool { return n.Op.Name != "feedback_matrix" && n.Phase == graph.Once })
		if once != fixed {
			t.Errorf("fixed inputs: %v, something is computed once: %v", fixed, once)
		}
		for _, e := range s.History {
			losses[i] = append(losses[i], e.Loss)
		}
	}
	if !slices.Equal(losses[0], losses[1]) {
		t.Errorf("losses %v, hoisted %v", losses[0], losses[1])
	}
}
