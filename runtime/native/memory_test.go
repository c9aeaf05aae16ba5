package native

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// TestScatterAddSorts has tables of many sizes, with indices that leave rows out, repeat rows and lie all in one part, and compares
// with sums in the order of the indices, which are float64's, rounded.
func TestScatterAddSorts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range families() {
		for _, s := range []struct{ rows, n, count, from, to int }{
			{1, 3, 40, 0, 1}, {70000, 1, 9000, 0, 70000}, {70000, 10, 5000, 0, 70000}, {300000, 1, 3000, 299000, 300000},
			{50000, 7, 4000, 100, 103}, {257, 200, 5000, 0, 257}, {65536, 2, 3, 255, 257},
		} {
			index, x := buffer.New(graph.I32, s.count), buffer.New(graph.F32, s.count, s.n)
			want := make([]float64, s.rows*s.n)
			for k := range s.count {
				index.I32[k] = int32(s.from + r.IntN(s.to-s.from))
				for j := range s.n {
					v := float32(r.NormFloat64())
					x.F32[k*s.n+j] = v
					want[int(index.I32[k])*s.n+j] += float64(v)
				}
			}
			c := bound(t, "scatter_add", graph.Attrs{"rows": dims(s.rows)}, []*buffer.Buffer{x, index})
			k, parts := prepared(t, kernelsOf(f), c)
			for range 2 { // scratch memory holds no state
				for i := range c.Out[0].F32 {
					c.Out[0].F32[i] = float32(math.NaN())
				}
				for p := range parts {
					if err := k.Run(c, p, parts); err != nil {
						t.Fatal(err)
					}
				}
				for i, w := range want {
					if got := c.Out[0].F32[i]; got != float32(w) {
						t.Fatalf("%s: %d rows of %d, %d indices: element %d is %v, want %v", f.name, s.rows, s.n, s.count, i, got, w)
					}
				}
			}
		}
	}
}

// TestSumsOfShapes reduces shapes whose sums are cut into blocks, panels and neither, against float64.
func TestSumsOfShapes(t *testing.T) {
	for _, f := range families() {
		for _, s := range []struct{ shape, axes []int }{
			{[]int{5000, 3}, []int{0}}, {[]int{40000, 1}, []int{0}}, {[]int{4099, 257}, []int{0}}, {[]int{40, 700}, []int{0}}, {[]int{3, 2500, 9}, []int{1}},
			{[]int{100000}, []int{0}}, {[]int{2, 50000}, []int{1}}, {[]int{300, 9}, []int{1}}, {[]int{300, 8}, []int{1}}, {[]int{301, columnRow}, []int{1}}, {[]int{300, columnRow + 1}, []int{1}}, {[]int{17, 1, 513}, []int{0, 1}},
			{[]int{64, 33, 600}, []int{1}}, {[]int{2048, 256}, []int{0}},
		} {
			for _, op := range []string{"sum", "mean"} {
				tc := testCase{op, graph.Attrs{"axes": s.axes}, []operand{normals(s.shape...)}}
				got, want := tc.call(t, graph.F32), tc.call(t, graph.F64)
				again := tc.call(t, graph.F32)
				mustRun(t, tc, kernelsOf(f), got)
				mustRun(t, tc, Reference(), want)
				k, parts := prepared(t, kernelsOf(f), again)
				var wg sync.WaitGroup
				for p := range parts {
					wg.Go(func() { _ = k.Run(again, p, parts) })
				}
				wg.Wait()
				if err := sameBits(got.Out, again.Out); err != nil {
					t.Fatalf("%s: %v: in order and together: %v", f.name, tc, err)
				}
				for i, w := range want.Out[0].F64 {
					// Sums are made in float64 and rounded once: the order shows only where a sum lies next to the middle of two.
					if g := float64(got.Out[0].F32[i]); !(math.Abs(g-w) <= 0x1p-24*math.Abs(w)+0x1p-40) {
						t.Fatalf("%s: %v: element %d is %v, want %v", f.name, tc, i, g, w)
					}
				}
			}
		}
	}
}

