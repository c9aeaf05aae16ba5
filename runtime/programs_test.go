package runtime

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// mlp is one step of gradient descent with momentum on a classifier of two layers, written out by hand.
func mlp(in, hidden, classes int) *graph.Graph {
	g := graph.New("mlp")
	g.Program = true
	x, y, lr := g.Input("x", graph.F32, "batch", in), g.Input("label", graph.I32, "batch"), g.Scalar("lr", graph.F32)
	w0, w1 := g.Param("w0", "lecun_uniform", in, hidden), g.Param("w1", "lecun_uniform", hidden, classes)
	b0 := g.Param("b0", "zeros", hidden)
	m0 := g.State("m0", "zeros", w0.Type)
	one := g.Const(1, graph.Tensor(graph.F32))

	g.At(graph.Context{Phase: graph.Forward})
	h := graph.Relu(graph.Add(graph.MatMul(x, w0), b0))
	o := graph.MatMul(h, w1)
	loss := graph.SoftmaxCrossEntropy(o, y)
	g.Output("loss", loss)
	g.Output("logits", o)

	g.At(graph.Context{Phase: graph.Backward, Label: "all"})
	do := g.Add("softmax_cross_entropy_grad", nil, one, o, y)[0]
	d1 := graph.MatMulT(h, do, true, false)
	dh := g.Add("relu_grad", nil, graph.MatMulT(do, w1, false, true), h)[0]
	d0 := graph.MatMulT(x, dh, true, false)
	db := graph.Sum(dh, 0)

	g.At(graph.Context{Phase: graph.Update})
	s := g.Add("sgd", graph.Attrs{"momentum": 0.9}, w0, d0, lr, m0)
	g.Store("w0", s[0])
	g.Store("m0", s[1])
	g.Store("w1", g.Add("sgd", nil, w1, d1, lr)[0])
	g.Store("b0", g.Add("sgd", nil, b0, db, lr)[0])
	return g
}

// parted is the reference table with calls of three parts wherever their parts are independent.
func parted() native.Table {
	t := native.Reference()
	for _, op := range []string{
		"add", "sub", "mul", "relu", "tanh", "scale", "relu_grad", "matmul", "softmax", "transpose", "sgd", "adam", "dropout_given",
		"fused_matmul", "fused_matmul_add", "fused_project", "weight_bias_grad",
	} {
		k := t[op]
		k.Parts = func(c *native.Call) int { return min(3, c.Out[0].Len()) }
		t[op] = k
	}
	return t
}

// feedAll feeds every input of e with numbers made of a seed, and returns them.
func feedAll(t testing.TB, e *Executable, seed uint64) map[string]*buffer.Buffer {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	fed := map[string]*buffer.Buffer{}
	for _, v := range e.program.Leaves("input") {
		shape, err := v.Type.Shape(e.binding)
		check(t, err)
		name := v.Node.Name()
		b := buffer.New(v.Type.DType, shape...)
		switch {
		case v.Type.Sparse:
			var row, col []int32
			for k := range shape[2] {
				row, col = append(row, int32(k%shape[0])), append(col, int32((k/shape[0]+k)%shape[1]))
			}
			p, _, err := buffer.NewPattern(shape[0], shape[1], row, col)
			check(t, err)
			b = &buffer.Buffer{DType: graph.I32, Shape: shape, Pattern: p}
		case v.Type.DType == graph.I32:
			below := 2
			if name == "index" {
				below = 1000 // of a table
			}
			for i := range b.I32 {
				b.I32[i] = int32(r.IntN(below))
			}
		default:
			for i := range b.Len() {
				b.Put(i, r.NormFloat64()/4)
			}
		}
		fed[name] = b
		f, err := e.Feed(name)
		check(t, err)
		if b.Pattern != nil {
			check(t, f.SetPattern(b.Pattern))
		} else {
			check(t, f.Set(b.Dense()))
		}
	}
	return fed
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func step(t testing.TB, e *Executable) {
	t.Helper()
	check(t, e.Step(context.Background()))
}

// model is what a program means: it interprets it node by node and applies the stores at the end.
type model struct {
	g      *graph.Graph
	b      graph.Binding
	t      native.Table
	leaves map[string]*buffer.Buffer
}

func newModel(g *graph.Graph, b graph.Binding, t native.Table, s *State) *model {
	m := &model{g, b, t, map[string]*buffer.Buffer{}}
	for name, e := range s.Clone().entries {
		m.leaves[name] = e.buf
	}
	return m
}

// step returns the outputs.
func (m *model) step(t testing.TB, fed map[string]*buffer.Buffer) map[string]*buffer.Buffer {
	t.Helper()
	maps.Copy(m.leaves, fed)
	values, err := m.t.Interpret(m.g, m.b, m.leaves)
	check(t, err)
	out := map[string]*buffer.Buffer{}
	for _, n := range m.g.Effects("output") {
		out[n.Name()] = values[n.Args[0]]
	}
	m.leaves = maps.Clone(m.leaves)
	for _, n := range m.g.Effects("store") {
		m.leaves[n.Name()] = values[n.Args[0]]
	}
	return out
}

// same compares bits.
func same(t testing.TB, what string, got, want *buffer.Buffer) {
	t.Helper()
	if got.Len() != want.Len() || got.DType != want.DType {
		t.Fatalf("%s: %v%v, want %v%v", what, got.DType, got.Shape, want.DType, want.Shape)
	}
	for i := range got.Len() {
		if x, y := got.At(i), want.At(i); math.Float64bits(x) != math.Float64bits(y) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, x, y)
		}
	}
}

