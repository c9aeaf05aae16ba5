package experiment

import (
	"context"
	"fmt"

	"graft/graph"
	"graft/runtime"
	"graft/runtime/train"

	"gorgonia.org/tensor"
)

// Output computes an output of a function of the entry, "" for the definition, with the weights of state: such as the hidden
// activations of a trained model. It returns a copy of the output for each batch of the evaluation of the seed's task.
func (p *Programs) Output(ctx context.Context, state *runtime.State, seed int32, function, name string, o runtime.Options) ([]*tensor.Dense, error) {
	program, err := p.predict(function)
	if err != nil {
		return nil, err
	}
	if !has(program, name) {
		return nil, fmt.Errorf("%s, function %q: no output %q", p.Plan.Entry.Name, function, name)
	}
	task, err := p.Plan.taskOf(seed)
	if err != nil {
		return nil, err
	}
	source, _, err := task.Evaluate()
	if err != nil {
		return nil, err
	}
	k := &keeper{output: name}
	_, err = (&train.Evaluation{Program: program, Source: source, Meter: k, Seed: seed}).Run(ctx, state, o)
	return k.kept, err
}

// has reports whether a program has an output of that name.
func has(program *graph.Graph, output string) bool {
	for _, n := range program.Effects("output") {
		if n.Name() == output {
			return true
		}
	}
	return false
}

// keeper keeps an output of every batch and measures nothing.
type keeper struct {
	output string
	kept   []*tensor.Dense
}

func (k *keeper) Reset() { k.kept = nil }

func (k *keeper) Add(_ *train.Batch, output func(name string) *tensor.Dense) error {
	k.kept = append(k.kept, output(k.output).Clone().(*tensor.Dense))
	return nil
}

func (*keeper) Metrics() map[string]float64 { return nil }
