package native

import (
	"fmt"
	"testing"

	"graft/graph"
)

// benchmark runs all parts of a case in one goroutine.
func benchmark(b *testing.B, table Table, tc testCase, flops int) {
	c := tc.call(b, graph.F32)
	k, parts := prepared(b, table, c)
	b.ReportAllocs()
	for b.Loop() {
		for p := range parts {
			if err := k.Run(c, p, parts); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOPS")
}

func BenchmarkAdam(b *testing.B) {
	n := 784 * 256
	args := []operand{normals(n), normals(n), between(0, 1, n), normals(n), constant(1e-3), integer(7)}
	benchmark(b, Kernels(), testCase{"adam", nil, args}, 16*n)
}

func BenchmarkSpMM(b *testing.B) {
	const rows, width = 600, 64
	for _, trans := range []bool{false, true} {
		tc := testCase{"spmm", graph.Attrs{"trans": trans}, []operand{pattern(rows, rows), entries(), normals(rows, width)}}
		nnz := tc.call(b, graph.F32).In[0].Pattern.NNZ()
		b.Run(fmt.Sprintf("trans=%v", trans), func(b *testing.B) { benchmark(b, Kernels(), tc, 2*nnz*width) })
	}
}

func BenchmarkElementwise(b *testing.B) {
	n := 1 << 16
	for _, op := range []string{"relu", "tanh", "sigmoid", "exp"} {
		b.Run(op, func(b *testing.B) { benchmark(b, Kernels(), testCase{op, nil, []operand{normals(n)}}, n) })
	}
	b.Run("relu_grad", func(b *testing.B) {
		benchmark(b, Kernels(), testCase{"relu_grad", nil, []operand{normals(n), activations(n)}}, n)
	})
	b.Run("add", func(b *testing.B) {
		benchmark(b, Kernels(), testCase{"add", nil, []operand{normals(256, 256), normals(256)}}, n)
	})
	b.Run("dropout", func(b *testing.B) {
		benchmark(b, Kernels(), testCase{"dropout", graph.Attrs{"rate": 0.5, "stream": "s"}, []operand{normals(n), keyOf(1, 2)}}, n)
	})
	b.Run("softmax", func(b *testing.B) { benchmark(b, Kernels(), testCase{"softmax", nil, []operand{normals(256, 256)}}, n) })
	b.Run("transpose", func(b *testing.B) {
		benchmark(b, Kernels(), testCase{"transpose", graph.Attrs{"perm": []int{1, 0}}, []operand{normals(256, 256)}}, n)
	})
	b.Run("sum", func(b *testing.B) {
		benchmark(b, Kernels(), testCase{"sum", graph.Attrs{"axes": []int{0}}, []operand{normals(256, 256)}}, n)
	})
}
