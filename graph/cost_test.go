package graph_test

import (
	"math"
	"testing"

	"graft/graph"
)

func TestNodeCosts(t *testing.T) {
	g := graph.New("g")
	x := g.Input("x", graph.F32, "batch", 4)
	pattern, entries := g.Sparse("a", "batch", "batch", "nnz")
	for _, c := range []struct {
		v            *graph.Value
		flops, bytes string
	}{
		{x, "0", "0"},
		{graph.MatMul(x, g.Param("w", "zeros", 4, 3)), "24*batch", "28*batch + 48"},
		{graph.MatMulT(x, x, true, false), "32*batch", "32*batch + 64"},
		{graph.SpMM(pattern, entries, x), "8*nnz", "36*batch + 8*nnz"},
		{graph.Mean(x, 0, 1), "4*batch", "16*batch + 4"},
		{graph.Reshape(x, 4, "batch"), "0", "32*batch"},
		{graph.Detach(x), "0", "0"},
		{g.Add("global_norm", nil, x, entries)[0], "8*batch + 2*nnz", "16*batch + 4*nnz + 4"},
	} {
		if got := c.v.Node.FLOPs().String(); got != c.flops {
			t.Errorf("%v: %s FLOPs, want %s", c.v, got, c.flops)
		}
		if got := c.v.Node.Bytes().String(); got != c.bytes {
			t.Errorf("%v: %s bytes, want %s", c.v, got, c.bytes)
		}
	}
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestTraffic counts the bytes of a sweep by hand: those of what only its nodes read are missing, and what two of them read counts once.
func TestTraffic(t *testing.T) {
	g := graph.New("g")
	g.Program = true
	x, bias := g.Input("x", graph.F32, "n", 4), g.Param("bias", "zeros", 4)
	g.At(graph.Context{Phase: graph.Forward})
	inside := graph.Apply("sin", x)
	leaves := graph.Add(inside, bias)
	last := graph.Sum(graph.Mul(leaves, x), 1)
	apart := graph.Apply("exp", leaves)
	g.Output("last", last)
	g.Output("apart", apart)
	product := last.Node.Args[0]
	for _, v := range []*graph.Value{leaves, product, last} {
		v.Node.Joined = true
	}
	if err := graph.Verify(g, graph.Planned); err != nil {
		t.Fatal(err)
	}
	traffic := g.Traffic()
	for _, c := range []struct {
		v    *graph.Value
		want string
	}{
		{x, "0"},
		{inside, "16*n"},      // reads x
		{leaves, "16*n + 16"}, // reads the bias; is read outside, and so written
		{product, "0"},        // x has been read
		{last, "4*n"},         // a sum of each row
		{apart, "32*n"},       // no part of the sweep
	} {
		if got := traffic[c.v.Node].String(); got != c.want {
			t.Errorf("%v: %s bytes, want %s", c.v, got, c.want)
		}
	}
	if inner := g.Inner(); !inner[inside] || !inner[product] || inner[leaves] || inner[last] {
		t.Errorf("inside of the sweep are %v", inner)
	}
}

// TestLargeCost checks that a cost may exceed the largest dimension, and that it does not overflow unseen.
func TestLargeCost(t *testing.T) {
	cost := graph.CostOf(graph.Int(1<<35).Mul(graph.Sym("batch")), graph.Sym("batch"))
	if n, err := cost.Bind(graph.Binding{"batch": 64}); err != nil || n != 1<<41+64 {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := cost.Bind(graph.Binding{"batch": math.MaxInt64 >> 34}); err == nil {
		t.Errorf("a term that overflows is %d", n)
	}
	sum := graph.CostOf(graph.Int(1<<39).Mul(graph.Sym("a")), graph.Int(1<<39).Mul(graph.Sym("b")))
	if n, err := sum.Bind(graph.Binding{"a": 1 << 23, "b": 1 << 23}); err == nil {
		t.Errorf("a sum that overflows is %d", n)
	}
}

// TestCostCompares checks that costs are compared term by term.
func TestCostCompares(t *testing.T) {
	n, m := graph.Sym("n"), graph.Sym("m")
	c := graph.CostOf(n.Mul(graph.Int(8)), graph.Int(6))
	for _, x := range []struct {
		times float64
		e     graph.Cost
		want  bool
	}{
		{2, graph.CostOf(n.Mul(graph.Int(4)), graph.Int(3)), true},
		{1.9, graph.CostOf(n.Mul(graph.Int(4)), graph.Int(3)), false},
		{10, graph.CostOf(n), false},
		{10, graph.CostOf(m, n, graph.Int(1)), true},
		{10, graph.CostOf(n.Mul(m), graph.Int(1)), false},
	} {
		if got := c.AtMost(x.times, x.e); got != x.want {
			t.Errorf("%v at most %v times %v: %v", c, x.times, x.e, got)
		}
	}
	if d := c.Minus(graph.CostOf(n)); d.String() != "7*n + 6" {
		t.Errorf("the difference is %v", d)
	}
}
