package runtime

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// planOf plans a program over fresh buffers.
func planOf(t testing.TB, g *graph.Graph, b graph.Binding, reuse bool) *plan {
	t.Helper()
	job := &Job{Program: g, Binding: b, Results: map[*graph.Value]*buffer.Buffer{}}
	for _, n := range g.Effects("output") {
		job.Results[n.Args[0]] = &buffer.Buffer{}
	}
	p, err := newPlan(job, parted(), reuse)
	check(t, err)
	check(t, verifyPlan(p, parted()))
	return p
}

// TestPlanReuses checks the plan of a chain, in which two buffers do, and of updates, which need none.
func TestPlanReuses(t *testing.T) {
	g := graph.New("chain")
	g.Program = true
	x, w := g.Input("x", graph.F32, 16, 16), g.Param("w", "zeros", 16, 16)
	g.At(graph.Context{Phase: graph.Forward})
	h := x
	for range 6 {
		h = graph.Relu(graph.MatMul(h, w))
	}
	g.At(graph.Context{Phase: graph.Update})
	g.Store("w", g.Add("sgd", nil, w, h, g.Scalar("lr", graph.F32))[0])
	check(t, g.Err())
	const matrix = 16 * 16 * 4
	r := planOf(t, g, nil, true).report
	if r.InPlace != 7 || r.Copies != 0 || r.ArenaBytes != 2*matrix || r.PeakBytes != 2*matrix || r.TotalBytes != 13*matrix {
		t.Errorf("reuse: %+v", r)
	}
	r = planOf(t, g, nil, false).report
	if r.InPlace != 0 || r.Copies != 1 || r.ArenaBytes != 13*matrix || r.TotalBytes != 13*matrix {
		t.Errorf("no reuse: %+v", r)
	}
}

// TestUpdatesComeEarly checks that gradients do not wait for each other: with updates at the end, all would be alive there.
func TestUpdatesComeEarly(t *testing.T) {
	const layers, size = 6, 16
	g := graph.New("deep")
	g.Program = true
	lr, h := g.Scalar("lr", graph.F32), g.Input("x", graph.F32, 2, size)
	var ws, hs, updated []*graph.Value
	g.At(graph.Context{Phase: graph.Forward})
	for i := range layers {
		ws, hs = append(ws, g.Param(fmt.Sprint("w", i), "zeros", size, size)), append(hs, h)
		h = graph.MatMul(h, ws[i])
	}
	g.At(graph.Context{Phase: graph.Backward})
	var ds []*graph.Value
	for i := layers - 1; i >= 0; i-- {
		ds = append(ds, graph.MatMulT(hs[i], h, true, false))
		if i > 0 {
			h = graph.MatMulT(h, ws[i], false, true)
		}
	}
	g.At(graph.Context{Phase: graph.Update})
	for i, d := range ds {
		updated = append(updated, g.Add("sgd", nil, ws[layers-1-i], d, lr)[0])
	}
	for i, u := range updated {
		g.Store(ws[layers-1-i].Node.Name(), u)
	}
	check(t, g.Err())
	const gradient, activation = size * size * 4, 2 * size * 4
	r := planOf(t, g, nil, true).report
	if r.Copies != 0 || r.PeakBytes > 2*gradient+(layers+1)*activation {
		t.Errorf("%+v", r)
	}
}

// TestStoreCopies lists what keeps a stored value from being computed in the leaf's own memory.
func TestStoreCopies(t *testing.T) {
	type values struct{ w, x, label *graph.Value }
	for _, c := range []struct {
		name  string
		build func(g *graph.Graph, v values) *graph.Value // returns what is stored to w
		want  int                                         // copies
	}{
		{"last reader works in place", func(g *graph.Graph, v values) *graph.Value { return graph.Add(v.w, v.x) }, 0},
		{"readers come before", func(g *graph.Graph, v values) *graph.Value { return graph.MatMul(graph.Relu(v.w), v.x) }, 0},
		{"reader comes after", func(g *graph.Graph, v values) *graph.Value {
			y := graph.Add(v.w, v.x)
			g.Output("y", graph.Sub(v.w, y))
			return y
		}, 1},
		{"kernel cannot", func(g *graph.Graph, v values) *graph.Value { return graph.MatMul(v.w, v.x) }, 1},
		{"operand twice", func(g *graph.Graph, v values) *graph.Value { return graph.Mul(v.w, v.w) }, 1},
		{"other operand", func(g *graph.Graph, v values) *graph.Value { return graph.Sub(v.x, v.w) }, 1},
		{"output as well", func(g *graph.Graph, v values) *graph.Value {
			y := graph.Add(v.w, v.x)
			g.Output("y", y)
			return y
		}, 1},
		{"failure may follow", func(g *graph.Graph, v values) *graph.Value {
			y := graph.Add(v.w, v.x)
			g.Output("y", graph.SoftmaxCrossEntropy(v.x, v.label))
			return y
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graph.New("store")
			g.Program = true
			v := values{g.Param("w", "zeros", 4, 4), g.Input("x", graph.F32, 4, 4), g.Input("label", graph.I32, 4)}
			g.At(graph.Context{Phase: graph.Update})
			g.Store("w", c.build(g, v))
			check(t, g.Err())
			if got := planOf(t, g, nil, true).report.Copies; got != c.want {
				t.Errorf("%d copies, want %d", got, c.want)
			}
		})
	}
}

