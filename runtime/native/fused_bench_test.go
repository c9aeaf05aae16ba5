package native

import (
	"fmt"
	"math"
	"testing"
	"time"

	"graft/graph"
)

// BenchmarkFused runs products with what follows them, fused and as separate ops by turns, in one goroutine: forward with bias
// and relu, backward with relu's gradient, and with a sum. It reports the fastest run of each, which a busy machine disturbs least.
func BenchmarkFused(b *testing.B) {
	v := vectorsOf(families()[0])
	for _, s := range [][3]int{{128, 512, 784}, {512, 256, 256}, {8192, 512, 512}, {65536, 256, 256}} {
		for _, tc := range []testCase{
			fusedMatmul([4]int{1, s[0], s[1], s[2]}, 0, true, false, "relu"),
			fusedMatmul([4]int{1, s[0], s[1], s[2]}, 2, false, false, "relu_grad"),
			fusedMatmul([4]int{1, s[0], s[1], s[2]}, 2, false, true, "none"),
		} {
			b.Run(fmt.Sprintf("%dx%dx%d/%s/%s", s[0], s[1], s[2], tc.op, tc.attrs["act"]), func(b *testing.B) {
				plain := testCase{"matmul", graph.Attrs{"transB": tc.attrs["transB"]}, tc.args[:2]}
				fused, product := tc.call(b, graph.F32), plain.call(b, graph.F32)
				k, parts := prepared(b, Kernels(), fused)
				p, pieces := prepared(b, Kernels(), product)
				after := func() {
					out := product.Out[0].F32
					for lo := 0; lo < len(out); lo += chunk { // as these ops are divided
						hi := min(lo+chunk, len(out))
						switch tc.attrs["act"] {
						case "relu":
							for ; lo < hi; lo += s[1] {
								v.pair["add"](out[lo:lo+s[1]], out[lo:], fused.In[2].F32, 0)
								v.point["relu"](out[lo:lo+s[1]], out[lo:], 0)
							}
							lo = hi - chunk
						case "relu_grad":
							v.pair["relu_grad"](out[lo:hi], out[lo:], fused.In[2].F32[lo:], 0)
						default:
							v.pair["add"](out[lo:hi], out[lo:], fused.In[2].F32[lo:], 0)
						}
					}
				}
				best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
				for b.Loop() {
					start := time.Now()
					for i := range parts {
						_ = k.Run(fused, i, parts)
					}
					middle := time.Now()
					for i := range pieces {
						_ = p.Run(product, i, pieces)
					}
					after()
					best = [2]time.Duration{min(best[0], middle.Sub(start)), min(best[1], time.Since(middle))}
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(best[0].Nanoseconds())/1e3, "µs-fused")
				b.ReportMetric(float64(best[1].Nanoseconds())/1e3, "µs-separate")
				b.ReportMetric(float64(best[1])/float64(best[0]), "ratio")
			})
		}
	}
}

// BenchmarkDense runs the gradients of dense layers as one op, and as a product and a sum, by turns in one goroutine, and reports
// the fastest run of each. Without the sums, the product alone is the least that there could be.
func BenchmarkDense(b *testing.B) {
	for _, s := range [][3]int{{128, 784, 512}, {8192, 512, 2048}, {16384, 128, 128}, {16384, 256, 256}, {16384, 283, 128}, {16384, 256, 1}, {1536, 256, 256}, {1536, 512, 512}, {1536, 128, 128}} {
		b.Run(fmt.Sprintf("%dx%dx%d", s[0], s[1], s[2]), func(b *testing.B) {
			args := []operand{normals(s[0], s[1]), normals(s[0], s[2])}
			cases := []testCase{
				{"weight_bias_grad", nil, args}, {"matmul", graph.Attrs{"transA": true}, args}, {"sum", graph.Attrs{"axes": []int{0}}, args[1:]},
			}
			best := make([]time.Duration, len(cases))
			runs := make([]func(), len(cases))
			for i, tc := range cases {
				c := tc.call(b, graph.F32)
				k, parts := prepared(b, Kernels(), c)
				best[i], runs[i] = math.MaxInt64, func() {
					for part := range parts {
						_ = k.Run(c, part, parts)
					}
				}
			}
			for b.Loop() {
				for i, run := range runs {
					start := time.Now()
					run()
					best[i] = min(best[i], time.Since(start))
				}
			}
			b.ReportMetric(0, "ns/op")
			for i, what := range []string{"fused", "product", "sum"} {
				b.ReportMetric(float64(best[i].Nanoseconds())/1e3, "µs-"+what)
			}
		})
	}
}
