package runtime

import (
	"context"
	"fmt"
	"math"
	"slices"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// nativeBackend runs kernels of a native.Table as planned.
type nativeBackend struct {
	kernels native.Table
	pool    *Pool
	profile *Profile // or nil
	reuse   bool
	eager   bool
}

func newNative(o Options) nativeBackend {
	if o.Kernels == nil {
		o.Kernels = native.Kernels()
	}
	return nativeBackend{o.Kernels, o.Pool, o.Profile, !o.NoReuse, o.eager}
}

func (nativeBackend) Name() string { return "native" }

func (n nativeBackend) Load(job *Job) (Runner, error) {
	p, err := newPlan(job, n.kernels, n.reuse)
	if err != nil {
		return nil, err
	}
	if err := verifyPlan(p, n.kernels); err != nil {
		return nil, err
	}
	memory, err := p.allocate(job)
	if err != nil {
		return nil, err
	}
	r := &nativeRunner{job: job, report: p.report}
	workers := 1
	if n.pool != nil {
		workers = n.pool.workers
	}
	sweepers, err := newCrew(workers, p.sweeps, func(v *graph.Value) *buffer.Buffer { return memory[p.slotOf[v]] }, n.kernels)
	if err != nil {
		return nil, err
	}
	for _, s := range []struct {
		tasks []task
		to    **schedule
	}{{p.once, &r.once}, {p.tasks, &r.step}} {
		if *s.to, err = n.schedule(job, p, s.tasks, memory, sweepers); err != nil {
			return nil, err
		}
	}
	r.report.Nodes, r.report.Parts = len(p.tasks), r.step.countParts()
	r.report.ScratchBytes = r.once.scratchBytes() + r.step.scratchBytes() + sweepers.scratchBytes()
	return r, nil
}

// allocate returns the buffer of every slot.
func (p *plan) allocate(job *Job) ([]*buffer.Buffer, error) {
	var arena [arenas]*buffer.Buffer
	for dt, n := range p.arena {
		arena[dt] = buffer.New(graph.DType(dt), n)
	}
	leaves := map[int]*buffer.Buffer{} // by space
	memory := make([]*buffer.Buffer, len(p.slots))
	for i, s := range p.slots {
		shape, err := s.value.Type.Shape(job.Binding)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", s.value, err)
		}
		at := s.place
		switch {
		case s.copy == "" && job.Leaves[s.value] != nil:
			memory[i] = job.Leaves[s.value]
			leaves[at.space] = memory[i]
		case at.space < arenas:
			memory[i] = part(arena[at.space], at, shape)
		case leaves[at.space] != nil: // leaves come before what is stored to them
			memory[i] = leaves[at.space]
		case job.Results[s.value] != nil:
			memory[i] = job.Results[s.value]
		default:
			memory[i] = buffer.New(s.value.Type.DType, shape...)
		}
	}
	return memory, nil
}

// part returns a piece of an arena.
func part(arena *buffer.Buffer, at place, shape []int) *buffer.Buffer {
	lo, hi := at.offset, at.offset+at.size
	b := &buffer.Buffer{DType: arena.DType, Shape: shape}
	switch arena.DType {
	case graph.F32:
		b.F32 = arena.F32[lo:hi:hi]
	case graph.F64:
		b.F64 = arena.F64[lo:hi:hi]
	case graph.I32:
		b.I32 = arena.I32[lo:hi:hi]
	case graph.Bool:
		b.Bool = arena.Bool[lo:hi:hi]
	}
	return b
}

// schedule prepares the calls of a list of tasks.
func (n nativeBackend) schedule(job *Job, p *plan, tasks []task, memory []*buffer.Buffer, sweepers *crew) (*schedule, error) {
	calls := make([]call, len(tasks))
	writer := map[int]int{}
	after := make([][]int, len(tasks))
	for i, t := range tasks {
		c := &calls[i]
		c.Node = t.node
		after[i] = append(after[i], t.after...)
		for _, r := range t.reads {
			c.In = append(c.In, memory[r])
			if w, ok := writer[r]; ok {
				after[i] = append(after[i], w)
			}
		}
		for _, w := range t.writes {
			c.Out = append(c.Out, memory[w])
			writer[w] = i
		}
		c.parts, c.cost = 1, n.cost(t, job.Binding)
		if t.copies {
			c.run, c.cost = copyCall, float64(8*c.Out[0].Len())/bytesPerNanosecond
			continue
		}
		if t.sweep != nil {
			c.run, c.parts = sweepers.run(slices.Index(p.sweeps, t.sweep)), t.sweep.blocks()
			continue
		}
		k := n.kernels[t.node.Op.Name]
		c.run = k.Run
		if k.Prepare != nil {
			if err := k.Prepare(&c.Call); err != nil {
				return nil, fmt.Errorf("%s at %v: %w", t.node.Op.Name, t.node.Pos, err)
			}
		}
		if k.Parts != nil {
			c.parts = max(1, k.Parts(&c.Call))
		}
	}
	if n.profile != nil {
		names := graph.Names(job.Program)
		for i, t := range tasks {
			c := &calls[i]
			c.run = n.profile.observe(describe(t, names, &c.Call, job.Binding), c.run)
		}
	}
	return newSchedule(job.Program, calls, after, n.pool), nil
}

func copyCall(c *native.Call, _, _ int) error {
	c.Out[0].CopyFrom(c.In[0])
	return nil
}

// What one worker does in a nanosecond, roughly.
const (
	flopsPerNanosecond = 50
	bytesPerNanosecond = 10
)

// cost estimates the nanoseconds that a task takes one worker. It need not be right: it decides what is run first, and what is
// worth sharing.
func (n nativeBackend) cost(t task, b graph.Binding) float64 {
	sum := 0.0
	for _, node := range t.nodes() {
		flops, err := node.FLOPs().Bind(b)
		bytes, err2 := node.Bytes().Bind(b)
		if n.eager || err != nil || err2 != nil {
			return math.Inf(1)
		}
		sum += float64(flops)/flopsPerNanosecond + float64(bytes)/bytesPerNanosecond
	}
	return sum
}

// nativeRunner is a loaded program.
type nativeRunner struct {
	job        *Job
	once, step *schedule
	report     Report
}

func (r *nativeRunner) Run(context.Context) error {
	if len(r.once.calls) > 0 && r.job.Stale() {
		if err := r.once.run(); err != nil {
			return err
		}
	}
	return r.step.run()
}

func (r *nativeRunner) Report() Report { return r.report }
