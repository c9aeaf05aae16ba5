package native

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// TestHeadFamilies runs heads on every family: conformance, parts in reverse, and no allocation.
func TestHeadFamilies(t *testing.T) {
	for _, f := range families() {
		table := kernelsOf(f)
		for _, tc := range headCases() {
			got, reverse, want := tc.call(t, graph.F32), tc.call(t, graph.F32), tc.call(t, graph.F64)
			mustRun(t, tc, Reference(), want)
			k, parts := prepared(t, table, got)
			run := func() {
				for p := range parts {
					_ = k.Run(got, p, parts)
				}
			}
			if n := testing.AllocsPerRun(1, run); n != 0 {
				t.Errorf("%s, %v: %v allocations", f.name, tc, n)
			}
			prepared(t, table, reverse)
			for p := range parts {
				_ = k.Run(reverse, parts-1-p, parts)
			}
			if err := sameBits(got.Out, reverse.Out); err != nil {
				t.Errorf("%s, %v: in order and in reverse: %v", f.name, tc, err)
			}
			bound := headBound(want, 0x1p-24)
			for k, out := range got.Out {
				for i, g := range out.F32 {
					if w := want.Out[k].F64[i]; !(math.Abs(float64(g)-w) <= bound(k, i)) {
						t.Fatalf("%s, %v: element %d of result %d is %v, want %v within %g", f.name, tc, i, k, g, w, bound(k, i))
					}
				}
			}
		}
	}
}

// TestHeadBits compares heads with the ops that they stand for, to the bit: all results in every dtype on the reference kernels;
// on the families in f32 the loss and the gradient of the bias. Those of weights and x are products that are added up in chunks
// there.
func TestHeadBits(t *testing.T) {
	tables := map[string]Table{"reference": Reference()}
	for _, f := range families() {
		tables[f.name] = kernelsOf(f)
	}
	for name, table := range tables {
		for _, tc := range headCases() {
			for _, dt := range []graph.DType{graph.F32, graph.F64} {
				if name != "reference" && dt == graph.F64 {
					continue // the head is the reference's, the loss is made in parts
				}
				c := tc.call(t, dt)
				mustRun(t, tc, table, c)
				got, want := c.Out, unfusedHead(t, table, c)
				if name != "reference" {
					h := newHead(c)
					got, want = got[:1], want[:1]
					if h.db != nil {
						got, want = append(got, h.db), append(want, want[:3][2])
					}
				}
				if err := sameBits(got, want); err != nil {
					t.Fatalf("%s, %v, %v: fused and separate: %v", name, dt, tc, err)
				}
			}
		}
	}
}

// unfusedHead runs the ops that a head stands for.
func unfusedHead(t *testing.T, table Table, c *Call) []*buffer.Buffer {
	t.Helper()
	h, g, b, leaves := newHead(c), graph.New("unfused"), graph.Binding{}, map[string]*buffer.Buffer{}
	input := func(name string, x *buffer.Buffer) *graph.Value {
		var dims []any
		for i, d := range x.Shape {
			dims = append(dims, d)
			if d == 0 {
				dims[i], b["none"] = "none", 0
			}
		}
		leaves[name] = x
		return g.Input(name, x.DType, dims...)
	}
	x, w, trans := input("x", h.x), input("w", h.w), c.Node.Bool("transB")
	logits := graph.MatMulT(x, w, false, trans)
	if h.bias != nil {
		logits = graph.Add(logits, input("bias", h.bias))
	}
	label := input("label", h.label)
	shape := append(append([]graph.Dim(nil), label.Type.Dims...), graph.Int(h.classes))
	args := []*graph.Value{g.Add("reshape", graph.Attrs{"shape": shape}, logits)[0], label}
	if h.weight != nil {
		args = append(args, input("weight", h.weight))
	}
	reduce := graph.Attrs{"reduce": c.Node.Str("reduce")}
	results := g.Add("softmax_cross_entropy", reduce, args...)
	if h.dloss != nil {
		d := g.Add("softmax_cross_entropy_grad", reduce, append([]*graph.Value{input("dloss", h.dloss)}, args...)...)[0]
		d = g.Add("reshape", graph.Attrs{"shape": logits.Type.Dims}, d)[0]
		if trans {
			results = append(results, graph.MatMulT(d, x, true, false))
		} else {
			results = append(results, graph.MatMulT(x, d, true, false))
		}
		if h.bias != nil {
			results = append(results, graph.Sum(d, 0))
		}
		if h.dx != nil {
			results = append(results, graph.MatMulT(d, w, false, !trans))
		}
	}
	values, err := table.Interpret(g, b, leaves)
	if err != nil {
		t.Fatal(err)
	}
	var out []*buffer.Buffer
	for _, v := range results {
		out = append(out, values[v])
	}
	return out
}

