package native

import (
	"slices"

	"graft/graph"
)

// The cases of the ops that only some families of models use.
type addCase func(op string, attrs graph.Attrs, args ...operand)

func functionCases(add addCase) {
	for _, s := range [][]int{{}, {1}, {7}, {2, 1, 3}, {0, 4}, {129, 257}} {
		add("log1p", nil, between(-0.9, 4, s...))
		add("log1p", nil, between(-1e-4, 1e-4, s...))
		add("expm1", nil, between(-20, 20, s...))
		add("expm1", nil, between(-1e-4, 1e-4, s...))
		add("sin", nil, between(-1000, 1000, s...))
		add("cos", nil, between(-1000, 1000, s...))
		add("abs", nil, normals(s...))
		add("abs_grad", nil, normals(s...), normals(s...))
		add("abs_grad", nil, normals(s...), activations(s...))
		for _, slope := range []float64{0.01, 0.2, 1.5} {
			add("leaky_relu", graph.Attrs{"slope": slope}, normals(s...))
			add("leaky_relu_grad", graph.Attrs{"slope": slope}, normals(s...), activations(s...))
		}
		for _, reduce := range []string{"mean", "sum"} {
			a := graph.Attrs{"reduce": reduce}
			if !slices.Contains(s, 0) {
				add("sigmoid_cross_entropy", a, between(-40, 40, s...), between(0, 1, s...))
			}
			add("sigmoid_cross_entropy_grad", a, constant(0.3), between(-40, 40, s...), between(0, 1, s...))
		}
		for _, step := range []int{0, 4, 5, 1000000} { // without rectification up to the fifth step
			add("radam", graph.Attrs{"weight_decay": 0.01, "lr_scale": 0.5},
				normals(s...), normals(s...), between(0.1, 1, s...), normals(s...), constant(1e-3), integer(step))
		}
		add("radam", graph.Attrs{"clipped": true}, normals(s...), normals(s...), between(0.1, 1, s...), normals(s...), constant(1e-3), integer(9), constant(0.3))
		if len(s) > 0 {
			add("restricted_softmax", nil, normals(s...))
			add("restricted_softmax", nil, between(-1000, 1000, s...))
		}
	}
	add("sigmoid_cross_entropy", graph.Attrs{"reduce": "sum"}, normals(0, 4), normals(0, 4))
}

func normCases(add addCase) {
	for _, s := range [][]int{{2, 1}, {7, 5}, {3, 4, 16}, {2, 17}, {300, 130}, {19, 600}} {
		n, rows := s[len(s)-1:], s[:len(s)-1]
		a := graph.Attrs{"eps": 1e-3}
		add("batch_norm", nil, normals(s...), normals(n...), normals(n...), normals(n...), between(0, 2, n...))
		add("batch_norm", graph.Attrs{"eps": 1e-3, "momentum": 0.3}, between(99, 101, s...), normals(n...), normals(n...), normals(n...), between(0, 2, n...))
		add("batch_norm_grad", nil, normals(s...), normals(s...), normals(n...), normals(n...), between(0.1, 2, n...))
		add("batch_norm_grad", a, normals(s...), normals(s...), normals(n...), normals(n...), between(0.1, 2, n...))
		add("layer_norm", a, between(99, 101, s...), normals(n...), normals(n...))
		add("layer_norm_grad", nil, normals(s...), normals(s...), normals(n...), normals(rows...), between(0.1, 2, rows...))
	}
	for _, s := range [][]int{{0, 4}, {1, 3}, {3, 4, 16}, {2, 17}, {300, 130}} {
		n, rows := s[len(s)-1:], s[:len(s)-1]
		add("batch_norm_eval", nil, normals(s...), normals(n...), normals(n...), normals(n...), between(0, 2, n...))
		add("batch_norm_grad", nil, normals(s...), normals(s...), normals(n...), normals(n...), between(0.1, 2, n...))
		add("layer_norm", nil, normals(s...), normals(n...), normals(n...))
		add("layer_norm_grad", nil, normals(s...), normals(s...), normals(n...), normals(rows...), between(0.1, 2, rows...))
	}
}

func tableCases(add addCase) {
	for _, table := range [][]int{{1}, {5}, {4, 3}, {3, 2, 5}, {200, 130}} {
		for _, index := range [][]int{{}, {1}, {7}, {0}, {3, 4}, {500}} {
			add("gather", nil, normals(table...), labels(table[0], index...))
			add("scatter_add", graph.Attrs{"rows": dims(table[0])}, normals(slices.Concat(index, table[1:])...), labels(table[0], index...))
		}
	}
	for _, table := range [][]int{{5}, {4, 3}, {3, 2, 5}, {300, 70}, {3, 5000}} {
		for _, index := range [][]int{{}, {7}, {0}, {3, 4}, {500}} {
			add("sort_index", graph.Attrs{"rows": table[0]}, labels(table[0], index...))
		}
		for _, n := range []int{0, 1, 7, 500} {
			add("merge_rows", graph.Attrs{"axes": 1}, normals(slices.Concat([]int{n}, table[1:])...), inOrder(table[0], n), labels(n, n))
			for op, step := range map[string]int{"adam_rows": 3, "radam_rows": 9} {
				args := []operand{normals(table...), normals(table...), between(0.1, 2, table...),
					normals(slices.Concat([]int{n}, table[1:])...), constant(1e-2), integer(step), inOrder(table[0], n)}
				add(op, graph.Attrs{"weight_decay": 0.1, "lr_scale": 0.5}, args...)
				add(op, graph.Attrs{"clipped": true}, append(args, constant(0.3))...)
			}
		}
	}
	add("merge_rows", graph.Attrs{"axes": 2}, normals(3, 600, 40), inOrder(2, 1800), labels(1800, 1800)) // runs longer than parts
	add("sort_index", graph.Attrs{"rows": 90000}, labels(80000, 9000))                                   // most rows have none
	add("scatter_add", graph.Attrs{"rows": dims(40)}, normals(600, 130), labels(3, 600))                 // most rows have none
}

