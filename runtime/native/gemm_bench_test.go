package native

import (
	"fmt"
	"testing"

	"graft/graph"
)

// BenchmarkGemm runs dense products in one goroutine, by shape (batch x m x n x k), transposes and family.
func BenchmarkGemm(b *testing.B) {
	for _, s := range [][4]int{
		{1, 1024, 1024, 1024}, {1, 8192, 512, 512}, {1, 8192, 2048, 512}, {1, 65536, 256, 256}, {1, 256, 256, 65536}, {1, 196608, 128, 128}, {1, 128, 128, 196608},
		{1, 128, 512, 784}, {1, 128, 256, 784}, {1, 784, 256, 128}, {1, 128, 10, 256}, {1, 1, 512, 784}, {1, 16, 512, 784}, {1, 8192, 1, 256},
		{256, 64, 64, 64}, {2048, 39, 39, 32}, {2048, 39, 32, 39}, {4096, 4, 8, 8}, {4096, 1, 4, 8},
	} {
		batch, m, n, k := s[0], s[1], s[2], s[3]
		for trans, name := range []string{"NN", "TN", "NT", "TT"} {
			ta, tb := trans&1 != 0, trans&2 != 0
			x, y := normals(batch, m, k), normals(batch, k, n)
			if ta {
				x = normals(batch, k, m)
			}
			if tb {
				y = normals(batch, n, k)
			}
			for _, f := range families() {
				shape := fmt.Sprintf("%dx%dx%d", m, n, k)
				if batch > 1 {
					shape = fmt.Sprintf("%dx", batch) + shape
				}
				b.Run(fmt.Sprintf("%s/%s/%s", shape, name, f.name), func(b *testing.B) {
					tc := testCase{"matmul", graph.Attrs{"transA": ta, "transB": tb}, []operand{x, y}}
					benchmark(b, kernelsOf(f), tc, 2*batch*m*n*k)
				})
			}
		}
	}
}
