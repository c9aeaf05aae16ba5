package native

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// BenchmarkMemory runs what moves more than it computes, in one goroutine, with the sizes of the zoo. GB/s count each operand and
// result once.
func BenchmarkMemory(b *testing.B) {
	n := 4 << 20
	cases := []struct {
		name string
		tc   testCase
	}{
		{"adam", testCase{"adam", nil, []operand{normals(n), normals(n), between(0, 1, n), normals(n), constant(1e-3), integer(7)}}},
		{"momentum", testCase{"sgd", graph.Attrs{"momentum": 0.9}, []operand{normals(n), normals(n), constant(1e-3), normals(n)}}},
		{"norm", testCase{"global_norm", nil, []operand{normals(n)}}},
		{"table", testCase{"gather", nil, []operand{normals(1e6, 10), labels(1e6, 2048, 39)}}},
		{"words", testCase{"gather", nil, []operand{normals(32000, 512), labels(32000, 8192)}}},
		{"table", testCase{"scatter_add", graph.Attrs{"rows": dims(1e6)}, []operand{normals(2048, 39, 10), labels(1e6, 2048, 39)}}},
		{"table", testCase{"adam_rows", nil, []operand{normals(1e6, 10), normals(1e6, 10), between(0, 1, 1e6, 10), normals(2048*39, 10), constant(1e-3), integer(7), inOrder(1e6, 2048*39)}}},
		{"table", testCase{"sort_index", graph.Attrs{"rows": 1000000}, []operand{labels(1e6, 2048, 39)}}},
		{"table", testCase{"merge_rows", graph.Attrs{"axes": 2}, []operand{normals(2048, 39, 10), inOrder(1e6, 2048*39), labels(2048*39, 2048*39)}}},
		{"table", testCase{"adam", nil, []operand{normals(1e6, 10), normals(1e6, 10), between(0, 1, 1e6, 10), normals(1e6, 10), constant(1e-3), integer(7)}}},
		{"weights", testCase{"scatter_add", graph.Attrs{"rows": dims(1e6)}, []operand{normals(2048, 39), labels(1e6, 2048, 39)}}},
		{"words", testCase{"scatter_add", graph.Attrs{"rows": dims(32000)}, []operand{normals(8192, 512), labels(32000, 8192)}}},
		{"samples", testCase{"sum", graph.Attrs{"axes": []int{0}}, []operand{normals(196608, 128)}}},
		{"tokens", testCase{"sum", graph.Attrs{"axes": []int{0}}, []operand{normals(8192, 2048)}}},
		{"classes", testCase{"sum", graph.Attrs{"axes": []int{0}}, []operand{normals(2708, 7)}}},
		{"fields", testCase{"sum", graph.Attrs{"axes": []int{1}}, []operand{normals(2048, 39, 10)}}},
		{"rows", testCase{"sum", graph.Attrs{"axes": []int{1}}, []operand{normals(8192, 512)}}},
		{"short", testCase{"sum", graph.Attrs{"axes": []int{1}}, []operand{normals(196608, 3)}}},
		{"all", testCase{"mean", graph.Attrs{"axes": []int{0, 1}}, []operand{normals(8192, 512)}}},
		{"matrix", testCase{"transpose", graph.Attrs{"perm": []int{1, 0}}, []operand{normals(2048, 512)}}},
		{"heads", testCase{"transpose", graph.Attrs{"perm": []int{0, 2, 1, 3}}, []operand{normals(16, 128, 8, 64)}}},
		{"groups", testCase{"transpose", graph.Attrs{"perm": []int{1, 0, 2}}, []operand{normals(2708, 16, 8)}}},
		{"middle", testCase{"transpose", graph.Attrs{"perm": []int{0, 2, 1}}, []operand{normals(2048, 39, 10)}}},
		{"heads", testCase{"broadcast", graph.Attrs{"shape": dims(13264, 8, 8)}, []operand{normals(13264, 8, 1)}}},
		{"columns", testCase{"slice", graph.Attrs{"axis": 1, "start": 512, "size": 512}, []operand{normals(2048, 1536)}}},
		{"one", testCase{"slice", graph.Attrs{"axis": 2, "start": 3, "size": 1}, []operand{normals(1024, 192, 4)}}},
		{"columns", testCase{"pad", graph.Attrs{"axis": 1, "before": 512, "after": 512}, []operand{normals(2048, 512)}}},
		{"one", testCase{"pad", graph.Attrs{"axis": 2, "before": 1}, []operand{normals(13264, 8, 1)}}},
		{"pair", testCase{"concat", graph.Attrs{"axis": 2}, []operand{normals(13264, 8, 1), normals(13264, 8, 1)}}},
		{"encoding", testCase{"concat", graph.Attrs{"axis": 1}, []operand{normals(196608, 3), normals(196608, 3), normals(196608, 3), normals(196608, 3)}}},
		{"wide", testCase{"concat", graph.Attrs{"axis": 1}, []operand{normals(65536, 128), normals(65536, 63)}}},
		{"samples", testCase{"cumsum", nil, []operand{between(0, 1, 1024, 192)}}},
		{"samples", testCase{"cumprod_exclusive", nil, []operand{between(0, 1, 1024, 192)}}},
		{"samples", testCase{"cumprod_exclusive_grad", nil, []operand{normals(1024, 192), between(0, 1, 1024, 192)}}},
		{"samples", testCase{"sort", nil, []operand{normals(1024, 192)}}},
		{"samples", testCase{"inverse_cdf", nil, []operand{normals(1024, 63), between(0.1, 1, 1024, 62), between(0, 1, 1024, 128)}}},
		{"wide", testCase{"batch_norm", nil, []operand{normals(2048, 400), normals(400), normals(400), normals(400), between(0.5, 1, 400)}}},
		{"wide", testCase{"batch_norm_grad", nil, []operand{normals(2048, 400), normals(2048, 400), normals(400), normals(400), between(0.5, 1, 400)}}},
		{"power", testCase{"batch_norm", nil, []operand{normals(2048, 1024), normals(1024), normals(1024), normals(1024), between(0.5, 1, 1024)}}},
		{"power", testCase{"batch_norm_grad", nil, []operand{normals(2048, 1024), normals(2048, 1024), normals(1024), normals(1024), between(0.5, 1, 1024)}}},
		{"heads", testCase{"causal", nil, []operand{normals(16, 8, 128, 128)}}},
	}
	for _, bc := range cases {
		b.Run(bc.tc.op+"/"+bc.name, func(b *testing.B) {
			c := bc.tc.call(b, graph.F32)
			moved := 0
			for _, x := range append(c.In, c.Out...) {
				moved += 4 * x.Len()
			}
			if bc.tc.op == "gather" {
				moved = 8*c.Out[0].Len() + 4*c.In[1].Len()
			}
			for _, f := range families() {
				b.Run(f.name, func(b *testing.B) { benchmarkCall(b, f, c, moved) })
			}
		})
	}
}

