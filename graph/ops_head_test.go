package graph_test

import (
	"strings"
	"testing"

	"graft/graph"
)

// TestHeads has the operands, results and costs of fused heads, and what is wrong with others. A product of x and w is 2*8*4*6
// operations for each of batch, the softmax and the loss are 12 for each of 8*6 logits, and a gradient is one more.
func TestHeads(t *testing.T) {
	for _, c := range []struct {
		attrs    graph.Attrs
		operands string // behind dloss
		results  string // of the gradient, or the mistake
		loss     string // FLOPs, "" where there is a mistake
		gradient string
	}{
		{nil, "xwl", "f32[] f32[4, 6] f32[8*batch, 4]", "960*batch", "1776*batch"},
		{nil, "xwlb", "f32[] f32[4, 6] f32[6] f32[8*batch, 4]", "1008*batch", "1872*batch"},
		{graph.Attrs{"dx": false}, "xwlb", "f32[] f32[4, 6] f32[6]", "1008*batch", "1488*batch"},
		{graph.Attrs{"weighted": true}, "xwlbm", "f32[] f32[4, 6] f32[6] f32[8*batch, 4]", "1008*batch", "1872*batch"},
		{graph.Attrs{"weighted": true, "transB": true}, "xvlm", "f32[] f32[6, 4] f32[8*batch, 4]", "960*batch", "1776*batch"},
		{nil, "xvl", "inner dimensions differ: 4 of f32[8*batch, 4], 6 of f32[6, 4]", "", ""},
		{nil, "xlw", "operand 1 must be a dense floating-point value", "", ""},
		{nil, "xdl", "must be matrices of one dtype", "", ""},
		{nil, "xwx", "labels must be i32, a class for each of 8*batch rows, not f32[8*batch, 4]", "", ""},
		{nil, "xwk", "labels must be i32, a class for each of 8*batch rows, not i32[batch]", "", ""},
		{nil, "xwlm", "the bias must be f32[6], not f32[batch, 8]", "", ""},
		{nil, "xwlbm", "there are operands behind the bias", "", ""},
		{graph.Attrs{"weighted": true}, "xwl", "the last operand must be the weights of the rows, f32[batch, 8]", "", ""},
		{graph.Attrs{"weighted": true}, "xwlb", "the last operand must be the weights of the rows, f32[batch, 8]", "", ""},
		{graph.Attrs{"reduce": "max"}, "xwl", `"max" is not one of`, "", ""},
	} {
		build := func(gradient bool) ([]*graph.Value, error) {
			g := graph.New("g")
			named := map[rune]*graph.Value{
				'x': g.Input("x", graph.F32, graph.Sym("batch").Mul(graph.Int(8)), 4), 'w': g.Param("w", "zeros", 4, 6), 'v': g.Param("v", "zeros", 6, 4),
				'b': g.Param("b", "zeros", 6), 'l': g.Input("l", graph.I32, "batch", 8), 'k': g.Input("k", graph.I32, "batch"),
				'm': g.Input("m", graph.F32, "batch", 8), 'd': g.Input("d", graph.F64, 4, 6),
			}
			var args []*graph.Value
			for _, name := range c.operands {
				args = append(args, named[name])
			}
			attrs, op := graph.Attrs{}, "linear_cross_entropy"
			if gradient {
				op, args = op+"_grad", append([]*graph.Value{g.Const(1, graph.Tensor(graph.F32))}, args...)
			}
			for name, v := range c.attrs {
				if gradient || name != "dx" {
					attrs[name] = v
				}
			}
			return g.Add(op, attrs, args...), g.Err()
		}
		for _, gradient := range []bool{false, true} {
			want, flops := "f32[]", c.loss
			if gradient {
				want, flops = c.results, c.gradient
			}
			made, err := build(gradient)
			if c.loss == "" {
				if mistake := c.results; err == nil || !gradient && !strings.Contains(err.Error(), mistake) {
					t.Errorf("%v %s: got %v, want %s", c.attrs, c.operands, err, mistake)
				}
				continue
			}
			if err != nil {
				t.Errorf("%v %s: %v", c.attrs, c.operands, err)
				continue
			}
			var types []string
			for _, v := range made {
				types = append(types, v.Type.String())
			}
			if got := strings.Join(types, " "); got != want {
				t.Errorf("%v %s: results %s, want %s", c.attrs, c.operands, got, want)
			}
			if got := made[0].Node.FLOPs().String(); got != flops {
				t.Errorf("%v %s, gradient %v: %s FLOPs, want %s", c.attrs, c.operands, gradient, got, flops)
			}
		}
	}
	g := graph.New("g")
	x, w, l := g.Input("x", graph.F32, "batch", 4), g.Param("w", "zeros", 4, 6), g.Input("l", graph.I32, "batch")
	g.Add("linear_cross_entropy_grad", nil, g.Input("d", graph.F32, 1), x, w, l)
	if err := g.Err(); err == nil || !strings.Contains(err.Error(), "operand 0 must be f32[]") {
		t.Errorf("got %v", err)
	}
}
