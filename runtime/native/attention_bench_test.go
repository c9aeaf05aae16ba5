package native

import (
	"fmt"
	"testing"

	"graft/graph"
)

// BenchmarkAttention has the Transformer's causal attention at its own and at longer times, and AutoInt's attention to the fields of
// a batch. Operations are those of the products alone, halved by the mask.
func BenchmarkAttention(b *testing.B) {
	for _, s := range []struct {
		batch, time, heads, dim int
		attrs                   graph.Attrs
	}{
		{4, 128, 8, 64, graph.Attrs{"scale": 0.125, "causal": true, "fill": -1e9, "rate": 0.1, "stream": "a"}},
		{4, 128, 8, 64, graph.Attrs{"scale": 0.125, "causal": true, "fill": -1e9}},
		{1, 1024, 8, 64, graph.Attrs{"scale": 0.125, "causal": true, "fill": -1e9, "rate": 0.1, "stream": "a"}},
		{64, 39, 2, 16, graph.Attrs{"scale": 0.25}},
	} {
		x, key := normals(s.batch, s.time, s.heads, s.dim), []operand{keyOf(3, 4)}
		if s.attrs["rate"] == nil {
			key = nil
		}
		flops := s.batch * s.heads * s.time * s.time * s.dim * 2
		if s.attrs["causal"] != nil {
			flops /= 2
		}
		name := fmt.Sprintf("%dx%dx%dx%d/rate=%v/", s.batch, s.time, s.heads, s.dim, s.attrs["rate"])
		b.Run(name+"forward", func(b *testing.B) {
			benchmark(b, Kernels(), testCase{"attention", s.attrs, append([]operand{x, x, x}, key...)}, 2*flops)
		})
		b.Run(name+"grad", func(b *testing.B) {
			args := []operand{x, x, x, x, x, normals(s.batch, s.heads, s.time)}
			benchmark(b, Kernels(), testCase{"attention_grad", s.attrs, append(args, key...)}, 5*flops)
		})
	}
}