// TestSparseShapes runs products along the entries of a matrix with empty rows, for widths around those of vectors and panels and
// more heads than a vector has lanes, and checks against the reference at f64.
func TestSparseShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	p, long := sparsePattern(t, 37, 29, 2), sparsePattern(t, 40, 200, 30) // rows of a few entries and of several vectors
	nnz := p.Pattern.NNZ()
	x := func(shape ...int) *buffer.Buffer { return drawn(r, graph.F32, normals(shape...)) }
	for _, f := range families() {
		for _, s := range [][3]int{{1, 1, 1}, {2, 8, 16}, {3, 7, 5}, {5, 1, 129}, {8, 17, 3}} { // times, heads, width
			rows, sums, edge := x(37, s[1], s[2]), x(37, s[1]), drawn(r, graph.F32, between(0, 0.1, s[0], nnz, s[1]))
			for _, e := range []*buffer.Buffer{x(nnz), x(s[0], nnz, s[1])} {
				mix, grad := []*buffer.Buffer{p, rows, sums, e}, []*buffer.Buffer{p, rows, sums, edge, e}
				for range s[0] {
					h := x(29, s[1], s[2])
					mix, grad = append(mix, h), append(grad, h)
				}
				compare(t, f, "history_attention", nil, mix)
				compare(t, f, "history_attention_grad", nil, grad)
			}
			compare(t, f, "history_spread", nil, []*buffer.Buffer{p, edge, rows, edge, rows})
		}
		for _, s := range [][4]int{{1, 1, 1, 1}, {37, 3, 8, 8}, {5, 2, 7, 9}, {130, 2, 3, 16}, {70, 1, 40, 33}, {90, 3, 24, 16}} { // rows, groups, in, out
			compare(t, f, "grouped_matmul", nil, []*buffer.Buffer{x(s[0], s[1]*s[2]), x(s[1], s[2], s[3])})
			compare(t, f, "grouped_matmul", graph.Attrs{"transB": true}, []*buffer.Buffer{x(s[0], s[1]*s[2]), x(s[1], s[3], s[2])})
			compare(t, f, "grouped_matmul_grad", graph.Attrs{"groups": s[1]}, []*buffer.Buffer{x(s[0], s[1]*s[2]), x(s[0], s[1]*s[3])})
		}
		for _, heads := range []int{0, 1, 2, 7, 8, 9, 16, 17} {
			for _, n := range []int{1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 127, 129, 200} {
				if heads*n > 600 {
					continue
				}
				of := func(rows int) []int { return []int{rows, heads, n} }
				entries := []int{nnz, heads}
				if heads == 0 {
					of, entries = func(rows int) []int { return []int{rows, n} }, entries[:1]
				}
				compare(t, f, "spmm", nil, []*buffer.Buffer{p, x(entries...), x(of(29)...)})
				compare(t, f, "spmm", graph.Attrs{"trans": true}, []*buffer.Buffer{p, x(entries...), x(of(37)...)})
				compare(t, f, "sddmm", nil, []*buffer.Buffer{p, x(of(37)...), x(of(29)...)})
				if heads > 0 {
					compare(t, f, "fused_mul_sum", graph.Attrs{"axes": []int{2}}, []*buffer.Buffer{x(of(37)...), x(of(1)...)})
					compare(t, f, "fused_mul_sum", graph.Attrs{"axes": []int{0}}, []*buffer.Buffer{x(of(150)...), x(150, heads, 1)})
				}
			}
		}
		for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 70} {
			for _, side := range []string{"row", "col"} {
				compare(t, f, "edge_sum", graph.Attrs{"side": side}, []*buffer.Buffer{p, x(nnz, n)})
			}
			compare(t, f, "edge_gather", graph.Attrs{"side": "row"}, []*buffer.Buffer{p, x(37, n)})
			compare(t, f, "edge_gather", graph.Attrs{"side": "col"}, []*buffer.Buffer{p, x(29, n)})
			for _, p := range []*buffer.Buffer{p, long} {
				nnz := p.Pattern.NNZ()
				compare(t, f, "segment_softmax", nil, []*buffer.Buffer{p, x(nnz, n)})
				compare(t, f, "segment_softmax_grad", nil, []*buffer.Buffer{p, x(nnz, n), x(nnz, n)})
			}
		}
	}
}

