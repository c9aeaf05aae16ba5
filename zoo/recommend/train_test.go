package recommend

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"
)

// trained trains a model on the generator for a few epochs and returns the summary and the parameters as they were before.
func trained(t *testing.T, model, mode, variant string, d *Dataset, epochs int, set map[string]string) (s *train.Summary, after, before *runtime.State, report *passes.Report) {
	t.Helper()
	task := newTask(d)
	for name, value := range task.Set {
		set[name] = value
	}
	def := define(t, lookup(t, model), variant, set)
	step := compile(t, def, mode, passes.Options{Optimizer: recipe(model, mode).Optimizer})
	predict := compile(t, def, mode, passes.Options{Part: passes.Predict})
	state := runtime.NewState()
	if err := state.Init(step.Program, graph.Binding{}, 1); err != nil {
		t.Fatal(err)
	}
	before = state.Clone()
	source, err := task.Train(1, 50)
	if err != nil {
		t.Fatal(err)
	}
	evalSource, meter, err := task.Evaluate()
	if err != nil {
		t.Fatal(err)
	}
	run := &train.Run{
		Program: step.Program, State: state, Source: source, Epochs: epochs, Seed: 1, LR: train.Constant(3e-3),
		Evaluation: &train.Evaluation{Program: predict.Program, Source: evalSource, Meter: meter},
	}
	if s, err = run.Fit(t.Context()); err != nil {
		t.Fatalf("%s, mode %s: %v", model, mode, err)
	}
	return s, state, before, step.Report
}

// TestTraining trains every model in every mode on a small sample: the loss falls, metrics are there, and exactly what is frozen
// stays as it was, to the bit, while running statistics move in every mode, also below cuts.
func TestTraining(t *testing.T) {
	d := Synthetic(0, 600, 100, 100)
	for _, e := range Entries() {
		for _, variant := range variants(e) {
			for _, mode := range []string{"bp", "dfa", "shallow"} {
				t.Run(fmt.Sprintf("%s %s %s", e.Name, variant, mode), func(t *testing.T) {
					s, after, before, report := trained(t, e.Name, mode, variant, d, 6, small(e.Name))
					if first, last := s.History[0].Loss, s.History[len(s.History)-1].Loss; last > first-0.005 {
						t.Errorf("the loss went from %v to %v", first, last)
					}
					for _, m := range []string{"val_auc", "test_auc", "log_loss"} {
						if v, ok := s.Metrics[m]; !ok || v <= 0 || v != v {
							t.Errorf("%s is %v", m, v)
						}
					}
					for _, name := range before.Names() {
						moved := !slices.Equal(after.Tensor(name).Float32s(), before.Tensor(name).Float32s())
						frozen := slices.ContainsFunc(report.Frozen, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
						if moved == frozen {
							t.Errorf("%s moved: %v; frozen: %v", name, moved, frozen)
						}
					}
				})
			}
		}
	}
}

// TestRunningStatistics holds the running statistics of a block below all cuts against what the batches were.
func TestRunningStatistics(t *testing.T) {
	d := Synthetic(0, 50, 10, 10)
	var mean []float32
	for _, mode := range []string{"bp", "dfa", "shallow"} {
		_, after, _, _ := trained(t, "deepfm", mode, "", d, 1, small("deepfm"))
		got := after.Tensor("mlp0/norm/running_mean").Float32s()
		if mean == nil {
			mean = got
		}
		if !slices.Equal(got, mean) {
			t.Errorf("after one step, mode %s has the running mean %v, others %v", mode, got, mean)
		}
		for _, v := range got {
			if v == 0 {
				t.Errorf("mode %s: the running mean stands still: %v", mode, got)
				break
			}
		}
	}
}
