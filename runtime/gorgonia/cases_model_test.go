package gorgonia

import "graft/graph"

// modelCases has the ops that only some families of models use.
func modelCases(dt string, add func(op string, attrs graph.Attrs, operands ...string)) {
	for _, s := range []string{"[]", "[1]", "[5]", "[1, 1]", "[4, 1]", "[3, 4]", "[2, 1, 3]", "[2, 3, 4, 5]"} {
		for _, op := range []string{"expm1", "sin", "cos", "abs", "leaky_relu"} {
			add(op, nil, dt+s)
		}
		add("log1p", nil, dt+s+" positive")
		add("leaky_relu_grad", nil, dt+s, dt+s)
		add("abs_grad", nil, dt+s, dt+s)
		add("sigmoid_cross_entropy", nil, dt+s, dt+s)
		add("sigmoid_cross_entropy_grad", nil, dt+"[]", dt+s, dt+s)
		add("radam", graph.Attrs{"weight_decay": 0.1}, dt+s, dt+s, dt+s+" positive", dt+s, dt+"[]", "i32[] below 9")
		add("radam", graph.Attrs{"clipped": true}, dt+s, dt+s, dt+s+" positive", dt+s, dt+"[]", "i32[] below 9", dt+"[]")
		if s != "[]" {
			add("restricted_softmax", nil, dt+s)
			add("cumsum", graph.Attrs{"exclusive": true, "reverse": true}, dt+s)
			add("cumprod_exclusive", nil, dt+s)
			add("cumprod_exclusive_grad", nil, dt+s, dt+s)
			add("sort", nil, dt+s)
		}
	}
	for _, rows := range []string{"[3, 4]", "[2, 3, 4]"} {
		x, v := dt+rows, dt+"[4]"
		stat := dt + rows[:len(rows)-len(", 4]")] + "]"
		add("batch_norm", nil, x, v, v, v, v+" positive")
		add("batch_norm_grad", nil, x, x, v, v, v+" positive")
		add("batch_norm_eval", nil, x, v, v, v, v+" positive")
		add("layer_norm", nil, x, v, v)
		add("layer_norm_grad", nil, x, x, v, stat, stat+" positive")
	}
	add("gather", nil, dt+"[5, 3]", "i32[2, 4] below 5")
	add("gather", nil, dt+"[5]", "i32[] below 5")
	add("scatter_add", graph.Attrs{"rows": dims("[5]")}, dt+"[2, 4, 3]", "i32[2, 4] below 5")
	add("scatter_add", graph.Attrs{"rows": dims("[5]")}, dt+"[]", "i32[] below 5")
	add("sort_index", graph.Attrs{"rows": 5}, "i32[2, 4] below 5")
	add("merge_rows", graph.Attrs{"axes": 2}, dt+"[1, 1, 3]", "i32[1] below 5", "i32[1] below 1")
	for _, op := range []string{"adam_rows", "radam_rows"} { // an index of one row is sorted
		table := []string{dt + "[5, 3]", dt + "[5, 3]", dt + "[5, 3] positive", dt + "[1, 3]", dt + "[]", "i32[] below 9", "i32[1] below 5"}
		add(op, nil, table...)
		add(op, graph.Attrs{"clipped": true}, append(table, dt+"[]")...)
	}
	for side, n := range map[string]string{"row": "5", "col": "4"} {
		add("edge_gather", graph.Attrs{"side": side}, "pattern[5, 4, 7]", dt+"["+n+", 3]")
		add("edge_sum", graph.Attrs{"side": side}, "pattern[5, 4, 7]", dt+"[7, 3]")
	}
	add("segment_softmax", nil, "pattern[5, 4, 7]", dt+"[7, 2]")
	add("segment_softmax_grad", nil, "pattern[5, 4, 7]", dt+"[7]", dt+"[7]")
	add("spmm", nil, "pattern[5, 4, 7]", dt+"[7, 2]", dt+"[4, 2, 3]")
	add("sddmm", nil, "pattern[5, 4, 7]", dt+"[5, 2, 3]", dt+"[4, 2, 3]")
	node, edge := dt+"[4, 2, 3]", dt+"[2, 7, 2]"
	add("history_attention", nil, "pattern[5, 4, 7]", dt+"[5, 2, 3]", dt+"[5, 2]", dt+"[7]", node, node)
	add("history_attention_grad", nil, "pattern[5, 4, 7]", dt+"[5, 2, 3]", dt+"[5, 2]", edge, edge, node, node)
	add("history_spread", nil, "pattern[5, 4, 7]", edge, dt+"[5, 2, 3]", edge, dt+"[5, 2, 3]")
	add("inverse_cdf", nil, dt+"[2, 4]", dt+"[2, 3] positive", dt+"[2, 6] positive")
	add("causal", graph.Attrs{"fill": -1.0}, dt+"[2, 3, 3]")
	for _, attrs := range []graph.Attrs{{"scale": 0.5}, {"causal": true, "fill": -1e9, "rate": 0.3, "stream": "a"}} {
		x, rows := dt+"[2, 3, 2, 4]", dt+"[2, 2, 3]"
		var key []string
		if attrs["rate"] != nil {
			key = []string{"i32[2] below 9"}
		}
		add("attention", attrs, append([]string{x, x, x}, key...)...)
		add("attention_grad", attrs, append([]string{x, x, x, x, x, rows}, key...)...)
	}
	for _, kind := range []string{"sinusoid", "previous", "uniform", "cubic", "current"} {
		add("positions", graph.Attrs{"kind": kind, "shape": dims("[4, 4]"), "dtype": dt})
	}
}
