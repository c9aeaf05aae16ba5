package bench

import (
	"context"
	"fmt"
	"time"

	"graft/graph"
	"graft/runtime"
	"graft/runtime/buffer"
	"graft/runtime/rng"
)

// Shape is that of a matrix product: an M x N result of inner length K.
type Shape struct{ M, N, K int }

func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.M, s.N, s.K) }

// GemmShapes are the products that are measured: a large square one, the feed-forward and attention layers of a Transformer, a
// radiance field's layer, and the first layer of a perceptron on a small batch.
func GemmShapes() []Shape {
	return []Shape{{1024, 1024, 1024}, {8192, 512, 512}, {8192, 2048, 512}, {65536, 256, 256}, {128, 512, 784}}
}

// Product is the measurement of one matrix product op(A) op(B).
type Product struct {
	Shape
	TransA, TransB bool
	Times          []time.Duration
}

// FLOPs is the work of a run.
func (p Product) FLOPs() int64 { return 2 * int64(p.M) * int64(p.N) * int64(p.K) }

// Gemm times products of normal matrices with all four combinations of transposed factors, as a compiled program runs them. At most
// runs are timed, and at least five, in half a second each.
func Gemm(ctx context.Context, s Shape, pool *runtime.Pool, runs int) ([]Product, error) {
	var out []Product
	for _, trans := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
		g, err := newGemm(s, trans[0], trans[1], pool)
		if err != nil {
			return nil, err
		}
		times, err := timed(ctx, runs, time.Second/2, g.step)
		if err != nil {
			return nil, err
		}
		out = append(out, Product{s, trans[0], trans[1], times})
	}
	return out, nil
}

// gemm is a program of one product.
type gemm struct {
	Shape
	executable *runtime.Executable
}

func newGemm(s Shape, transA, transB bool, pool *runtime.Pool) (*gemm, error) {
	a, b := []any{s.M, s.K}, []any{s.K, s.N}
	if transA {
		a = []any{s.K, s.M}
	}
	if transB {
		b = []any{s.N, s.K}
	}
	p := graph.New("gemm")
	p.Program = true
	x, y := p.Input("a", graph.F32, a...), p.Input("b", graph.F32, b...)
	p.At(graph.Context{Phase: graph.Forward})
	p.Output("c", graph.MatMulT(x, y, transA, transB))
	e, err := runtime.Load(p, graph.Binding{}, runtime.NewState(), runtime.Options{Pool: pool})
	if err != nil {
		return nil, err
	}
	for _, v := range []*graph.Value{x, y} {
		shape, err := v.Type.Shape(nil)
		if err != nil {
			return nil, err
		}
		m := buffer.New(graph.F32, shape...)
		rng.New(0, 0, "bench/"+v.Node.Name()).Normal32(m.F32, 0)
		f, err := e.Feed(v.Node.Name())
		if err != nil {
			return nil, err
		}
		if err := f.Set(m.Dense()); err != nil {
			return nil, err
		}
	}
	return &gemm{s, e}, nil
}

func (g *gemm) step(ctx context.Context) error { return g.executable.Step(ctx) }

func (g *gemm) flops() int64 { return Product{Shape: g.Shape}.FLOPs() }
