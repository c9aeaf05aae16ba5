package train

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"graft/graph"
	"graft/runtime"

	"gorgonia.org/tensor"
)

// executor runs a program on batches: an executable for each binding, with its handles resolved.
type executor struct {
	program *graph.Graph
	state   *runtime.State
	options runtime.Options
	seed    int32
	bounds  []*bound
}

// bound is an executable with its handles.
type bound struct {
	binding    graph.Binding
	executable *runtime.Executable
	inputs     []input
	seed, step *runtime.Feed // nil when the program does not read them, like lr
	lr         *runtime.Feed
	loss       *runtime.Result // nil in programs without
	output     func(name string) *tensor.Dense
}

// input is an input that batches feed. It remembers what it was fed, since feeding allocates and most sources give the
// same tensor with new contents.
type input struct {
	name   string
	sparse bool
	once   bool // something is computed of it once: it is set again where its elements may have changed
	feed   *runtime.Feed
	fed    *tensor.Dense
	memory uintptr
	size   int
}

func newExecutor(p *graph.Graph, s *runtime.State, o runtime.Options, seed int32) *executor {
	return &executor{program: p, state: s, options: o, seed: seed}
}

// step feeds a batch and runs the program on it.
func (x *executor) step(ctx context.Context, b *Batch, step int, lr float64) (*bound, error) {
	e, err := x.bind(b.Binding)
	if err != nil {
		return nil, err
	}
	if err := e.feed(b, step, lr); err != nil {
		return nil, err
	}
	return e, e.executable.Step(ctx)
}

// bind returns the executable for a binding. A run has few of them, so they are searched for in a list, which unlike a map
// needs no key.
func (x *executor) bind(b graph.Binding) (*bound, error) {
	for _, e := range x.bounds {
		if maps.Equal(e.binding, b) {
			return e, nil
		}
	}
	e, err := x.load(maps.Clone(b))
	if err != nil {
		return nil, err
	}
	x.bounds = append(x.bounds, e)
	return e, nil
}

func (x *executor) load(binding graph.Binding) (*bound, error) {
	// A mode need not read all that a batch holds, nor have all of its symbols.
	symbols := x.program.Symbols()
	known := maps.Clone(binding)
	maps.DeleteFunc(known, func(s string, _ int) bool { return !slices.Contains(symbols, s) })
	executable, err := runtime.Load(x.program, known, x.state, x.options)
	if err != nil {
		return nil, err
	}
	e, users := &bound{binding: binding, executable: executable}, x.program.Users()
	for _, leaf := range x.program.Leaves("input") {
		name := leaf.Node.Name()
		feed, err := executable.Feed(name)
		if err != nil {
			return nil, err
		}
		switch scalar := leaf.Type.IsScalar(); {
		case scalar && name == "seed":
			e.seed = feed
		case scalar && name == "step":
			e.step = feed
		case scalar && name == "lr":
			e.lr = feed
		default:
			once := slices.ContainsFunc(users[leaf], func(n *graph.Node) bool { return n.Phase == graph.Once })
			e.inputs = append(e.inputs, input{name: name, sparse: leaf.Type.Sparse, once: once, feed: feed})
		}
	}
	if e.seed != nil {
		if err := e.seed.SetInt(x.seed); err != nil {
			return nil, err
		}
	}
	outputs := map[string]*tensor.Dense{}
	for _, n := range x.program.Effects("output") {
		r, err := executable.Result(n.Name())
		if err != nil {
			return nil, err
		}
		outputs[n.Name()] = r.Tensor()
		if n.Name() == "loss" {
			e.loss = r
		}
	}
	e.output = func(name string) *tensor.Dense { return outputs[name] }
	return e, nil
}

func (e *bound) feed(b *Batch, step int, lr float64) error {
	if e.step != nil {
		if err := e.step.SetInt(int32(step)); err != nil {
			return err
		}
	}
	if e.lr != nil {
		if err := e.lr.SetFloat(lr); err != nil {
			return err
		}
	}
	for i := range e.inputs {
		if err := e.inputs[i].set(b); err != nil {
			return err
		}
	}
	return nil
}

func (in *input) set(b *Batch) error {
	if in.sparse {
		p := b.Patterns[in.name]
		if p == nil {
			return fmt.Errorf("the batch has no pattern for input %q", in.name)
		}
		return in.feed.SetPattern(p)
	}
	t := b.Tensors[in.name]
	if t == nil {
		return fmt.Errorf("the batch has no tensor for input %q", in.name)
	}
	if t == in.fed && t.Uintptr() == in.memory && t.DataSize() == in.size && (b.Fixed || !in.once) {
		return nil
	}
	if err := in.feed.Set(t); err != nil {
		return err
	}
	in.fed, in.memory, in.size = t, t.Uintptr(), t.DataSize()
	return nil
}
