package train

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"graft/graph"
	"graft/runtime"

	"gorgonia.org/tensor"
)

// Meter accumulates the outputs of an evaluation into metrics.
type Meter interface {
	Reset()
	// Add takes the outputs for one batch, by name; nil stands for an output that the program does not have. The tensors are
	// valid during the call.
	Add(b *Batch, output func(name string) *tensor.Dense) error
	Metrics() map[string]float64
}

// Evaluation runs a predict program over all batches of a source, as of epoch 0, and reduces its outputs.
type Evaluation struct {
	Program *graph.Graph
	Source  Source
	Meter   Meter
	Seed    int32 // what a program with an input "seed" reads there
}

// Run evaluates the parameters in s.
func (e *Evaluation) Run(ctx context.Context, s *runtime.State, o runtime.Options) (map[string]float64, error) {
	run, err := e.Prepare(s, o)
	if err != nil {
		return nil, err
	}
	return run(ctx)
}

// Prepare returns Run for s, for evaluations again and again: the program is loaded the first time.
func (e *Evaluation) Prepare(s *runtime.State, o runtime.Options) (run func(ctx context.Context) (map[string]float64, error), err error) {
	v, err := newEvaluator(e, s, o, e.Seed)
	if err != nil {
		return nil, err
	}
	return v.run, nil
}

// evaluator is an Evaluation with its executables.
type evaluator struct {
	*Evaluation
	exec  *executor
	batch Batch
}

func newEvaluator(e *Evaluation, s *runtime.State, o runtime.Options, seed int32) (*evaluator, error) {
	if e.Program == nil || e.Source == nil || e.Meter == nil {
		return nil, errors.New("an evaluation needs Program, Source and Meter")
	}
	return &evaluator{Evaluation: e, exec: newExecutor(e.Program, s, o, seed)}, nil
}

func (v *evaluator) run(ctx context.Context) (map[string]float64, error) {
	v.Meter.Reset()
	for i := range v.Source.Len() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := v.add(ctx, i); err != nil {
			return nil, fmt.Errorf("evaluation, batch %d: %w", i, err)
		}
	}
	return maps.Clone(v.Meter.Metrics()), nil
}

func (v *evaluator) add(ctx context.Context, i int) error {
	if err := v.Source.Batch(0, i, &v.batch); err != nil {
		return err
	}
	b, err := v.exec.step(ctx, &v.batch, 0, 0)
	if err != nil {
		return err
	}
	return v.Meter.Add(&v.batch, b.output)
}
