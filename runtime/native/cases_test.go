package native

import (
	"slices"

	"graft/graph"
)

// cases lists every op over its attributes and over shapes with odd sizes, axes of length 1 and 0, scalars, and sizes that
// are split in several parts.
func cases() []testCase {
	var cs []testCase
	add := func(op string, attrs graph.Attrs, args ...operand) { cs = append(cs, testCase{op, attrs, args}) }
	type A = graph.Attrs
	shapes := [][]int{{}, {1}, {7}, {3, 5}, {2, 1, 3}, {0, 4}, {129, 257}}

	for _, s := range shapes {
		add("const", A{"value": -1.5, "shape": dims(s...)})
		for _, op := range []string{"detach", "barrier", "neg", "square", "relu", "sigmoid", "tanh"} {
			add(op, nil, normals(s...))
		}
		add("error", A{"site": "s", "rows": 0}, normals(s...))
		add("cotangent", A{"site": "s", "rows": 0}, normals(s...))
		add("feedback", A{"site": "s", "point": "p", "rows": 0}, normals(s...))
		add("cut", A{"site": "s", "point": "p", "rows": 0}, normals(s...))
		add("exp", nil, between(-80, 80, s...))
		add("log", nil, between(1e-6, 4, s...))
		add("sqrt", nil, between(0, 4, s...))
		add("tanh", nil, between(-2e-3, 2e-3, s...))
		add("tanh", nil, between(-30, 30, s...))
		add("relu_grad", nil, normals(s...), activations(s...))
		for _, alpha := range []float64{1, 0.3} {
			add("elu", A{"alpha": alpha}, normals(s...))
			add("elu_grad", A{"alpha": alpha}, normals(s...), between(-alpha, 2, s...))
		}
		for _, by := range []float64{-0.1, 3} {
			add("scale", A{"by": by}, normals(s...))
			add("shift", A{"by": by}, normals(s...))
		}
		add("sigmoid_grad", nil, normals(s...), between(0, 1, s...))
		add("tanh_grad", nil, normals(s...), between(-1, 1, s...))
		add("dropout_given", A{"rate": 0.7}, normals(s...), between(0, 1, s...))
		add("equal", nil, weights(s...), weights(s...))
		add("equal", nil, labels(3, s...), labels(3, s...))
		add("equal", nil, bools(s...), bools(s...))
		for _, to := range []string{"f32", "f64", "i32", "bool"} {
			add("cast", A{"dtype": to}, between(-9, 9, s...))
			add("cast", A{"dtype": to}, labels(3, s...))
			add("cast", A{"dtype": to}, bools(s...))
		}
		add("random_uniform", A{"shape": dims(s...), "stream": "u"}, keyOf(3, 4))
		add("random_normal", A{"shape": dims(s...), "stream": "n"}, keyOf(3, 4))
		for _, rate := range []float64{0, 0.1, 0.7} {
			add("dropout", A{"rate": rate, "stream": "d"}, normals(s...), keyOf(3, 4))
		}
		add("sgd", nil, normals(s...), normals(s...), constant(0.1))
		add("sgd", A{"momentum": 0.9, "weight_decay": 0.01, "lr_scale": 2.0}, normals(s...), normals(s...), constant(0.1), normals(s...))
		for _, decoupled := range []bool{false, true} {
			for _, step := range []int{0, 7, 1000000} {
				add("adam", A{"weight_decay": 0.01, "decoupled": decoupled, "lr_scale": 0.5},
					normals(s...), normals(s...), between(0, 1, s...), normals(s...), constant(1e-3), integer(step))
			}
		}
		add("sgd", A{"clipped": true}, normals(s...), normals(s...), constant(0.1), constant(0.3))
		add("sgd", A{"momentum": 0.9, "clipped": true}, normals(s...), normals(s...), constant(0.1), normals(s...), constant(0.3))
		add("adam", A{"clipped": true}, normals(s...), normals(s...), between(0, 1, s...), normals(s...), constant(1e-3), integer(3), constant(0.3))
		add("adam", nil, normals(s...), constant(0, s...), constant(0, s...), normals(s...), constant(1e-3), integer(0))
		add("global_norm", nil, normals(s...))
		add("global_norm", nil, normals(s...), normals(5), normals(), normals(3, 40000))
	}
	for _, op := range []string{"add", "sub", "mul", "div"} {
		for _, s := range [][2][]int{
			{{}, {}}, {{1}, {1}}, {{7}, {7}}, {{3, 5}, {5}}, {{5}, {3, 5}}, {{3, 5}, {}}, {{}, {3, 5}}, {{3, 1}, {1, 4}},
			{{2, 3, 4, 5}, {3, 1, 5}}, {{2, 1, 4, 1}, {3, 1, 5}}, {{0, 3}, {3}}, {{200, 300}, {200, 300}}, {{200, 300}, {300}},
			{{200, 300}, {200, 1}}, {{200, 300}, {}}, {{300}, {200, 300}}, {{200, 1}, {200, 300}}, {{50, 1, 20}, {30, 20}},
			{{900, 7}, {7}}, {{900, 1}, {900, 7}}, {{70, 40, 7}, {70, 1, 7}}, {{70, 1, 1, 10}, {70, 3, 5, 10}}, {{5, 1, 700, 3}, {4, 1, 1}},
		} {
			y := normals(s[1]...)
			if op == "div" {
				y = between(0.1, 4, s[1]...)
			}
			add(op, nil, normals(s[0]...), y)
		}
	}
	add("clip_factor", A{"max": 1.0}, constant(3))
	add("clip_factor", A{"max": 1.0}, constant(0.5))
	add("clip_factor", A{"max": 1.0}, constant(0))
	for _, act := range []string{"relu", "elu", "sigmoid", "tanh"} {
		for _, s := range [][]int{{5}, {3, 5}, {2, 3, 1}, {0, 4}, {300, 129}} {
			add("bias_act", A{"act": act, "alpha": 0.5}, normals(s...), normals(s[len(s)-1]))
		}
	}

	for _, s := range []struct{ x, y, axes []int }{
		{[]int{7, 8, 8}, []int{1, 8, 8}, []int{2}}, {[]int{300, 4, 16}, []int{1, 4, 16}, []int{2}}, {[]int{2100, 1, 7}, []int{1, 1, 7}, []int{2}}, {[]int{9, 5}, []int{1, 5}, []int{1}},
		{[]int{7, 8, 8}, []int{7, 8, 1}, []int{0}}, {[]int{600, 8, 8}, []int{600, 8, 1}, []int{0}}, {[]int{1100, 1, 7}, []int{1100, 1, 1}, []int{0}}, {[]int{70, 17, 3}, []int{70, 17, 1}, []int{0}},
		{[]int{0, 8, 8}, []int{0, 8, 1}, []int{0}}, {[]int{3, 4}, []int{2, 1, 4}, []int{0, 1}}, {[]int{3, 5, 4}, []int{3, 5, 4}, []int{2}}, {[]int{3, 1}, []int{3, 4}, []int{0}},
	} {
		add("fused_mul_sum", A{"axes": s.axes}, normals(s.x...), normals(s.y...))
	}
	for _, op := range []string{"sum", "mean"} {
		for _, keep := range []bool{false, true} {
			for _, x := range []struct{ shape, axes []int }{
				{[]int{}, []int{}}, {[]int{5}, []int{0}}, {[]int{1}, []int{0}}, {[]int{3, 5}, []int{}}, {[]int{3, 5}, []int{0}},
				{[]int{3, 5}, []int{1}}, {[]int{3, 5}, []int{0, 1}}, {[]int{2, 3, 4}, []int{1}}, {[]int{2, 3, 4}, []int{0, 2}},
				{[]int{2, 3, 4}, []int{0, 1}}, {[]int{2, 1, 4}, []int{0, 2}}, {[]int{2, 3, 4, 5}, []int{1, 3}},
				{[]int{400, 300}, []int{0}}, {[]int{400, 300}, []int{1}}, {[]int{40, 30, 50}, []int{1}}, {[]int{40, 30, 50}, []int{0, 1, 2}},
			} {
				add(op, A{"axes": x.axes, "keep": keep}, normals(x.shape...))
			}
		}
	}
	add("sum", A{"axes": []int{0}}, normals(0, 3))
	for _, s := range [][]int{{1}, {5}, {3, 5}, {2, 3, 4}, {0, 4}, {300, 100}} {
		add("argmax", nil, normals(s...))
		add("argmax", nil, weights(s...))
		for _, op := range []string{"softmax", "log_softmax"} {
			add(op, nil, normals(s...))
			add(op, nil, between(-1000, 1000, s...))
		}
		add("softmax_grad", nil, normals(s...), between(0, 1, s...))
		add("log_softmax_grad", nil, normals(s...), between(-4, 0, s...))
		n, rows := s[len(s)-1], s[:len(s)-1]
		for _, reduce := range []string{"mean", "sum"} {
			if s[0] == 0 && reduce == "mean" {
				continue // no rows have no mean
			}
			a := A{"reduce": reduce}
			add("softmax_cross_entropy", a, normals(s...), labels(n, rows...))
			add("softmax_cross_entropy", a, normals(s...), labels(n, rows...), between(0.1, 2, rows...))
			add("softmax_cross_entropy_grad", a, constant(0.3), normals(s...), labels(n, rows...))
			add("softmax_cross_entropy_grad", a, constant(0.3), between(-50, 50, s...), labels(n, rows...), between(0.1, 2, rows...))
		}
	}
	for _, reduce := range []string{"mean", "sum"} { // with rows of weight 0
		add("softmax_cross_entropy", A{"reduce": reduce}, normals(500, 70), labels(70, 500), weights(500))
		add("softmax_cross_entropy_grad", A{"reduce": reduce}, constant(0.3), normals(500, 70), labels(70, 500), weights(500))
		for _, few := range []int{1, 7, columnRow, columnRow + 1} {
			for _, w := range []operand{weights(500), seldom(500)} {
				add("softmax_cross_entropy", A{"reduce": reduce}, normals(500, few), labels(few, 500), w)
				add("softmax_cross_entropy_grad", A{"reduce": reduce}, constant(0.3), normals(500, few), labels(few, 500), w)
			}
		}
	}

	shape := func(make func(s ...int) operand) {
		add("reshape", A{"shape": dims(5, 3, 1)}, make(3, 5))
		add("reshape", A{"shape": dims(7*64, 100)}, make(7, 6400))
		for _, x := range [][2][]int{
			{{}, {}}, {{}, {2, 3}}, {{3}, {2, 3}}, {{2, 1}, {2, 3}}, {{1, 3, 1}, {4, 2, 3, 5}}, {{200, 1}, {200, 300}}, {{300}, {200, 300}},
		} {
			add("broadcast", A{"shape": dims(x[1]...)}, make(x[0]...))
		}
		add("transpose", A{"perm": []int{}}, make())
		for _, perm := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			add("transpose", A{"perm": perm}, make(3, 1, 5))
			add("transpose", A{"perm": perm}, make(30, 40, 50))
		}
		add("transpose", A{"perm": []int{0, 2, 1, 3}}, make(2, 3, 4, 5))
		for axis, n := range []int{3, 4, 5} {
			add("slice", A{"axis": axis, "start": 1, "size": n - 1}, make(3, 4, 5))
			add("slice", A{"axis": axis, "size": 1}, make(3, 4, 5))
			add("pad", A{"axis": axis, "before": 2}, make(3, 4, 5))
			add("pad", A{"axis": axis, "before": 1, "after": 3}, make(3, 4, 5))
			add("repeat", A{"axis": axis, "times": 1}, make(3, 4, 5))
			add("repeat", A{"axis": axis, "times": 3}, make(3, 4, 5))
		}
		add("slice", A{"axis": 1, "start": 3, "size": 99}, make(300, 128))
		add("pad", A{"axis": 1, "after": 3}, make(300, 128))
		add("repeat", A{"axis": 0, "times": 64}, make(50, 20))
		add("concat", A{"axis": 0}, make(3), make(1), make(4))
		add("concat", A{"axis": 1}, make(3, 2), make(3, 5))
		add("concat", A{"axis": 2}, make(60, 40, 3), make(60, 40, 7))
	}
	shape(normals)
	shape(func(s ...int) operand { return labels(1000, s...) })
	shape(bools)
	for _, x := range [][2][]int{{{}, {}}, {{}, {2, 3}}, {{1, 3, 1}, {4, 2, 3, 5}}, {{200, 1}, {200, 300}}, {{300}, {200, 300}}} {
		add("spread", A{"shape": dims(x[1]...)}, normals(x[0]...))
	}

	for _, batch := range [][]int{{}, {1}, {3, 2}, {17}} {
		for _, x := range [][3]int{{1, 1, 1}, {3, 5, 7}, {1, 33, 2}, {20, 1, 20}, {65, 66, 193}, {0, 3, 2}, {64, 64, 192}, {129, 70, 10}} {
			if len(batch) == 1 && x[0]*x[1]*x[2] > 1000 {
				continue // large batches of small matrices only
			}
			for trans := range 4 {
				m, k, n := x[0], x[1], x[2]
				ta, tb := trans&1 != 0, trans&2 != 0
				if ta {
					m, k = k, m
				}
				a := append(append([]int{}, batch...), m, k)
				if ta {
					m, k = k, m
				}
				if tb {
					k, n = n, k
				}
				b := append(append([]int{}, batch...), k, n)
				add("matmul", A{"transA": ta, "transB": tb}, normals(a...), normals(b...))
			}
		}
	}
	add("matmul", nil, normals(4, 0), normals(0, 3))
	for _, s := range [][4]int{{1, 1, 1, 1}, {7, 1, 3, 5}, {0, 2, 3, 4}, {13, 3, 8, 8}, {100, 16, 8, 8}, {700, 4, 5, 20}, {2000, 2, 33, 40}, {9000, 5, 2, 7}} { // rows, groups, in, out
		add("grouped_matmul", nil, normals(s[0], s[1]*s[2]), normals(s[1], s[2], s[3]))
		add("grouped_matmul", A{"transB": true}, normals(s[0], s[1]*s[2]), normals(s[1], s[3], s[2]))
		add("grouped_matmul_grad", A{"groups": s[1]}, normals(s[0], s[1]*s[2]), normals(s[0], s[1]*s[3]))
	}
	add("matmul", A{"transA": true, "transB": true}, normals(0, 4), normals(3, 0))
	add("project", A{"scale": 0.25}, normals(70, 10), normals(10, 400))
	add("project", nil, activations(3, 10), normals(10, 5))
	add("project", nil, normals(20, 520), normals(520, 520))

	for _, x := range [][3]int{{1, 1, 1}, {4, 6, 5}, {2, 1, 3}, {0, 3, 2}, {3, 4, 0}, {150, 170, 33}} {
		for _, trans := range []bool{false, true} {
			rows, cols := x[0], x[1]
			if trans {
				rows, cols = cols, rows
			}
			if rows > 0 && cols > 0 { // the dimensions of a pattern under test are numbers
				add("spmm", A{"trans": trans}, pattern(rows, cols), entries(), normals(x[1], x[2]))
			}
		}
		if x[0] > 0 {
			add("sddmm", nil, pattern(x[0], x[1]), normals(x[0], x[2]), normals(x[1], x[2]))
		}
	}

	add("key", nil, integer(5), integer(-7))
	for _, dist := range []string{"uniform", "normal", "rademacher", "orthogonal", "identity"} {
		for _, s := range [][2]int{{1, 1}, {10, 300}, {7, 3}, {5, 5}} {
			add("feedback_matrix", A{"shape": dims(s[0], s[1]), "stream": "b", "dist": dist}, integer(9))
		}
	}
	for _, s := range [][]int{{1, 1}, {5, 3}, {2, 7}, {0, 3}, {400, 130}} {
		add("row_cosine", nil, normals(s...), normals(s...))
	}
	add("row_cosine", nil, activations(40, 1), normals(40, 1))
	functionCases(add)
	normCases(add)
	tableCases(add)
	edgeCases(add)
	historyCases(add)
	scanCases(add)
	attentionCases(add)
	return slices.Concat(cs, fusedCases(), denseCases(), headCases(), generatedCases())
}

// dims returns dimensions, 0 as a symbol: only a bound dimension can be 0.
func dims(s ...int) []graph.Dim {
	out := make([]graph.Dim, len(s))
	for i, d := range s {
		out[i] = graph.Int(d)
		if d == 0 {
			out[i] = graph.Sym("none")
		}
	}
	return out
}
