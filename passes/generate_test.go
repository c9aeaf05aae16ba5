package passes_test

import (
	"fmt"
	"math/rand/v2"

	"graft/graph"
)

// generator grows a random definition whose values are matrices [batch, 1 to 4].
type generator struct {
	r    *rand.Rand
	g    *graph.Graph
	pool []*graph.Value
}

// randomDefinition grows a definition over the op table: layers, operations on one value and on pairs, now and then an identity,
// something computed twice, a random op or a feedback point. Everything that nobody reads goes into the error site at the top.
func randomDefinition(seed uint64) *graph.Graph {
	d := &generator{r: rand.New(rand.NewPCG(seed, 5)), g: graph.New("random")}
	d.pool = []*graph.Value{d.g.Input("x0", graph.F32, "batch", 3), d.g.Input("x1", graph.F32, "batch", 1)}
	for i := range 25 {
		d.pool = append(d.pool, d.grow(i))
	}
	read := d.g.Users()
	top := d.dense(d.pick(), "top", 2)
	for _, v := range d.pool {
		if len(read[v]) == 0 {
			top = graph.Add(top, d.g.Add("mean", graph.Attrs{"axes": []int{1}, "keep": true}, v)[0])
		}
	}
	top = graph.ErrorSite(top, "top")
	d.g.Output("top", top)
	d.g.Loss(graph.Mean(graph.Apply("square", top), 0, 1))
	return d.g
}

func (d *generator) pick() *graph.Value { return d.pool[len(d.pool)-1-d.r.IntN(min(len(d.pool), 6))] }

func (d *generator) one(ops ...string) string { return ops[d.r.IntN(len(ops))] }

func (d *generator) dense(v *graph.Value, name string, out int) *graph.Value {
	in, transposed := columns(v), d.r.IntN(3) == 0
	if transposed {
		w := d.g.Param(name, "zeros", out, in)
		return graph.MatMul(v, d.g.Add("transpose", graph.Attrs{"perm": []int{1, 0}}, w)[0])
	}
	return graph.MatMul(v, d.g.Param(name, "zeros", in, out))
}

func columns(v *graph.Value) int {
	n, _ := v.Type.Dims[1].Const()
	return n
}

// grow appends one or a few nodes; i makes names unique.
func (d *generator) grow(i int) *graph.Value {
	v, g, name := d.pick(), d.g, func(s string) string { return fmt.Sprintf("%s%d", s, i) }
	switch d.r.IntN(11) {
	case 0, 1:
		return d.dense(v, name("w"), 1+d.r.IntN(4))
	case 2:
		b := graph.Add(v, g.Param(name("b"), "zeros", columns(v)))
		if d.r.IntN(4) == 0 {
			return g.Add("elu", graph.Attrs{"alpha": 0.3}, b)[0]
		}
		return graph.Apply(d.one("relu", "sigmoid", "tanh"), b)
	case 3:
		b := graph.Add(v, g.Param(name("b"), "zeros", columns(v)))
		return graph.Mul(graph.Relu(b), b) // the sum has a second reader
	case 4:
		return g.Add(d.one("add", "sub", "mul"), nil, v, g.Add("mean", graph.Attrs{"axes": []int{1}, "keep": true}, d.pick())[0])[0]
	case 5:
		return graph.Apply(d.one("neg", "tanh", "sigmoid", "softmax", "log_softmax"), v)
	case 6:
		return g.Add("slice", graph.Attrs{"axis": 1, "size": 1 + d.r.IntN(columns(v))}, v)[0]
	case 7:
		return d.identity(v, name("none"))
	case 8:
		half := func() *graph.Value { return graph.Scale(v, 0.5) }
		s := graph.Apply("sigmoid", half())
		return graph.Apply("tanh", graph.Mul(graph.Sub(s, half()), graph.Sub(half(), s)))
	case 9:
		return graph.Dropout(v, 0.3, name("drop"))
	}
	return graph.Feedback(v, graph.Point{Name: name("point"), Site: "top", Micro: d.r.IntN(2) == 0})
}

// identity returns a value equal to v that the optimizing passes may replace by it.
func (d *generator) identity(v *graph.Value, name string) *graph.Value {
	one := func() *graph.Value { return d.g.Const(1, graph.Tensor(graph.F32)) }
	switch d.r.IntN(6) {
	case 0:
		return graph.Scale(v, 1)
	case 1:
		return graph.Apply("neg", graph.Apply("neg", v))
	case 2:
		return d.g.Add("reshape", graph.Attrs{"shape": v.Type.Dims}, v)[0]
	case 3:
		return graph.Mul(one(), v)
	case 4:
		return graph.Div(v, one())
	}
	return graph.Dropout(v, 0, name)
}
