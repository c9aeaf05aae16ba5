package native

import (
	"runtime"
	"slices"
	"testing"

	"graft/graph"
)

// TestScratchBytes holds what calls say that they keep against what their Prepare allocates.
func TestScratchBytes(t *testing.T) {
	const rows, inner, words, slack = 700, 64, 3000, 24 << 10
	head := []operand{normals(rows, inner), normals(inner, words), labels(words, rows)}
	large := []testCase{
		{"linear_cross_entropy", nil, head},
		{"linear_cross_entropy_grad", graph.Attrs{"dx": true}, append([]operand{constant(1)}, head...)},
		{"matmul", graph.Attrs{"transA": true}, []operand{normals(1<<15, 64), normals(1<<15, 128)}}, // whose inner dimension is cut
		{"scatter_add", graph.Attrs{"rows": graph.Dims(words)}, []operand{normals(rows, 8), labels(words, rows)}},
		{"scatter_add", graph.Attrs{"rows": graph.Dims(words)}, []operand{normals(rows, inner), labels(words, rows)}},
		{"sum", graph.Attrs{"axes": []int{0}}, []operand{normals(1<<14, 300)}},
	}
	for i, tc := range slices.Concat(large, cases(), fusedCases(), headCases(), generatedCases()) {
		for which, table := range map[string]Table{"reference": Reference(), "fast": Kernels()} {
			c := tc.call(t, graph.F32)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			prepared(t, table, c)
			runtime.ReadMemStats(&after)
			got, allocated := c.ScratchBytes(), int64(after.TotalAlloc-before.TotalAlloc)
			// What is allocated is rounded up, by an eighth at most or to a page, and there are some words beside it.
			if got > allocated || got < allocated*8/9-slack {
				t.Errorf("%s, %v: keeps %d bytes, of %d allocated", which, tc, got, allocated)
			}
			if which == "fast" && i < len(large) && got == 0 {
				t.Errorf("%v keeps nothing: choose larger operands", tc)
			}
		}
	}
}
