package graph_test

import (
	"strings"
	"testing"

	"graft/graph"
)

// TestFusedProducts has the operands and costs of fused products, and what is wrong with others.
func TestFusedProducts(t *testing.T) {
	const flops, bytes = "48*batch", "40*batch + 96" // of x w alone
	for _, c := range []struct {
		op           string
		attrs        graph.Attrs
		operands     string // behind x and w, x and the seed, or x alone: a bias, y of the result's type, or others
		flops, bytes string // or the mistake
	}{
		{"fused_matmul", nil, "", flops, bytes},
		{"fused_matmul", nil, "b", "54*batch", "40*batch + 120"},
		{"fused_matmul", graph.Attrs{"act": "elu"}, "b", "114*batch", "40*batch + 120"},
		{"fused_matmul", graph.Attrs{"act": "relu_grad"}, "y", "54*batch", "64*batch + 96"},
		{"fused_matmul_add", graph.Attrs{"act": "tanh_grad"}, "yby", "78*batch", "88*batch + 120"},
		{"fused_matmul_add", nil, "y", "54*batch", "64*batch + 96"},
		{"fused_matmul", nil, "y", "a bias for f32[batch, 6] has its last axis", ""},
		{"fused_matmul", nil, "x", "a bias for f32[batch, 6] has its last axis", ""},
		{"fused_matmul", nil, "bb", "none reads no operand 3", ""},
		{"fused_matmul", nil, "l", "operand 2 must be a dense floating-point value", ""},
		{"fused_matmul", graph.Attrs{"act": "relu_grad"}, "", "relu_grad needs the activation's result as the last operand", ""},
		{"fused_matmul", graph.Attrs{"act": "relu_grad"}, "yb", "relu_grad of f32[batch, 6] reads an activation's result of that type", ""},
		{"fused_matmul", graph.Attrs{"act": "exp"}, "", `"exp" is not one of`, ""},
		{"fused_matmul", graph.Attrs{"transB": true}, "b", "inner dimensions differ", ""},
		{"fused_matmul_add", nil, "b", "what is added to a product f32[batch, 6] has its type", ""},
		{"fused_matmul_add", nil, "ybb", "none reads no operand 4", ""},
		{"fused_project", graph.Attrs{"act": "relu_grad"}, "y", "54*batch", "64*batch + 96"},
		{"fused_project", graph.Attrs{"act": "relu_grad"}, "x", "relu_grad of f32[batch, 6] reads an activation's result", ""},
		{"fused_project", graph.Attrs{"act": "relu"}, "y", `"relu" is not one of`, ""},
		{"fused_project", nil, "y", `needs attribute "act"`, ""},
		{"weight_bias_grad", nil, "y", "54*batch", "40*batch + 120"},
		{"weight_bias_grad", nil, "w", "f32[batch, 4] and f32[4, 6] are not matrices of as many rows", ""},
		{"weight_bias_grad", nil, "b", "f32[batch, 4] and f32[6] are not matrices of as many rows", ""},
		{"weight_bias_grad", nil, "l", "operand 1 must be a dense floating-point value", ""},
		{"project_generated", generated(6, ""), "", "48*batch + 192", "40*batch + 4"},
		{"project_generated", generated(0, ""), "", "an error f32[batch, 4] cannot be projected by a matrix of 0 columns", ""},
		{"project_generated", graph.Attrs{"columns": 6, "stream": "s", "dist": "orthogonal"}, "", `"orthogonal" is not one of uniform, rademacher`, ""},
		{"fused_project_generated", generated(6, "relu_grad"), "y", "54*batch + 192", "64*batch + 4"},
		{"fused_project_generated", generated(5, "relu_grad"), "y", "relu_grad of f32[batch, 5] reads an activation's result", ""},
		{"fused_project_generated", generated(6, ""), "y", `needs attribute "act"`, ""},
	} {
		g := graph.New("g")
		named := map[rune]*graph.Value{
			'x': g.Input("x", graph.F32, "batch", 4), 'w': g.Param("w", "zeros", 4, 6), 'b': g.Param("b", "zeros", 6),
			'y': g.Input("y", graph.F32, "batch", 6), 's': g.Scalar("seed", graph.I32), 'l': g.Input("l", graph.I32, 6),
		}
		var args []*graph.Value
		first := "xw"
		switch {
		case strings.HasSuffix(c.op, "_generated"):
			first = "xs"
		case c.op == "weight_bias_grad":
			first = "x"
		}
		for _, name := range first + c.operands {
			args = append(args, named[name])
		}
		v := g.Add(c.op, c.attrs, args...)[0]
		if c.bytes == "" {
			if err := g.Err(); err == nil || !strings.Contains(err.Error(), c.flops) {
				t.Errorf("%s %v %s: got %v, want %s", c.op, c.attrs, c.operands, err, c.flops)
			}
			continue
		}
		if err := g.Err(); err != nil {
			t.Errorf("%s %v %s: %v", c.op, c.attrs, c.operands, err)
			continue
		}
		if f, b := v.Node.FLOPs().String(), v.Node.Bytes().String(); f != c.flops || b != c.bytes {
			t.Errorf("%s %v %s: %s FLOPs and %s bytes, want %s and %s", c.op, c.attrs, c.operands, f, b, c.flops, c.bytes)
		}
	}
}

// generated are the attributes of a projection by a generated matrix.
func generated(columns int, act string) graph.Attrs {
	a := graph.Attrs{"columns": columns, "stream": "s"}
	if act != "" {
		a["act"] = act
	}
	return a
}
