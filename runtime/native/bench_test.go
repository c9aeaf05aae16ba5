package native

import (
	"fmt"
	"testing"

	"graft/graph"
)

// benchmark runs all parts of a case in one goroutine.
func benchmark(b *testing.B, tc testCase, flops int) {
	c := tc.call(b, graph.F32)
	k, parts := prepared(b, Kernels(), c)
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

func BenchmarkMatmul(b *testing.B) {
	for _, s := range [][4]int{{1, 1024, 1024, 1024}, {1, 128, 256, 784}, {1, 784, 256, 128}, {1, 128, 10, 256}, {256, 32, 32, 16}} {
		batch, m, n, k := s[0], s[1], s[2], s[3]
		for trans := range 4 {
			ta, tb := trans&1 != 0, trans&2 != 0
			x, y := normals(batch, m, k), normals(batch, k, n)
			if ta {
				x = normals(batch, k, m)
			}
			if tb {
				y = normals(batch, n, k)
			}
			b.Run(fmt.Sprintf("%dx%dx%dx%d/transA=%v,transB=%v", batch, m, n, k, ta, tb), func(b *testing.B) {
				benchmark(b, testCase{"matmul", graph.Attrs{"transA": ta, "transB": tb}, []operand{x, y}}, 2*batch*m*n*k)
			})
		}
	}
}

func BenchmarkAdam(b *testing.B) {
	n := 784 * 256
	args := []operand{normals(n), normals(n), between(0, 1, n), normals(n), constant(1e-3), integer(7)}
	benchmark(b, testCase{"adam", nil, args}, 16*n)
}

func BenchmarkSpMM(b *testing.B) {
	const rows, width = 600, 64
	for _, trans := range []bool{false, true} {
		tc := testCase{"spmm", graph.Attrs{"trans": trans}, []operand{pattern(rows, rows), entries(), normals(rows, width)}}
		nnz := tc.call(b, graph.F32).In[0].Pattern.NNZ()
		b.Run(fmt.Sprintf("trans=%v", trans), func(b *testing.B) { benchmark(b, tc, 2*nnz*width) })
	}
}

func BenchmarkElementwise(b *testing.B) {
	n := 1 << 16
	for _, op := range []string{"relu", "tanh", "sigmoid", "exp"} {
		b.Run(op, func(b *testing.B) { benchmark(b, testCase{op, nil, []operand{normals(n)}}, n) })
	}
	b.Run("relu_grad", func(b *testing.B) { benchmark(b, testCase{"relu_grad", nil, []operand{normals(n), activations(n)}}, n) })
	b.Run("add", func(b *testing.B) { benchmark(b, testCase{"add", nil, []operand{normals(256, 256), normals(256)}}, n) })
	b.Run("dropout", func(b *testing.B) {
		benchmark(b, testCase{"dropout", graph.Attrs{"rate": 0.5, "stream": "s"}, []operand{normals(n), keyOf(1, 2)}}, n)
	})
	b.Run("softmax", func(b *testing.B) { benchmark(b, testCase{"softmax", nil, []operand{normals(256, 256)}}, n) })
	b.Run("transpose", func(b *testing.B) {
		benchmark(b, testCase{"transpose", graph.Attrs{"perm": []int{1, 0}}, []operand{normals(256, 256)}}, n)
	})
	b.Run("sum", func(b *testing.B) {
		benchmark(b, testCase{"sum", graph.Attrs{"axes": []int{0}}, []operand{normals(256, 256)}}, n)
	})
}