// TestVerifierSeesEveryEdge drops each ordering edge of random plans in turn. The planner adds no edge that others imply, so
// every one is missed.
func TestVerifierSeesEveryEdge(t *testing.T) {
	dropped := 0
	for seed := range uint64(60) {
		p := planOf(t, randomProgram(seed, 40), nil, true)
		for i := range p.tasks {
			after := p.tasks[i].after
			for j := range after {
				p.tasks[i].after = slices.Delete(slices.Clone(after), j, j+1)
				if err := verifyPlan(p, parted()); err == nil {
					t.Fatalf("program %d: task %d need not wait for %d, it seems", seed, i, after[j])
				}
				dropped++
			}
			p.tasks[i].after = after
		}
	}
	if dropped < 100 {
		t.Errorf("only %d edges dropped", dropped)
	}
}

// TestVerifierSeesMoves moves values onto others that are alive at the same time.
func TestVerifierSeesMoves(t *testing.T) {
	moved := 0
	for seed := range uint64(12) {
		p := planOf(t, randomProgram(seed, 40), nil, true)
		for i := range p.slots {
			for j := range p.slots {
				a, b := p.slots[i], p.slots[j]
				if a.place.space >= arenas || a.place.space != b.place.space || a.place.overlaps(b.place) ||
					a.place.size != b.place.size || a.last <= b.first || b.last <= a.first {
					continue
				}
				p.slots[i].place = b.place
				err := verifyPlan(p, parted())
				if err == nil || !strings.Contains(err.Error(), "share memory") {
					t.Fatalf("program %d: slot %d may share memory with %d, it seems: %v", seed, i, j, err)
				}
				p.slots[i].place = a.place
				moved++
			}
		}
	}
	if moved < 100 {
		t.Errorf("only %d values moved", moved)
	}
}

// TestVerifierRefuses corrupts the plan of a training step in other ways.
func TestVerifierRefuses(t *testing.T) {
	find := func(p *plan, op string, at int) int {
		for i, task := range p.tasks {
			if task.node.Op.Name == op {
				if at == 0 {
					return i
				}
				at--
			}
		}
		t.Fatalf("no %s", op)
		return 0
	}
	result := func(p *plan, op string, at int) *slot { return &p.slots[p.tasks[find(p, op, at)].writes[0]] }
	for _, c := range []struct {
		name    string
		corrupt func(p *plan)
		want    string
	}{
		{"task dropped", func(p *plan) { p.tasks = slices.Delete(p.tasks, 0, 1) }, "matmul"},
		{"last task dropped", func(p *plan) { p.tasks = p.tasks[:len(p.tasks)-1] }, "never run"},
		{"task doubled", func(p *plan) { p.tasks = append(p.tasks, p.tasks[0]) }, "runs twice"},
		{"tasks exchanged", func(p *plan) { p.tasks[0], p.tasks[1] = p.tasks[1], p.tasks[0] }, "before it is computed"},
		{"waits for itself", func(p *plan) { p.tasks[3].after = []int{3} }, "later task"},
		{"operands exchanged", func(p *plan) { slices.Reverse(p.tasks[0].reads) }, "does not read its operands"},
		{"outside", func(p *plan) { result(p, "relu_grad", 0).place.offset += 1 << 20 }, "outside"},
		{"over the end", func(p *plan) { result(p, "relu_grad", 0).place.offset += 1 }, "relu_grad"},
		{"other dtype's arena", func(p *plan) { result(p, "relu_grad", 0).place.space = int(graph.F64) }, "outside"},
		{"output in the arena", func(p *plan) { result(p, "softmax_cross_entropy", 0).place = place{space: 0, size: 1} }, `output \"loss\"`},
		{"stored elsewhere", func(p *plan) { result(p, "sgd", 0).place = p.newSpace(20) }, `store \"w`},
		{"stored to another", func(p *plan) { result(p, "sgd", 0).place = p.slots[p.slotOf[p.program.Leaf("x")]].place }, ""},
		{"leaf changed too early", func(p *plan) {
			for _, op := range []int{0, 1, 2} {
				p.tasks[find(p, "sgd", op)].after = nil
			}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planOf(t, mlp(5, 4, 2), graph.Binding{"batch": 6}, true)
			c.corrupt(p)
			err := verifyPlan(p, parted())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want one that says %s", err, c.want)
			}
		})
	}
	t.Run("not in place", func(t *testing.T) {
		p := planOf(t, mlp(5, 4, 2), graph.Binding{"batch": 6}, true)
		if err := verifyPlan(p, native.Table{}); err == nil || !strings.Contains(err.Error(), "share memory") {
			t.Errorf("error %v", err)
		}
	})
}

