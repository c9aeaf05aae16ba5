package native

import (
	"fmt"
	"slices"
	"testing"

	"graft/graph"
)

// BenchmarkVector runs the ops that rest on vectors in each family; that of Go shows what assembly gains.
func BenchmarkVector(b *testing.B) {
	const rows, n = 128, 512 // of a size that the second-level cache holds
	x := normals(rows, n)
	one := map[string][]operand{}
	for _, op := range []string{"relu", "exp", "expm1", "log1p", "sigmoid", "tanh", "elu", "sin", "softmax", "log_softmax"} {
		one[op] = []operand{x}
	}
	for _, op := range []string{"add", "mul", "div", "relu_grad", "tanh_grad", "softmax_grad", "log_softmax_grad"} {
		one[op] = []operand{x, x}
	}
	one["log"] = []operand{between(0, 4, rows, n)}
	one["bias_act"] = []operand{x, normals(n)}
	one["dropout"] = []operand{x, keyOf(1, 2)}
	one["softmax_cross_entropy"] = []operand{x, labels(n, rows)}
	one["softmax_cross_entropy_grad"] = []operand{constant(1), x, labels(n, rows)}
	one["sigmoid_cross_entropy"] = []operand{x, between(0, 1, rows, n)}
	one["sigmoid_cross_entropy_grad"] = []operand{constant(1), x, between(0, 1, rows, n)}
	one["layer_norm"] = []operand{x, normals(n), normals(n)}
	one["layer_norm_grad"] = []operand{x, x, normals(n), normals(rows), between(0.5, 1, rows)}
	one["batch_norm"] = []operand{x, normals(n), normals(n), normals(n), between(0.5, 1, n)}
	one["batch_norm_grad"] = []operand{x, x, normals(n), normals(n), between(0.5, 1, n)}
	one["batch_norm_eval"] = []operand{x, normals(n), normals(n), normals(n), between(0.5, 1, n)}
	attrs := map[string]graph.Attrs{"bias_act": {"act": "relu"}, "dropout": {"rate": 0.1, "stream": "s"}}
	for _, op := range sortedKeys(one) {
		eachFamily(b, op, testCase{op, attrs[op], one[op]})
	}
}

// BenchmarkShortRows shows what is lost where a row fills no vector, or only a few.
func BenchmarkShortRows(b *testing.B) {
	const rows = 4096
	for _, n := range []int{2, 3, 5, 8, 10, 16, 17} {
		x := normals(rows, n)
		for _, op := range []string{"softmax", "restricted_softmax", "log_softmax"} {
			eachFamily(b, fmt.Sprint(op, "/", n), testCase{op, nil, []operand{x}})
		}
		for _, op := range []string{"softmax_grad", "log_softmax_grad"} {
			eachFamily(b, fmt.Sprint(op, "/", n), testCase{op, nil, []operand{x, x}})
		}
		eachFamily(b, fmt.Sprint("bias_act/", n), testCase{"bias_act", graph.Attrs{"act": "relu"}, []operand{x, normals(n)}})
	}
	for _, n := range []int{3, 8, 10, 24} {
		eachFamily(b, fmt.Sprint("sum/", n), testCase{"sum", graph.Attrs{"axes": []int{1}}, []operand{normals(rows, n)}})
	}
	for _, n := range []int{3, 7, 10, 16} {
		args := []operand{normals(rows, n), labels(n, rows)}
		eachFamily(b, fmt.Sprint("softmax_cross_entropy/", n), testCase{"softmax_cross_entropy", nil, args})
		eachFamily(b, fmt.Sprint("softmax_cross_entropy_grad/", n), testCase{"softmax_cross_entropy_grad", nil, append([]operand{constant(1)}, args...)})
	}
	eachFamily(b, "softmax_cross_entropy/few", testCase{"softmax_cross_entropy", nil, []operand{normals(rows, 7), labels(7, rows), seldom(rows)}})
	eachFamily(b, "softmax_cross_entropy_grad/few", testCase{"softmax_cross_entropy_grad", nil, []operand{constant(1), normals(rows, 7), labels(7, rows), seldom(rows)}})
	for _, n := range []int{7, 10, 32} {
		eachFamily(b, fmt.Sprint("add/row/", n), testCase{"add", nil, []operand{normals(rows, n), normals(n)}})
		eachFamily(b, fmt.Sprint("mul/column/", n), testCase{"mul", nil, []operand{normals(rows, n), normals(rows, 1)}})
		eachFamily(b, fmt.Sprint("mul/middle/", n), testCase{"mul", nil, []operand{normals(rows/16, 16, n), normals(rows/16, 1, n)}})
	}
	eachFamily(b, "layer_norm", testCase{"layer_norm", nil, []operand{normals(rows, 32), normals(32), normals(32)}})
	eachFamily(b, "batch_norm", testCase{"batch_norm", nil, []operand{normals(rows, 32), normals(32), normals(32), normals(32), between(0.5, 1, 32)}})
}

// eachFamily runs all parts of a case in one goroutine.
func eachFamily(b *testing.B, name string, tc testCase) {
	for _, f := range families() {
		b.Run(name+"/"+f.name, func(b *testing.B) {
			c := tc.call(b, graph.F32)
			k, parts := prepared(b, kernelsOf(f), c)
			for b.Loop() {
				for p := range parts {
					if err := k.Run(c, p, parts); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(largest(c)), "ns/element")
		})
	}
}

func sortedKeys(m map[string][]operand) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
