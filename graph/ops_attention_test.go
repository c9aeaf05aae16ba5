package graph_test

import (
	"strings"
	"testing"

	"graft/graph"
)

// TestAttention has attention's results and costs, and what is wrong with other operands.
func TestAttention(t *testing.T) {
	drop := graph.Attrs{"rate": 0.1, "stream": "s"}
	for _, c := range []struct {
		op       string
		attrs    graph.Attrs
		operands string
		flops    string // or the mistake
	}{
		// 64 products' terms and 10 other operations for a score, of 8 heads; half of them below the diagonal or on it.
		{"attention", nil, "qkv", "592*batch*time*time"},
		{"attention", graph.Attrs{"causal": true}, "qkv", "296*batch*time*time + 296*batch*time"},
		{"attention", drop, "qkvs", "672*batch*time*time"},
		{"attention_grad", nil, "qqkvqr", "1392*batch*time*time + 256*batch*time"},
		{"attention", drop, "qkv", "there is a key where there is a rate"},
		{"attention", nil, "qkvs", "there is a key where there is a rate"},
		{"attention", drop, "qkvr", "must be a key"},
		{"attention", graph.Attrs{"rate": 1.0, "stream": "s"}, "qkvs", "must lie in [0, 1)"},
		{"attention", nil, "qkr", "q, k and v must be of one type"},
		{"attention", nil, "rrr", "q, k and v must be of one type"},
		{"attention", nil, "sss", "must be a dense floating-point value"},
		{"attention_grad", nil, "qqkvqq", "logsum"},
		{"attention_grad", nil, "rqkvqr", "dy and y must be"},
	} {
		g := graph.New("g")
		named := map[rune]*graph.Value{
			'r': g.Input("rows", graph.F32, "batch", 8, "time"), 's': g.Input("key", graph.I32, 2),
		}
		for _, name := range "qkv" {
			named[name] = g.Input(string(name), graph.F32, "batch", "time", 8, 16)
		}
		var args []*graph.Value
		for _, name := range c.operands {
			args = append(args, named[name])
		}
		results := g.Add(c.op, c.attrs, args...)
		if err := g.Err(); err != nil {
			if !strings.Contains(err.Error(), c.flops) {
				t.Errorf("%s %v %s: got %v, want %s", c.op, c.attrs, c.operands, err, c.flops)
			}
			continue
		}
		if f := results[0].Node.FLOPs().String(); f != c.flops {
			t.Errorf("%s %v %s: %s FLOPs, want %s", c.op, c.attrs, c.operands, f, c.flops)
		}
		if last := results[len(results)-1].Type; c.op == "attention" && !last.Equal(named['r'].Type) {
			t.Errorf("logsum is %v", last)
		}
	}
}
