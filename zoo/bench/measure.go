package bench

import (
	"context"
	goruntime "runtime"
	"runtime/debug"
	"time"

	"graft/graph"
	"graft/runtime"
)

// Result is the measurement of a workload in one mode.
type Result struct {
	*Job
	Workers int
	Steps   []time.Duration
	Need    Need
	// Allocations is the mean number of heap allocations in a step.
	Allocations float64
	Memory      Memory
	Loss        float64 // of the first step
	// Profile is that of Profiled further steps, where it was asked for.
	Profile  *runtime.Profile
	Profiled int
}

// Memory says what a step lives in, in bytes.
type Memory struct {
	Leaves  int64 // parameters, slots, feeds
	Values  int64 // outputs, values computed once, the planned arena, and what kernels and sweeps keep beside it
	Process int64 // the most that the process had resident during load and steps; 0 where the system does not tell
}

// Planned is the memory of the program.
func (m Memory) Planned() int64 { return m.Leaves + m.Values }

// Settings are how to measure.
type Settings struct {
	Pool *runtime.Pool
	// Runs is the number of steps that are timed; 0 times as many as fit into two seconds, and five at least.
	Runs int
	// Profile records further steps, as many as were timed but at most ten, in Result.Profile.
	Profile bool
}

// Measure takes the time of steps. Every step is a training step: the parameters change, the inputs stay.
func (j *Job) Measure(ctx context.Context, s Settings) (*Result, error) {
	debug.FreeOSMemory() // what earlier measurements left counts for nothing
	resetHighWater()
	r := &Result{Job: j, Workers: s.Pool.Workers()}
	var err error
	if r.Need, err = NeedOf(j.Program, j.Binding); err != nil {
		return nil, err
	}
	state := runtime.NewState()
	if err := state.Init(j.Program, graph.Binding{}, 0); err != nil {
		return nil, err
	}
	if err := r.time(ctx, state, s); err != nil {
		return nil, err
	}
	if s.Profile {
		r.Profile = runtime.NewProfile()
		step, _, err := j.stepper(state, runtime.Options{Pool: s.Pool, Profile: r.Profile})
		if err != nil {
			return nil, err
		}
		if err := step(ctx); err != nil { // what is computed once, and cold memory
			return nil, err
		}
		r.Profile.Reset()
		r.Profiled = min(10, len(r.Steps))
		for range r.Profiled {
			if err := step(ctx); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// time does the unprofiled part.
func (r *Result) time(ctx context.Context, state *runtime.State, s Settings) error {
	step, e, err := r.stepper(state, runtime.Options{Pool: s.Pool})
	if err != nil {
		return err
	}
	if err := step(ctx); err != nil {
		return err
	}
	loss, err := e.Result("loss")
	if err != nil {
		return err
	}
	r.Loss = loss.Float()
	var before, after goruntime.MemStats
	if r.Steps, err = timedAfter(ctx, s.Runs, 2*time.Second, step, func() { goruntime.ReadMemStats(&before) }); err != nil {
		return err
	}
	goruntime.ReadMemStats(&after)
	r.Allocations = float64(after.Mallocs-before.Mallocs) / float64(len(r.Steps))
	r.Memory = r.memory(e.Report())
	return nil
}

// stepper returns a function that runs the next step.
func (j *Job) stepper(state *runtime.State, o runtime.Options) (func(context.Context) error, *runtime.Executable, error) {
	e, err := j.load(state, o)
	if err != nil {
		return nil, nil, err
	}
	if j.Program.Leaf("step") == nil {
		return e.Step, e, nil
	}
	counter, err := e.Feed("step")
	if err != nil {
		return nil, nil, err
	}
	next := int32(0)
	return func(ctx context.Context) error {
		if err := counter.SetInt(next); err != nil {
			return err
		}
		next++
		return e.Step(ctx)
	}, e, nil
}

// memory adds up what the program lives in. Bindings have been checked by now.
func (r *Result) memory(plan runtime.Report) Memory {
	size := func(v *graph.Value) int64 {
		n, _ := bytesOf(v).Bind(r.Binding)
		return n
	}
	m := Memory{Values: plan.ArenaBytes + plan.ScratchBytes, Process: highWater()}
	outputs := map[*graph.Value]bool{}
	for _, n := range r.Program.Nodes {
		switch {
		case n.Op.Is(graph.Leaf):
			m.Leaves += size(n.Results[0])
		case n.Op.Name == "output" && !outputs[n.Args[0]]:
			outputs[n.Args[0]] = true
			m.Values += size(n.Args[0])
		case n.Phase == graph.Once:
			for _, v := range n.Results {
				m.Values += size(v)
			}
		}
	}
	return m
}