// compare checks outputs and state against the model.
func compare(t testing.TB, what string, e *Executable, s *State, m *model, out map[string]*buffer.Buffer) {
	t.Helper()
	for name, want := range out {
		same(t, what+": output "+name, e.results[name].buf, want)
	}
	for _, name := range s.Names() {
		same(t, what+": state "+name, s.Buffer(name), m.leaves[name])
	}
}

// randomProgram makes a program of about n nodes over square matrices and scalars: once, forward, backward and update, with
// outputs and stores of all kinds of values.
func randomProgram(seed uint64, n int) *graph.Graph {
	r := rand.New(rand.NewPCG(seed, 2))
	const size = 3
	g := graph.New(fmt.Sprintf("random-%d", seed))
	g.Program = true
	matrix := graph.Tensor(graph.F32, graph.Int(size), graph.Int(size))
	lr, count, label := g.Scalar("lr", graph.F32), g.Scalar("step", graph.I32), g.Input("label", graph.I32, size)
	values := []*graph.Value{g.Input("x", graph.F32, size, size), g.Const(0.5, matrix)}
	var held []*graph.Value
	for i := range 2 + r.IntN(4) {
		if r.IntN(2) == 0 {
			held = append(held, g.Param(fmt.Sprintf("p%d", i), "normal(0.5)", size, size))
		} else {
			held = append(held, g.State(fmt.Sprintf("s%d", i), "uniform(1)", matrix))
		}
	}
	fixed := g.State("fixed", "uniform(1)", matrix)
	values = append(values, held...)

	g.At(graph.Context{Phase: graph.Once})
	b := g.Add("feedback_matrix", graph.Attrs{"shape": graph.Dims(size, size), "stream": "B"}, g.Scalar("seed", graph.I32))[0]
	values = append(values, graph.Mul(b, fixed), b)

	used := map[*graph.Value]bool{}
	pick := func() *graph.Value { // rather a recent one, so that chains are long and much dies
		i := r.IntN(len(values))
		if r.IntN(2) == 0 {
			i = max(i, len(values)-1-r.IntN(4))
		}
		used[values[i]] = true
		return values[i]
	}
	push := func(vs ...*graph.Value) { values = append(values, vs...) }
	pair := []string{"add", "sub", "mul", "relu_grad"}
	for i := range n {
		phase := []graph.Phase{graph.Forward, graph.Backward, graph.Update}[3*i/n]
		g.At(graph.Context{Phase: phase})
		switch k := r.IntN(12); {
		case k < 4:
			push(g.Add(pair[k], nil, pick(), pick())...)
		case k < 6:
			push(graph.Apply([]string{"relu", "tanh"}[k-4], pick()))
		case k == 6 && i%2 == 0:
			push(g.Add("fused_matmul_add", graph.Attrs{"transB": true, "act": "relu_grad"}, pick(), pick(), pick(), pick())...)
		case k == 6:
			push(graph.MatMulT(pick(), pick(), r.IntN(2) == 0, r.IntN(2) == 0))
		case k == 7:
			push(graph.Reshape(graph.Scale(graph.Reshape(pick(), size*size), 0.5), size, size))
		case k == 8:
			push(graph.Add(graph.Softmax(pick()), graph.Sum(pick(), 0)))
		case k == 9 && phase != graph.Update:
			x := pick()
			loss := graph.SoftmaxCrossEntropy(x, label)
			push(g.Add("softmax_cross_entropy_grad", nil, loss, x, label)...)
		case k == 10 && phase == graph.Update:
			push(g.Add("adam", nil, pick(), pick(), graph.Apply("square", pick()), pick(), lr, count)...)
		default:
			if phase == graph.Update {
				push(g.Add("sgd", graph.Attrs{"momentum": 0.5}, pick(), pick(), lr, pick())...)
			}
		}
	}
	g.At(graph.Context{Phase: graph.Update})
	for _, v := range held {
		if r.IntN(4) > 0 {
			g.Store(v.Node.Name(), pick())
		}
	}
	for i, v := range values { // nothing may be dead, and some of what is used may be seen
		if !used[v] || r.IntN(8) == 0 {
			g.Output(fmt.Sprintf("y%d", i), v)
		}
	}
	return g
}