func edgeCases(add addCase) {
	for _, p := range [][2]int{{1, 1}, {4, 6}, {2, 1}, {150, 170}} {
		rows, cols := p[0], p[1]
		for _, shape := range [][]int{{}, {1}, {8}, {2, 3}, {131}} {
			for side, n := range map[string]int{"row": rows, "col": cols} {
				add("edge_gather", graph.Attrs{"side": side}, pattern(rows, cols), normals(slices.Concat([]int{n}, shape)...))
				add("edge_sum", graph.Attrs{"side": side}, pattern(rows, cols), entries(shape...))
			}
			scores := entries(shape...)
			scores.draw = between(-200, 200).draw
			add("segment_softmax", nil, pattern(rows, cols), entries(shape...))
			add("segment_softmax", nil, pattern(rows, cols), scores)
			add("segment_softmax_grad", nil, pattern(rows, cols), entries(shape...), entries(shape...))
		}
		for _, s := range [][2]int{{1, 1}, {1, 5}, {8, 1}, {3, 7}} {
			add("spmm", nil, pattern(rows, cols), entries(s[0]), normals(cols, s[0], s[1]))
			add("spmm", graph.Attrs{"trans": true}, pattern(rows, cols), entries(s[0]), normals(rows, s[0], s[1]))
			add("sddmm", nil, pattern(rows, cols), normals(rows, s[0], s[1]), normals(cols, s[0], s[1]))
		}
	}
}

// historyCases have histories of one time and of several, heads of a vector and of less, and rows of more entries than a block has.
func historyCases(add addCase) {
	for _, p := range [][2]int{{1, 1}, {4, 6}, {2, 1}, {60, 70}, {3, 400}} {
		for _, s := range [][3]int{{1, 1, 1}, {2, 1, 5}, {3, 8, 16}, {3, 3, 7}, {1, 20, 2}} { // times, heads, width
			rows, cols, times, heads, n := p[0], p[1], s[0], s[1], s[2]
			history := slices.Repeat([]operand{normals(cols, heads, n)}, times)
			row, sums, edge := normals(rows, heads, n), normals(rows, heads), timed(times, heads)
			for _, e := range []operand{entries(), edge} {
				add("history_attention", nil, slices.Concat([]operand{pattern(rows, cols), row, sums, e}, history)...)
				add("history_attention_grad", nil, slices.Concat([]operand{pattern(rows, cols), row, sums, edge, e}, history)...)
			}
			add("history_spread", nil, pattern(rows, cols), edge, row, edge, row)
		}
	}
}

func scanCases(add addCase) {
	for _, s := range [][]int{{1}, {7}, {3, 5}, {2, 3, 4}, {0, 4}, {400, 65}} {
		for flags := range 4 {
			add("cumsum", graph.Attrs{"exclusive": flags&1 != 0, "reverse": flags&2 != 0}, between(0, 1, s...))
		}
		add("cumprod_exclusive", nil, between(-1.5, 1.5, s...))
		add("cumprod_exclusive", nil, activations(s...))
		add("cumprod_exclusive_grad", nil, between(0, 1, s...), between(0.1, 1.2, s...))
		add("cumprod_exclusive_grad", nil, normals(s...), weights(s...))
		add("sort", nil, normals(s...))
		add("sort", nil, weights(s...))
	}
	for _, s := range [][3]int{{1, 1, 1}, {3, 1, 4}, {2, 5, 1}, {0, 3, 2}, {200, 63, 128}} {
		add("inverse_cdf", nil, normals(s[0], s[1]+1), between(1e-5, 1, s[0], s[1]), between(0, 1, s[0], s[2]))
		add("inverse_cdf", nil, normals(s[0], s[1]+1), between(0, 1e-3, s[0], s[1]), weights(s[0], s[2])) // draws 0, 1 and beyond
	}
	for _, s := range [][]int{{1, 1}, {5, 5}, {2, 3, 4, 4}, {9, 50, 50}} {
		add("causal", nil, normals(s...))
		add("causal", graph.Attrs{"fill": -1e30}, normals(s...))
	}
	for _, kind := range []string{"sinusoid", "previous", "uniform", "cubic", "current"} {
		for _, n := range []int{1, 2, 3, 4, 9, 150} {
			add("positions", graph.Attrs{"kind": kind, "shape": dims(n, n)})
		}
	}
	add("positions", graph.Attrs{"shape": dims(6, 1)})
	add("positions", graph.Attrs{"shape": dims(70, 512)})
}
