package runtime

import (
	"context"
	"fmt"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// interpreter is a Backend that keeps to what Job and Runner say and knows nothing else.
type interpreter struct{ job *Job }

func (interpreter) Name() string { return "interpreter" }

func (interpreter) Load(job *Job) (Runner, error) { return interpreter{job}, nil }

func (r interpreter) Run(context.Context) error {
	leaves := map[string]*buffer.Buffer{}
	for v, b := range r.job.Leaves {
		leaves[v.Node.Name()] = b
	}
	values, err := native.Reference().Interpret(r.job.Program, r.job.Binding, leaves)
	if err != nil {
		return err
	}
	for v, b := range r.job.Results {
		b.CopyFrom(values[v])
	}
	for _, n := range r.job.Program.Effects("store") {
		r.job.Leaves[r.job.Program.Leaf(n.Name())].CopyFrom(values[n.Args[0]])
	}
	return nil
}

// TestBackend checks that what a Job gives suffices to run a program.
func TestBackend(t *testing.T) {
	g, b := mlp(5, 4, 2), graph.Binding{"batch": 6}
	e, s := load(t, g, b, Options{Backend: interpreter{}})
	if r := e.Report(); r != (Report{Backend: "interpreter"}) {
		t.Errorf("report %+v", r)
	}
	m := newModel(g, b, native.Reference(), s)
	for i := range 3 {
		out := m.step(t, feedAll(t, e, uint64(i)))
		step(t, e)
		compare(t, fmt.Sprint("step ", i), e, s, m, out)
	}
}