// compare runs a call on family f, its results and operands at the ends of their memory, and on the reference at f64.
func compare(t *testing.T, f *family, op string, attrs graph.Attrs, in []*buffer.Buffer) {
	t.Helper()
	got := bound(t, op, attrsOf(op, attrs), in)
	intact := make([]func() bool, len(got.Out))
	for i, out := range got.Out {
		out.F32, intact[i] = guarded(out.Len(), 3)
	}
	k, parts := prepared(t, kernelsOf(f), got)
	for p := range parts {
		if err := k.Run(got, p, parts); err != nil {
			t.Fatal(err)
		}
	}
	name := fmt.Sprintf("%s: %s %v", f.name, op, in[len(in)-1].Shape)
	exact := slices.Clone(in)
	for i, b := range in {
		if b.Pattern == nil {
			exact[i] = buffer.New(graph.F64, b.Shape...)
			for j, v := range b.F32 {
				exact[i].F64[j] = float64(v)
			}
		}
	}
	want := bound(t, op, attrsOf(op, attrs), exact)
	if err := Reference().run(want); err != nil {
		t.Fatal(err)
	}
	for i, out := range want.Out {
		if !intact[i]() {
			t.Fatalf("%s: wrote around result %d", name, i)
		}
		for j, w := range out.F64 {
			// At most 200 terms of magnitudes up to 5*5 add up with errors of 2^-24 of what has been added up so far, a few hundred.
			if g := float64(got.Out[i].F32[j]); !(math.Abs(g-w) <= 1e-4) {
				t.Fatalf("%s: element %d of result %d is %v, want %v", name, j, i, g, w)
			}
		}
	}
}

// TestSegmentSoftmaxOfInfinity: a segment with a NaN is NaN, and its neighbours are not.
func TestSegmentSoftmaxOfInfinity(t *testing.T) {
	for _, f := range families() {
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			p := small(t)
			x := buffer.New(graph.F32, 3, 2)
			copy(x.F32, []float32{1, 2, 3, float32(bad), 5, 6})
			c := bound(t, "segment_softmax", nil, []*buffer.Buffer{p, x})
			if err := kernelsOf(f).run(c); err != nil {
				t.Fatal(err)
			}
			for i, v := range c.Out[0].F32 {
				if nan := v != v; nan != (i == 1 || i == 3) {
					t.Errorf("%s: %v: element %d is %v", f.name, bad, i, v)
				}
			}
		}
	}
}

// TestOptimizerPlaces checks that an element's bits depend neither on its place nor on where results lie.
func TestOptimizerPlaces(t *testing.T) {
	for _, f := range families() {
		table := kernelsOf(f)
		for n := range 70 {
			if n == 0 {
				continue
			}
			for _, tc := range []testCase{
				{"adam", graph.Attrs{"weight_decay": 0.1}, []operand{normals(n), normals(n), between(0, 1, n), normals(n), constant(0.1), integer(3)}},
				{"adam", graph.Attrs{"weight_decay": 0.1, "decoupled": true}, []operand{normals(n), normals(n), between(0, 1, n), normals(n), constant(0.1), integer(3)}},
				{"radam", nil, []operand{normals(n), normals(n), between(0, 1, n), normals(n), constant(0.1), integer(3)}},
				{"radam", nil, []operand{normals(n), normals(n), between(0, 1, n), normals(n), constant(0.1), integer(9)}},
				{"sgd", graph.Attrs{"weight_decay": 0.1}, []operand{normals(n), normals(n), constant(0.1)}},
				{"sgd", graph.Attrs{"momentum": 0.9}, []operand{normals(n), normals(n), constant(0.1), normals(n)}},
				{"sgd", graph.Attrs{"momentum": 0.9, "clipped": true}, []operand{normals(n), normals(n), constant(0.1), normals(n), constant(0.3)}},
			} {
				apart, shared := tc.call(t, graph.F32), tc.call(t, graph.F32)
				var intact []func() bool
				for i := range apart.Out {
					var f func() bool
					apart.Out[i].F32, f = guarded(n, n%17)
					intact = append(intact, f)
				}
				mustRun(t, tc, table, apart)
				for i, j := range table[tc.op].InPlace {
					if i < len(shared.Out) {
						shared.Out[i] = shared.In[j]
					}
				}
				for p := range n { // one element at a time
					if err := table[tc.op].Run(shared, p, n); err != nil {
						t.Fatal(err)
					}
				}
				if err := sameBits(apart.Out, shared.Out); err != nil {
					t.Fatalf("%s: %v: %v", f.name, tc, err)
				}
				if slices.ContainsFunc(intact, func(f func() bool) bool { return !f() }) {
					t.Fatalf("%s: %v: wrote around the result", f.name, tc)
				}
			}
		}
	}
}

