package gorgonia

import (
	"context"
	"errors"
	"fmt"

	"graft/graph"
	"graft/runtime"
	"graft/runtime/buffer"
	"graft/runtime/native"

	G "gorgonia.org/gorgonia"
)

// Backend runs programs on Gorgonia's tape machine.
type Backend struct {
	// Kernels run the ops that Gorgonia has not; nil stands for native.Reference().
	Kernels native.Table
}

// New returns a Backend with the reference kernels.
func New() *Backend { return &Backend{} }

// Name returns "gorgonia".
func (*Backend) Name() string { return "gorgonia" }

// Load lowers the job's program. The nodes of phase once are run at every step.
func (b *Backend) Load(job *runtime.Job) (runtime.Runner, error) {
	kernels := b.Kernels
	if kernels == nil {
		kernels = native.Reference()
	}
	building.Lock()
	defer building.Unlock()
	for attempt := range uint32(8) { // hashes of the same nodes under other numbers
		l, err := lower(job.Program, job.Binding, job.Leaves, kernels, attempt<<24)
		if errors.Is(err, errHash) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return l.runner(job)
	}
	return nil, errHash
}

// runner copies values between the job's buffers and Gorgonia's nodes.
type runner struct {
	*lowering
	machine *machine
	job     *runtime.Job
}

func (l *lowering) runner(job *runtime.Job) (*runner, error) {
	r := &runner{lowering: l, job: job}
	if l.ops == 0 { // nothing to compute, which Gorgonia refuses to compile
		return r, nil
	}
	var err error
	r.machine, err = l.canvas.machine()
	return r, err
}

// Run runs the program once.
func (r *runner) Run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for v, b := range r.job.Leaves {
		if n := r.nodes[v]; n != nil {
			if err := G.Let(n, toValue(b)); err != nil {
				return fmt.Errorf("%v: %w", v, err)
			}
		}
	}
	if r.machine != nil {
		if err := r.machine.run(); err != nil {
			return err
		}
	}
	return r.deliver()
}

// deliver copies results and stored values. All are at hand before the first is written, so that a leaf may be stored to
// another one, and an error leaves everything as it was.
func (r *runner) deliver() error {
	type copying struct{ to, from *buffer.Buffer }
	var copies []copying
	add := func(v *graph.Value, to *buffer.Buffer) error {
		from, err := toBuffer(r.nodes[v].Value(), to.Shape)
		if err != nil {
			return fmt.Errorf("%v: %w", v, err)
		}
		if v.Node.Op.Is(graph.Leaf) {
			own := buffer.New(from.DType, from.Shape...)
			own.CopyFrom(from)
			from = own
		}
		copies = append(copies, copying{to, from})
		return nil
	}
	for v, b := range r.job.Results {
		if err := add(v, b); err != nil {
			return err
		}
	}
	for _, n := range r.job.Program.Effects("store") {
		if err := add(n.Args[0], r.job.Leaves[r.job.Program.Leaf(n.Name())]); err != nil {
			return err
		}
	}
	for _, c := range copies {
		c.to.CopyFrom(c.from)
	}
	return nil
}
