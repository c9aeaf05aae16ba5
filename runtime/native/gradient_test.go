package native

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// TestGradients compares ops that are gradients with central differences of the ops that they belong to, in float64, for a
// random cotangent of the first result.
func TestGradients(t *testing.T) {
	n, x := []int{5}, normals(3, 2, 5)
	batch := []operand{x, normals(n...), normals(n...), normals(n...), normals(n...)}
	eps, bins := graph.Attrs{"eps": 0.1}, graph.Attrs{"rows": dims(4)}
	for _, v := range []struct {
		op, grad string
		attrs    graph.Attrs // of both, where they have them
		args     []operand
		wrt      []int  // the operands whose cotangents are the results of grad
		takes    string // grad's operands: dy, and operands x and results y of op
	}{
		{"batch_norm", "batch_norm_grad", eps, batch, []int{0, 1, 2}, "dy x0 x1 y1 y2"},
		{"layer_norm", "layer_norm_grad", eps, batch[:3], []int{0, 1, 2}, "dy x0 x1 y1 y2"},
		{"cumprod_exclusive", "cumprod_exclusive_grad", nil, []operand{x}, []int{0}, "dy x0"},
		{"cumprod_exclusive", "cumprod_exclusive_grad", nil, []operand{weights(4, 6)}, []int{0}, "dy x0"},
		{"restricted_softmax", "softmax_grad", nil, []operand{x}, []int{0}, "dy y0"},
		{"leaky_relu", "leaky_relu_grad", graph.Attrs{"slope": 0.2}, []operand{x}, []int{0}, "dy y0"},
		{"abs", "abs_grad", nil, []operand{x}, []int{0}, "dy x0"},
		{"sigmoid_cross_entropy", "sigmoid_cross_entropy_grad", nil, []operand{x, between(0, 1, 3, 2, 5)}, []int{0}, "dy x0 x1"},
		{"gather", "scatter_add", bins, []operand{normals(4, 5), labels(3, 3, 2)}, []int{0}, "dy x1"},
		{"segment_softmax", "segment_softmax_grad", nil, []operand{pattern(7, 6), entries(2)}, []int{1}, "x0 dy y0"},
		{"edge_gather", "edge_sum", graph.Attrs{"side": "col"}, []operand{pattern(7, 6), normals(6, 3)}, []int{1}, "x0 dy"},
		{"edge_gather", "edge_sum", graph.Attrs{"side": "row"}, []operand{pattern(7, 6), normals(7, 3)}, []int{1}, "x0 dy"},
	} {
		t.Run(v.grad, func(t *testing.T) {
			c := testCase{v.op, attrsOf(v.op, v.attrs), v.args}.call(t, graph.F64)
			objective := func(dy []float64) (total float64) {
				if err := Kernels().run(c); err != nil {
					t.Fatal(err)
				}
				for i, d := range dy {
					total += d * c.Out[0].F64[i]
				}
				return total
			}
			objective(nil)
			dy := drawn(rand.New(rand.NewPCG(3, 4)), graph.F64, normals(c.Out[0].Shape...))
			grads := evalOn(t, v.grad, attrsOf(v.grad, v.attrs), picked(c, dy, v.takes))
			const h = 1e-5
			for k, operand := range v.wrt {
				in := c.In[operand].F64
				for i, at := range in {
					in[i] = at + h
					above := objective(dy.F64)
					in[i] = at - h
					below := objective(dy.F64)
					in[i] = at
					if got, want := grads[k].F64[i], (above-below)/(2*h); math.Abs(got-want) > 1e-7*(1+math.Abs(want)) {
						t.Errorf("element %d of the cotangent of operand %d is %v; differences give %v", i, operand, got, want)
					}
				}
			}
		})
	}
}

// attrsOf returns those of the attributes that the op has.
func attrsOf(op string, attrs graph.Attrs) graph.Attrs {
	out := graph.Attrs{}
	for name, v := range attrs {
		if _, has := graph.Standard().Lookup(op).Attr(name); has {
			out[name] = v
		}
	}
	return out
}

func picked(c *Call, dy *buffer.Buffer, takes string) (in []*buffer.Buffer) {
	for _, name := range strings.Fields(takes) {
		switch i := int(name[1] - '0'); name[0] {
		case 'd':
			in = append(in, dy)
		case 'x':
			in = append(in, c.In[i])
		case 'y':
			in = append(in, c.Out[i])
		}
	}
	return in
}

// evalOn runs one op on given values.
func evalOn(t *testing.T, op string, attrs graph.Attrs, in []*buffer.Buffer) []*buffer.Buffer {
	t.Helper()
	g := graph.New("one")
	var args []*graph.Value
	for i, b := range in {
		d := dims(b.Shape...)
		typ := graph.Tensor(b.DType, d...)
		if b.Pattern != nil {
			typ = graph.PatternType(d[0], d[1], d[2])
		}
		args = append(args, g.InputOf(fmt.Sprint("x", i), typ))
	}
	out := g.Add(op, attrs, args...)
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	got, err := Kernels().Eval(out[0].Node, nil, in...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
