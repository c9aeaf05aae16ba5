package runtime

import (
	"context"
	"fmt"
	"testing"

	"graft/graph"
	"graft/runtime/native"
)

// BenchmarkOverhead is what a node costs besides its kernel: the kernels do nothing.
func BenchmarkOverhead(b *testing.B) {
	const nodes, width = 1000, 4
	g := graph.New("empty")
	g.Program = true
	x := g.Input("x", graph.F32, 1)
	g.At(graph.Context{Phase: graph.Forward})
	for i := range width {
		y := x
		for range nodes / width {
			y = graph.Relu(y)
		}
		g.Output(fmt.Sprint("y", i), y)
	}
	nothing := func(*native.Call, int, int) error { return nil }
	for _, c := range []struct {
		name    string
		workers int
		eager   bool
	}{{"workers=1", 1, false}, {"workers=2/light", 2, false}, {"workers=2/heavy", 2, true}} {
		b.Run(c.name, func(b *testing.B) {
			pool := NewPool(c.workers)
			defer pool.Close()
			e, _ := load(b, g, nil, Options{Pool: pool, Kernels: native.Table{"relu": {Run: nothing}}, eager: c.eager})
			feedAll(b, e, 1)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				check(b, e.Step(ctx))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/nodes, "ns/node")
		})
	}
}

// BenchmarkMLP is a training step of a small classifier.
func BenchmarkMLP(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprint("workers=", workers), func(b *testing.B) {
			pool := NewPool(workers)
			defer pool.Close()
			e, _ := load(b, mlp(784, 256, 10), graph.Binding{"batch": 64}, Options{Pool: pool})
			feedAll(b, e, 1)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				check(b, e.Step(ctx))
			}
		})
	}
}

// BenchmarkLoad plans and verifies a program of many nodes.
func BenchmarkLoad(b *testing.B) {
	g := randomProgram(1, 2000)
	s := NewState()
	check(b, s.Init(g, nil, 1))
	for b.Loop() {
		if _, err := Load(g, nil, s, Options{Kernels: parted()}); err != nil {
			b.Fatal(err)
		}
	}
}