// bound makes a call of given operands, with results that hold NaN.
func bound(t testing.TB, op string, attrs graph.Attrs, in []*buffer.Buffer) *Call {
	t.Helper()
	g := graph.New("one")
	var args []*graph.Value
	for i, b := range in {
		d := make([]graph.Dim, len(b.Shape))
		for j, n := range b.Shape {
			d[j] = graph.Int(n)
		}
		typ := graph.Tensor(b.DType, d...)
		if b.Pattern != nil {
			typ = graph.PatternType(d[0], d[1], d[2])
		}
		args = append(args, g.InputOf(fmt.Sprint("x", i), typ))
	}
	results := g.Add(op, attrs, args...)
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	c := &Call{Node: results[0].Node, In: in}
	for _, res := range results {
		shape, err := res.Type.Shape(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Out = append(c.Out, poisoned(res.Type.DType, shape))
	}
	return c
}

// sparsePattern has about degree entries in each row, and rows without.
func sparsePattern(t testing.TB, rows, cols, degree int) *buffer.Buffer {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	var row, col []int32
	for i := range rows {
		taken := map[int32]bool{}
		for range r.IntN(2*degree + 1) {
			if j := int32(r.IntN(cols)); !taken[j] {
				taken[j] = true
				row, col = append(row, int32(i)), append(col, j)
			}
		}
	}
	p, _, err := buffer.NewPattern(rows, cols, row, col)
	if err != nil {
		t.Fatal(err)
	}
	return &buffer.Buffer{Shape: []int{rows, cols, len(row)}, Pattern: p}
}

// TestShapeOps moves elements of shapes around those of vectors and blocks, cut in other parts than its own, and compares with the
// reference to the bit.
func TestShapeOps(t *testing.T) {
	var cs []testCase
	for _, s := range [][]int{{1, 1}, {3, 4}, {4, 3}, {5, 64}, {64, 5}, {67, 130}, {129, 66}, {1, 200}, {33, 4097}} {
		cs = append(cs, testCase{"transpose", graph.Attrs{"perm": []int{1, 0}}, []operand{normals(s...)}})
		for _, n := range []int{1, 2, 7, 8, 9, 17, 70} {
			if s[0]*s[1] < 3000 {
				cs = append(cs, testCase{"transpose", graph.Attrs{"perm": []int{1, 0, 2}}, []operand{normals(s[0], s[1], n)}},
					testCase{"transpose", graph.Attrs{"perm": []int{0, 2, 1}}, []operand{normals(s[0], s[1], n)}},
					testCase{"transpose", graph.Attrs{"perm": []int{2, 1, 0}}, []operand{normals(s[0], s[1], n)}},
					testCase{"broadcast", graph.Attrs{"shape": dims(s[0], s[1], n)}, []operand{normals(s[0], s[1], 1)}},
					testCase{"broadcast", graph.Attrs{"shape": dims(n, s[0], s[1])}, []operand{normals(1, s[1])}},
					testCase{"slice", graph.Attrs{"axis": 2, "start": n / 2, "size": n - n/2}, []operand{normals(s[0], s[1], n)}},
					testCase{"pad", graph.Attrs{"axis": 2, "before": 3, "after": 1}, []operand{normals(s[0], s[1], n)}},
					testCase{"pad", graph.Attrs{"axis": 1, "before": 1}, []operand{normals(s[0], s[1], n)}},
					testCase{"concat", graph.Attrs{"axis": 2}, []operand{normals(s[0], s[1], n), normals(s[0], s[1], 1), normals(s[0], s[1], 30)}},
				)
			}
		}
	}
	for _, tc := range cs {
		want := tc.call(t, graph.F32)
		mustRun(t, tc, Reference(), want)
		for _, f := range families() {
			for _, parts := range []int{1, 3, 7} {
				got := tc.call(t, graph.F32)
				k, _ := prepared(t, kernelsOf(f), got)
				dst, intact := guarded(got.Out[0].Len(), parts)
				got.Out[0].F32 = dst
				for p := range parts {
					if err := k.Run(got, p, parts); err != nil {
						t.Fatal(err)
					}
				}
				if err := sameBits(want.Out, got.Out); err != nil || !intact() {
					t.Fatalf("%s: %v in %d parts: %v, wrote around the result: %v", f.name, tc, parts, err, !intact())
				}
			}
		}
	}
}