// BenchmarkSparse runs what goes along the entries of a matrix of the size of Cora's graph, or of its features.
func BenchmarkSparse(b *testing.B) {
	graphOf, features := sparsePattern(b, 2708, 2708, 5), sparsePattern(b, 2708, 1433, 18)
	x := func(shape ...int) *buffer.Buffer {
		return drawn(rand.New(rand.NewPCG(5, 6)), graph.F32, normals(shape...))
	}
	nnz, words := graphOf.Pattern.NNZ(), features.Pattern.NNZ()
	node, sums, edge := x(2708, 8, 16), x(2708, 8), x(5, nnz, 8)
	history := []*buffer.Buffer{x(2708, 8, 16), x(2708, 8, 16), x(2708, 8, 16), x(2708, 8, 16), x(2708, 8, 16)}
	for _, bc := range []struct {
		name, op string
		attrs    graph.Attrs
		in       []*buffer.Buffer
	}{
		{"features", "spmm", nil, []*buffer.Buffer{features, x(words), x(1433, 16)}},
		{"features", "spmm", nil, []*buffer.Buffer{features, x(words), x(1433, 128)}},
		{"features", "spmm", graph.Attrs{"trans": true}, []*buffer.Buffer{features, x(words), x(2708, 16)}},
		{"features", "spmm", graph.Attrs{"trans": true}, []*buffer.Buffer{features, x(words), x(2708, 128)}},
		{"graph", "spmm", nil, []*buffer.Buffer{graphOf, x(nnz), x(2708, 7)}},
		{"graph", "spmm", nil, []*buffer.Buffer{graphOf, x(nnz, 8), x(2708, 8, 8)}},
		{"graph", "spmm", graph.Attrs{"trans": true}, []*buffer.Buffer{graphOf, x(nnz, 8), x(2708, 8, 8)}},
		{"graph", "spmm", nil, []*buffer.Buffer{graphOf, x(nnz, 8), x(2708, 8, 16)}},
		{"graph", "sddmm", nil, []*buffer.Buffer{graphOf, x(2708, 8, 8), x(2708, 8, 8)}},
		{"graph", "sddmm", nil, []*buffer.Buffer{graphOf, x(2708, 8, 16), x(2708, 8, 16)}},
		{"graph", "sddmm", nil, []*buffer.Buffer{graphOf, x(2708, 16), x(2708, 16)}},
		{"graph", "segment_softmax", nil, []*buffer.Buffer{graphOf, x(nnz, 8)}},
		{"graph", "segment_softmax", nil, []*buffer.Buffer{graphOf, x(nnz)}},
		{"graph", "segment_softmax_grad", nil, []*buffer.Buffer{graphOf, x(nnz, 8), x(nnz, 8)}},
		{"graph", "history_attention", nil, append([]*buffer.Buffer{graphOf, node, sums, x(nnz)}, history...)},
		{"graph", "history_attention_grad", nil, append([]*buffer.Buffer{graphOf, node, sums, edge, x(nnz)}, history...)},
		{"graph", "history_spread", nil, []*buffer.Buffer{graphOf, edge, node, edge, node}},
		{"nodes", "grouped_matmul", nil, []*buffer.Buffer{x(2708, 128), x(16, 8, 8)}},
		{"nodes", "grouped_matmul", graph.Attrs{"transB": true}, []*buffer.Buffer{x(2708, 128), x(16, 8, 8)}},
		{"nodes", "grouped_matmul_grad", graph.Attrs{"groups": 16}, []*buffer.Buffer{x(2708, 128), x(2708, 128)}},
		{"nodes", "fused_mul_sum", graph.Attrs{"axes": []int{2}}, []*buffer.Buffer{x(2708, 8, 8), x(1, 8, 8)}},
		{"nodes", "fused_mul_sum", graph.Attrs{"axes": []int{0}}, []*buffer.Buffer{x(2708, 8, 8), x(2708, 8, 1)}},
		{"graph", "edge_gather", graph.Attrs{"side": "row"}, []*buffer.Buffer{graphOf, x(2708, 8)}},
		{"graph", "edge_sum", graph.Attrs{"side": "row"}, []*buffer.Buffer{graphOf, x(nnz, 8)}},
		{"graph", "edge_sum", graph.Attrs{"side": "col"}, []*buffer.Buffer{graphOf, x(nnz, 8)}},
	} {
		c := bound(b, bc.op, attrsOf(bc.op, bc.attrs), bc.in)
		moved := 0
		for _, x := range append(c.In[1:], c.Out...) {
			moved += 4 * x.Len()
		}
		name := fmt.Sprintf("%s/%s%v", bc.op, bc.name, bc.in[len(bc.in)-1].Shape[1:])
		for attr, v := range bc.attrs {
			name += fmt.Sprintf("%s=%v", attr, v)
		}
		for _, f := range families() {
			b.Run(name+"/"+f.name, func(b *testing.B) { benchmarkCall(b, f, c, moved) })
		}
	}
}

// benchmarkCall runs all parts of a call in one goroutine. Where a kernel may, it writes in place.
func benchmarkCall(b *testing.B, f *family, c *Call, moved int) {
	shared := &Call{Node: c.Node, In: c.In, Out: clone(c.Out)}
	for i, j := range kernelsOf(f)[c.Node.Op.Name].InPlace {
		if i < len(c.Out) && j >= 0 && c.Node.Op.Is(graph.Optimizer) {
			shared.Out[i] = c.In[j]
		}
	}
	k, parts := prepared(b, kernelsOf(f), shared)
	b.ReportAllocs()
	for b.Loop() {
		for p := range parts {
			if err := k.Run(shared, p, parts); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(moved)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
	b.ReportMetric(float64(parts), "parts")
}