// TestVerifierNamesBoth checks that the message tells which values collide.
func TestVerifierNamesBoth(t *testing.T) {
	g := graph.New("collide")
	g.Program = true
	x := g.Input("x", graph.F32, 4)
	g.At(graph.Context{Phase: graph.Forward})
	a, b := graph.Relu(x), graph.Apply("tanh", x)
	g.Output("y", graph.MatMul(graph.Reshape(a, 1, 4), graph.Reshape(b, 4, 1)))
	check(t, g.Err())
	p := planOf(t, g, nil, true)
	p.slots[p.slotOf[a]].place = p.slots[p.slotOf[b]].place
	err := verifyPlan(p, parted())
	for _, want := range []string{"relu %x", "tanh %x", "runtime/plan_test.go:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want one that says %q", err, want)
		}
	}
}

// TestFailuresBeforeChanges checks that leaves change after whatever can fail, also where no data says so.
func TestFailuresBeforeChanges(t *testing.T) {
	g := graph.New("late")
	g.Program = true
	w, x, label := g.Param("w", "zeros", 4, 4), g.Input("x", graph.F32, 4, 4), g.Input("label", graph.I32, 4)
	g.At(graph.Context{Phase: graph.Forward})
	g.Output("loss", graph.SoftmaxCrossEntropy(x, label))
	g.At(graph.Context{Phase: graph.Update})
	g.Store("w", graph.Add(w, x))
	check(t, g.Err())
	p := planOf(t, g, nil, true)
	if p.report.Edges != 1 {
		t.Fatalf("%d edges, want 1", p.report.Edges)
	}
	p.tasks[1].after = nil
	if err := verifyPlan(p, parted()); err == nil || !strings.Contains(err.Error(), "can still fail") {
		t.Errorf("error %v", err)
	}
}

// TestReportCountsScratch checks that a report counts what a fused head keeps, and what each worker needs for sweeps.
func TestReportCountsScratch(t *testing.T) {
	const rows, inner, words = 64, 8, 1000
	g := graph.New("head")
	g.Program = true
	x, w, label := g.Input("x", graph.F32, rows, inner), g.Param("w", "zeros", inner, words), g.Input("label", graph.I32, rows)
	g.At(graph.Context{Phase: graph.Forward})
	g.Output("loss", g.Add("linear_cross_entropy", nil, x, w, label)[0])
	e, _ := load(t, g, nil, Options{})
	if got, logits := e.Report().ScratchBytes, int64(4*rows*words); got < logits || got > logits*11/10 {
		t.Errorf("%d bytes of scratch for logits of %d", got, logits)
	}

	two := NewPool(2)
	defer two.Close()
	swept, b := swept(t, rowProgram(5, 40)), graph.Binding{"n": 3000}
	alone, _ := load(t, swept, b, Options{})
	shared, _ := load(t, swept, b, Options{Pool: two})
	if one, both := alone.Report().ScratchBytes, shared.Report().ScratchBytes; one == 0 || both <= one || both > 2*one {
		t.Errorf("%d bytes for one worker, %d for two", one, both)
	}
}