// TestHeadErrors has the values that softmax_cross_entropy refuses too. After them the kernel works again.
func TestHeadErrors(t *testing.T) {
	x, w := normals(3, 4), normals(4, 700)
	for want, args := range map[string][]operand{
		"label 700 of row 1 is not in [0, 700)":        {x, w, givenInts(0, 700, 3)},
		"label -1 of row 2 is not in [0, 700)":         {x, w, givenInts(0, 9, -1)},
		"the total weight of the 3 rows is 0, so they": {x, w, givenInts(1, 1, 1), constant(0, 3)},
	} {
		for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
			for _, op := range []string{"linear_cross_entropy", "linear_cross_entropy_grad"} {
				tc := testCase{op, graph.Attrs{"weighted": len(args) > 3}, args}
				if op == "linear_cross_entropy_grad" {
					tc.args = append([]operand{constant(1)}, args...)
				}
				c := tc.call(t, graph.F32)
				if err := table.run(c); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %s: error %v; want one that says %q", name, op, err, want)
				}
				k, parts := prepared(t, table, c)
				errs := 0
				for p := range parts {
					if k.Run(c, p, parts) != nil {
						errs++
					}
				}
				if errs == 0 {
					t.Errorf("%s: %s: no part refuses %q", name, op, want)
				}
				h := newHead(c)
				clear(h.label.I32)
				if h.weight != nil {
					h.weight.F32[0] = 1
				}
				for p := range parts {
					if err := k.Run(c, p, parts); err != nil {
						t.Errorf("%s: %s: with other values: %v", name, op, err)
					}
				}
				again := &Call{Node: c.Node, In: c.In, Out: clone(c.Out)}
				mustRun(t, tc, table, again)
				if err := sameBits(c.Out, again.Out); err != nil {
					t.Errorf("%s: %s: after an error: %v", name, op, err)
				}
			}
		}
	}
	// The label of a row of weight 0 is not read.
	tc := testCase{"linear_cross_entropy_grad", graph.Attrs{"weighted": true}, []operand{constant(1), x, w, givenInts(0, -100, 3), given([]int{3}, 1, 0, 2)}}
	for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
		if err := table.run(tc.call(t, graph.F32)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCrew checks that a head has the same bits whatever the order of its parts and however many run together, and after runs
// that stopped halfway, since another call of the program failed.
func TestCrew(t *testing.T) {
	tc := headCase([3]int{chunkRows + 300, 24, 3*breadth + 5}, 2)[1]
	once := tc.call(t, graph.F32)
	mustRun(t, tc, Kernels(), once)
	c := tc.call(t, graph.F32)
	k, parts := prepared(t, Kernels(), c)
	if parts != headGroups {
		t.Fatalf("%d parts", parts)
	}
	var all, reverse []int
	for p := range parts {
		all, reverse = append(all, p), append([]int{p}, reverse...)
	}
	for _, order := range [][]int{all, {0}, all, {3, 1}, reverse, {15}, {2, 3}, {1}, reverse, all} {
		for _, out := range c.Out {
			for i := range out.F32 {
				out.F32[i] = float32(math.NaN())
			}
		}
		var wg sync.WaitGroup
		for _, p := range order {
			wg.Go(func() {
				if err := k.Run(c, p, parts); err != nil {
					t.Error(err)
				}
			})
			if len(order)%2 == 1 {
				wg.Wait()
			}
		}
		wg.Wait()
		if len(order) == parts {
			if err := sameBits(c.Out, once.Out); err != nil {
				t.Errorf("other bits in the order %v: %v", order, err)
			}
		}
	}
}

// BenchmarkHead is a head of 32,000 classes, with the three products' rate.
func BenchmarkHead(b *testing.B) {
	for _, rows := range []int{512, 2048} {
		tc := testCase{"linear_cross_entropy_grad", nil, []operand{constant(1), normals(rows, 512), between(-0.1, 0.1, 512, 32000), labels(32000, rows), constant(0, 32000)}}
		for _, op := range []string{"fused", "separate"} {
			b.Run(fmt.Sprint(op, "/", rows), func(b *testing.B) {
				c := tc.call(b, graph.F32)
				calls := []*Call{c}
				if op == "separate" {
					calls = headCalls(b, c)
				}
				table := Kernels()
				for _, c := range calls {
					if k := table[c.Node.Op.Name]; k.Prepare != nil {
						if err := k.Prepare(c); err != nil {
							b.Fatal(err)
						}
					}
				}
				for b.Loop() {
					for _, c := range calls {
						k := table[c.Node.Op.Name]
						parts := k.Parts(c)
						for p := range parts {
							if err := k.Run(c, p, parts); err != nil {
								b.Fatal(err)
							}
						}
					}
				}
				b.ReportMetric(6*float64(rows)*512*32000*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOPS")
			})
		}
	}
}

// headCalls are the calls that a head stands for, with logits and their gradient in one place as a plan has them.
func headCalls(b *testing.B, c *Call) []*Call {
	h, g := newHead(c), graph.New("separate")
	logits := buffer.New(graph.F32, h.rows, h.classes)
	call := func(op string, attrs graph.Attrs, out *buffer.Buffer, in ...*buffer.Buffer) *Call {
		var args []*graph.Value
		for _, x := range in {
			var dims []any
			for _, d := range x.Shape {
				dims = append(dims, d)
			}
			args = append(args, g.Input(fmt.Sprint("x", len(g.Nodes)), x.DType, dims...))
		}
		n := g.Add(op, attrs, args...)
		if err := g.Err(); err != nil {
			b.Fatal(err)
		}
		return &Call{Node: n[0].Node, In: in, Out: []*buffer.Buffer{out}}
	}
	return []*Call{
		call("fused_matmul", nil, logits, h.x, h.w, h.bias),
		call("softmax_cross_entropy", nil, h.loss, logits, h.label),
		call("softmax_cross_entropy_grad", nil, logits, h.dloss, logits, h.label),
		call("sum", graph.Attrs{"axes": []int{0}}, h.db, logits),
		call("matmul", graph.Attrs{"transB": true}, h.dx, logits, h.w),
		call("matmul", graph.Attrs{"transA": true}, h.dw, h.x, logits),
	}
}
