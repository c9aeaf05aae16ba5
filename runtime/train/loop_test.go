package train

import (
	"io"
	"testing"
	"time"

	"graft/graph"
	"graft/passes"
	"graft/runtime"

	"gorgonia.org/tensor"
)

// TestStepAllocatesNothing checks the loop in its steady state: batches that reuse their tensors, one binding, progress on.
func TestStepAllocatesNothing(t *testing.T) {
	g := graph.New("line")
	x := g.Input("x", graph.F32, "batch", 3)
	w := g.Param("w", "lecun_uniform", 3, 2)
	g.Loss(graph.SoftmaxCrossEntropy(graph.Dropout(graph.MatMul(x, w), 0.5, "w"), g.Input("label", graph.I32, "batch")))
	mode, err := passes.Mode("bp")
	if err != nil {
		t.Fatal(err)
	}
	c, err := passes.Compile(g, mode, passes.Options{Optimizer: passes.Optimizer{Rule: "adam"}})
	if err != nil {
		t.Fatal(err)
	}
	fill := func(idx []int, b *Batch) error {
		if b.Binding == nil {
			b.Binding = graph.Binding{"batch": len(idx)}
			b.Tensors = map[string]*tensor.Dense{
				"x":     tensor.New(tensor.WithShape(len(idx), 3), tensor.Of(tensor.Float32)),
				"label": tensor.New(tensor.WithShape(len(idx)), tensor.Of(tensor.Int32)),
			}
		}
		for i, row := range idx {
			b.Tensors["x"].Float32s()[3*i] = float32(row)
		}
		return nil
	}
	steps := 0
	r := &Run{
		Program: c.Program, State: runtime.NewState(), Source: Shuffled(10_000, 4, 0, fill), Epochs: 1, LR: Constant(0.1),
		Callbacks: []Callback{{AfterStep: func(*Status) error { steps++; return nil }}}, Progress: io.Discard,
	}
	l, err := newLoop(r)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	one := func() {
		if err := l.step(); err != nil {
			t.Fatal(err)
		}
		if err := l.afterStep(); err != nil {
			t.Fatal(err)
		}
		l.progress.step(time.Now(), l)
	}
	one()
	if n := testing.AllocsPerRun(200, one); n != 0 {
		t.Errorf("%v allocations per step", n)
	}
	if steps != 202 {
		t.Errorf("%d steps", steps)
	}
}
