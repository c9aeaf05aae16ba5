package runtime

import (
	"errors"
	"fmt"
	"maps"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// Options are what Load may be told. The zero value runs the native kernels on the calling goroutine.
type Options struct {
	// Pool holds the workers; nil stands for the caller alone.
	Pool *Pool
	// Kernels are the native backend's; nil stands for native.Kernels().
	Kernels native.Table
	// Backend runs the program; nil stands for the native one.
	Backend Backend
	// Profile records when every part of every call ran, on the native backend; nil records nothing, at no cost.
	Profile *Profile
	// NoReuse gives every value memory of its own: slower, and easy to look at when a value is in doubt.
	NoReuse bool

	// eager wakes workers for calls of any size. Tests use it, their programs being small.
	eager bool
}

// Load makes an executable of a compiled program, attached to s, which must hold the program's params and states (see
// [State.Init]). p must not be changed afterwards.
func Load(p *graph.Graph, b graph.Binding, s *State, o Options) (*Executable, error) {
	if err := graph.Check(p); err != nil {
		return nil, err
	}
	if !p.Program {
		return nil, fmt.Errorf("%s is a definition: compile it to a program first", p.Name)
	}
	if err := graph.Verify(p, graph.Planned); err != nil {
		return nil, err
	}
	if s == nil {
		return nil, errors.New("no state given")
	}
	if err := p.CheckBinding(b); err != nil {
		return nil, err
	}
	e := &Executable{program: p, binding: maps.Clone(b), feeds: map[string]*Feed{}, results: map[string]*Result{}}
	job := &Job{
		Program: p, Binding: e.binding, Stale: e.stale,
		Leaves: map[*graph.Value]*buffer.Buffer{}, Results: map[*graph.Value]*buffer.Buffer{},
	}
	if err := e.bindLeaves(job, s); err != nil {
		return nil, err
	}
	if err := e.bindResults(job); err != nil {
		return nil, err
	}
	for _, n := range p.Effects("store") {
		e.stores = append(e.stores, s.entries[n.Name()])
	}
	e.once = newOnce(p, s, e.feeds)
	back := o.Backend
	if back == nil {
		back = newNative(o)
	}
	runner, err := back.Load(job)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	e.runner, e.backend = runner, back.Name()
	return e, nil
}

// bindLeaves finds or makes the buffer of every leaf.
func (e *Executable) bindLeaves(job *Job, s *State) error {
	for _, n := range e.program.Nodes {
		if !n.Op.Is(graph.Leaf) {
			continue
		}
		v := n.Results[0]
		shape, err := v.Type.Shape(e.binding)
		if err != nil {
			return fmt.Errorf("%v: %w", v, err)
		}
		switch n.Op.Name {
		case "input":
			f := newFeed(v, shape)
			e.feeds[f.name], job.Leaves[v] = f, f.buf
			e.inputs = append(e.inputs, f)
		case "const":
			c := buffer.New(v.Type.DType, shape...)
			fill(c, n.Float("value"))
			job.Leaves[v] = c
		default:
			held := s.entries[n.Name()]
			if held == nil {
				return fmt.Errorf("the state holds no %v: initialise it first", v)
			}
			if err := sameKind(held.buf, v.Type.DType, shape); err != nil {
				return fmt.Errorf("%v: the state holds %w", v, err)
			}
			job.Leaves[v] = held.buf
		}
	}
	return nil
}

func (e *Executable) bindResults(job *Job) error {
	for _, n := range e.program.Effects("output") {
		v := n.Args[0]
		if v.Type.Sparse {
			return fmt.Errorf("output %q at %v: a pattern cannot be an output", n.Name(), n.Pos)
		}
		if job.Results[v] == nil {
			shape, err := v.Type.Shape(e.binding)
			if err != nil {
				return fmt.Errorf("output %q: %w", n.Name(), err)
			}
			job.Results[v] = buffer.New(v.Type.DType, shape...)
		}
		e.results[n.Name()] = &Result{job.Results[v], job.Results[v].Dense()}
	}
	return nil
}
