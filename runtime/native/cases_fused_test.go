package native

import (
	"math"
	"strings"

	"graft/graph"
)

var acts = []string{"none", "relu", "elu", "sigmoid", "tanh", "relu_grad", "elu_grad", "sigmoid_grad", "tanh_grad"}

// fusedCases has the fused products over all their attributes and operands, with shapes (batch, m, n, k) around the edges of
// tiles, columns, rows, strips of narrow results, an inner dimension of more than one block and one of none. The large ones are cut into parts.
func fusedCases() []testCase {
	var cs []testCase
	for i, s := range [][4]int{{1, 13, 33, 20}, {3, 5, 4, 7}, {1, 9, 1, 6}, {1, 1, 130, 5}, {1, 3, 5, 0}, {1, 4, 18, 2*depth + 3}, {1, 600, 40, 200}, {2, 1, 700, 600}, {2, 700, 1, 600},
		{2, 2*narrowRows + 3, 2, 40}, {1, 600, 10, depth + 9}} {
		for trans := range 4 {
			for _, added := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
				for a, act := range acts {
					if i < 5 || (a+2*trans+i)%12 == 0 { // of the larger ones, every so many
						cs = append(cs, fusedMatmul(s, trans, added[0], added[1], act))
					}
				}
			}
		}
	}
	for _, s := range [][3]int{{13, 33, 20}, {1, 70, 3}, {7, 1, 9}, {2, 3, 0}, {520, 300, 30}} {
		for _, act := range acts[5:] {
			args := []operand{normals(s[0], s[2]), normals(s[2], s[1]), resultOf(act, s[0], s[1])}
			cs = append(cs, testCase{"fused_project", graph.Attrs{"act": act, "alpha": 0.5, "scale": 0.25}, args})
		}
	}
	return cs
}

// denseCases has the gradients of dense layers with shapes (rows, inputs, outputs): around the edges of tiles, with one output and
// with few, without rows, with a single input, cut along both sides of the weight, and with a cut sum over rows, also of one output and of few.
func denseCases() []testCase {
	var cs []testCase
	for _, s := range [][3]int{{7, 5, 4}, {20, 12, 33}, {40, 13, 1}, {30, 50, 3}, {0, 3, 5}, {9, 1, 70}, {depth + 9, 40, 130}, {2*depth + 5, 60, 7},
		{300, 700, 600}, {9000, 30, 40}, {130000, 66, 1}, {24000, 70, 5}} {
		cs = append(cs, testCase{"weight_bias_grad", nil, []operand{normals(s[0], s[1]), normals(s[0], s[2])}})
	}
	return cs
}

// fusedMatmul is a fused product of a batch of matrices, or of matrices alone where the batch is 1.
func fusedMatmul(size [4]int, trans int, bias, z bool, act string) testCase {
	shape := func(rows, cols int, trans bool) []int {
		if trans {
			rows, cols = cols, rows
		}
		if size[0] == 1 {
			return []int{rows, cols}
		}
		return []int{size[0], rows, cols}
	}
	m, n, k, ta, tb := size[1], size[2], size[3], trans&1 != 0, trans&2 != 0
	tc := testCase{"fused_matmul", graph.Attrs{"transA": ta, "transB": tb, "act": act, "alpha": 0.5}, []operand{normals(shape(m, k, ta)...), normals(shape(k, n, tb)...)}}
	result := shape(m, n, false)
	if z {
		tc.op, tc.args = "fused_matmul_add", append(tc.args, normals(result...))
	}
	if bias {
		tc.args = append(tc.args, normals(n))
	}
	if strings.HasSuffix(act, "_grad") {
		tc.args = append(tc.args, resultOf(act, result...))
	}
	return tc
}

// resultOf is what an activation may have as its result, with alpha 0.5.
func resultOf(grad string, shape ...int) operand {
	switch grad {
	case "relu_grad":
		return activations(shape...)
	case "elu_grad":
		return between(-0.5, 2, shape...)
	case "sigmoid_grad":
		return between(0, 1, shape...)
	}
	return between(-1, 1, shape...)
}

// fusedBound is the error that the elements of a fused product may have: that of the sum of the terms, with what is added being
// terms too (see bounds). No activation here is steeper than 1; itself it is a few roundings of values of its own size or 1.
func fusedBound(want *Call, eps float64) func(k, i int) float64 {
	in := want.In
	if stored, generated := want.Data.(*Call); generated {
		in = stored.In
	}
	p, magnitude := newProduct(want), &Call{Node: want.Node, In: clone(in), Out: clone(want.Out)}
	for _, in := range magnitude.In {
		for i, v := range in.F64 {
			in.F64[i] = math.Abs(v)
		}
	}
	p.tail.act, p.tail.of = "none", -1
	magnitude.Data = p
	if err := matmul[float64](magnitude, 0, perProductRow(want)); err != nil {
		panic(err) // there is nothing that could fail
	}
	return func(_, i int) float64 {
		return eps * (float64(p.k+4)*magnitude.Out[0].F64[i] + 8*(1+math.Abs(want.Out[0].F64[i])))
	}
}
