package experiment_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo"
	"graft/zoo/experiment"
)

// TestWorkers trains both models for 20 steps in every mode: the bits of every parameter and slot must not depend on the number
// of workers, and must depend on the seed.
func TestWorkers(t *testing.T) {
	for _, c := range []struct {
		model, data string
		set         map[string]string
	}{
		{"mlp", "synthetic-digits", map[string]string{"batch": "600"}}, // 20 steps an epoch
		{"gcn", "synthetic-cora", nil},
	} {
		e, err := zoo.Lookup(c.model)
		if err != nil {
			t.Fatal(err)
		}
		task, _, err := experiment.Open(e, c.data, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			t.Run(c.model+"/"+mode, func(t *testing.T) {
				plan, err := experiment.NewPlan(e, task, experiment.Choices{Mode: mode, Set: c.set})
				if err != nil {
					t.Fatal(err)
				}
				one := steps(t, plan, 20, 1, 7)
				for _, workers := range []int{2, 4} {
					if name := differs(one, steps(t, plan, 20, workers, 7)); name != "" {
						t.Errorf("%s differs between 1 and %d workers", name, workers)
					}
				}
				if differs(one, steps(t, plan, 20, 1, 8)) == "" {
					t.Error("another seed gives the same parameters: nothing was compared")
				}
			})
		}
	}
}

// steps trains for n steps and returns the state.
func steps(t *testing.T, plan *experiment.Plan, n, workers int, seed int32) *runtime.State {
	t.Helper()
	programs, err := plan.Programs()
	if err != nil {
		t.Fatal(err)
	}
	state, err := programs.State(seed)
	if err != nil {
		t.Fatal(err)
	}
	source, err := plan.Task.Train(seed, plan.Recipe.Batch)
	if err != nil {
		t.Fatal(err)
	}
	pool := runtime.NewPool(workers)
	defer pool.Close()
	count := 0
	run := &train.Run{
		Program: programs.Step.Program, State: state, Options: runtime.Options{Pool: pool}, Source: source,
		Epochs: n, Seed: seed, LR: train.Constant(plan.Recipe.LR),
		Callbacks: []train.Callback{{AfterStep: func(*train.Status) error {
			if count++; count == n {
				return train.ErrStop
			}
			return nil
		}}},
	}
	if _, err := run.Fit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if count != n {
		t.Fatalf("%d steps were made, want %d", count, n)
	}
	if programs.Step.Program.Part != passes.Step {
		t.Fatal("not a step program")
	}
	return state
}

// differs returns the name of a tensor whose bits differ, or "".
func differs(a, b *runtime.State) string {
	for _, name := range a.Names() {
		same := func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }
		if !slices.EqualFunc(a.Buffer(name).F32, b.Buffer(name).F32, same) {
			return name
		}
	}
	return ""
}
