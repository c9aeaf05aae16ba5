package native

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"graft/graph"
)

// BenchmarkGemmBesideGonum runs dense products of every family and gonum's in turn, on one thread, and reports the fastest of each
// in GFLOPS. Built with the tag noasm gonum is in plain Go as well, and without it in SSE, which every amd64 machine has.
func BenchmarkGemmBesideGonum(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // gonum divides large products among as many
	for _, size := range [][3]int{{128, 128, 128}, {512, 512, 512}, {1024, 1024, 1024}, {1, 512, 784}, {8192, 1, 256}, {128, 10, 256}} {
		m, n, k := size[0], size[1], size[2]
		for trans, name := range []string{"NN", "TN", "NT", "TT"} {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", m, n, k, name), func(b *testing.B) { besideGonum(b, m, n, k, trans&1 != 0, trans&2 != 0) })
		}
	}
}

func besideGonum(b *testing.B, m, n, k int, transA, transB bool) {
	left, right := []int{m, k}, []int{k, n}
	if transA {
		left = []int{k, m}
	}
	if transB {
		right = []int{n, k}
	}
	tc := testCase{"matmul", graph.Attrs{"transA": transA, "transB": transB}, []operand{normals(left...), normals(right...)}}
	products := map[string]func() error{}
	for _, f := range families() {
		c := tc.call(b, graph.F32)
		kernel, parts := prepared(b, kernelsOf(f), c)
		products[f.name] = func() (err error) {
			for p := 0; p < parts && err == nil; p++ {
				err = kernel.Run(c, p, parts)
			}
			return err
		}
	}
	c := tc.call(b, graph.F32)
	of := map[bool]blas.Transpose{false: blas.NoTrans, true: blas.Trans}
	products["gonum"] = func() error {
		var impl gonum.Implementation
		impl.Sgemm(of[transA], of[transB], m, n, k, 1, c.In[0].F32, left[1], c.In[1].F32, right[1], 0, c.Out[0].F32, n)
		return nil
	}
	names := slices.Sorted(maps.Keys(products))
	best := map[string]time.Duration{}
	for b.Loop() {
		for _, name := range names {
			start := time.Now()
			if err := products[name](); err != nil {
				b.Fatal(err)
			}
			if took := time.Since(start); best[name] == 0 || took < best[name] {
				best[name] = took
			}
		}
	}
	for _, name := range names {
		b.ReportMetric(float64(2*m*n*k)/float64(best[name].Nanoseconds()), name+"-GFLOPS")
	}
}
