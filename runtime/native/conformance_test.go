package native

import (
	"math"
	"slices"
	"sync"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// TestEveryOpHasAKernel also keeps the tables free of kernels for ops that do not exist, and the cases complete.
func TestEveryOpHasAKernel(t *testing.T) {
	none := map[string]string{
		"input": "a leaf is fed or stored", "param": "a leaf is fed or stored", "state": "a leaf is fed or stored",
		"loss": "an effect of the runtime", "seed": "an effect of the runtime",
		"output": "an effect of the runtime", "store": "an effect of the runtime",
	}
	covered := map[string]bool{}
	for _, tc := range cases() {
		covered[tc.op] = true
	}
	for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
		for _, op := range graph.Standard().Ops() {
			_, has := table[op.Name]
			if _, excepted := none[op.Name]; has == excepted {
				t.Errorf("%s: op %s: has a kernel: %v, is excepted: %v", name, op.Name, has, excepted)
			}
			if has && !covered[op.Name] {
				t.Errorf("%s: op %s has no conformance case", name, op.Name)
			}
		}
		for op := range table {
			if graph.Standard().Lookup(op) == nil {
				t.Errorf("%s has a kernel for %s, which is no op", name, op)
			}
		}
	}
}

// TestConformance runs every case of cases on Kernels at f32 and at f64 and compares with Reference at f64.
func TestConformance(t *testing.T) {
	for _, dt := range []graph.DType{graph.F32, graph.F64} {
		for _, tc := range cases() {
			for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
				got, want := tc.call(t, dt), tc.call(t, graph.F64)
				mustRun(t, tc, table, got)
				mustRun(t, tc, Reference(), want)
				bound := bounds(t, tc, want, dt)
				for k := range want.Out {
					for i := range want.Out[k].Len() {
						g, w := got.Out[k].At(i), want.Out[k].At(i)
						if !(math.Abs(g-w) <= bound(k, i)) && g != w && !(g != g && w != w) {
							t.Fatalf("%s at %v, %v: element %d of result %d is %v, want %v within %g", name, dt, tc, i, k, g, w, bound(k, i))
						}
					}
				}
			}
		}
	}
}

func mustRun(t *testing.T, tc testCase, table Table, c *Call) {
	t.Helper()
	if err := table.run(c); err != nil {
		t.Fatalf("%v: %v", tc, err)
	}
}

// bounds returns the error that an element may have. With eps half a unit in the last place of the dtype, a sum of k terms,
// made one after the other, errs by at most k*eps times the sum of the terms' magnitudes (Higham, Accuracy and Stability of
// Numerical Algorithms, section 3.1), which is the same op on the operands' magnitudes. Other ops are a few roundings: their
// error is relative to the result or, where they subtract, to the largest operand.
func bounds(t *testing.T, tc testCase, want *Call, dt graph.DType) func(k, i int) float64 {
	eps := 0x1p-24
	if dt == graph.F64 {
		eps = 0x1p-53
	}
	switch tc.op {
	case "matmul", "grouped_matmul", "grouped_matmul_grad", "project", "spmm", "sddmm", "sum", "mean", "fused_mul_sum", "weight_bias_grad", "history_spread":
		c := &Call{Node: want.Node, In: clone(want.In), Out: clone(want.Out)}
		terms := 2
		for _, in := range c.In {
			for i, v := range in.F64 {
				in.F64[i] = math.Abs(v)
			}
			for _, d := range in.Shape {
				terms = max(terms, d+2)
			}
		}
		mustRun(t, tc, Reference(), c)
		return func(k, i int) float64 { return float64(terms) * eps * c.Out[k].F64[i] }
	case "fused_matmul", "fused_matmul_add", "fused_project", "project_generated", "fused_project_generated":
		return fusedBound(want, eps)
	case "linear_cross_entropy", "linear_cross_entropy_grad":
		return headBound(want, eps)
	case "history_attention", "history_attention_grad":
		return historyBound(want, eps)
	case "attention", "attention_grad":
		return attentionBound(want, eps)
	case "bias_act", "elu", "elu_grad", "sigmoid_grad", "tanh_grad", "shift", "sgd", "adam", "radam", "adam_rows", "radam_rows", "softmax_grad", "log_softmax", "log_softmax_grad",
		"softmax_cross_entropy", "softmax_cross_entropy_grad", "row_cosine":
		largest := 1.0
		for _, in := range want.In {
			for _, v := range in.F64 {
				largest = max(largest, math.Abs(v))
			}
		}
		// sum(dy) grows with the row, and so does what it multiplies.
		if tc.op == "softmax_grad" || tc.op == "log_softmax_grad" {
			largest *= float64(width(want.In[0]))
		}
		return func(k, i int) float64 { return 8 * eps * (largest + math.Abs(want.Out[k].At(i))) }
	case "sigmoid_cross_entropy_grad":
		// The sigmoid and the target cancel; both are at most 1, times a scale.
		scale := want.In[0].F64[0]
		if want.Node.Str("reduce") == "mean" {
			scale /= float64(want.In[1].Len())
		}
		return func(k, i int) float64 { return 4 * eps * scale }
	case "global_norm":
		terms := 0
		for _, in := range want.In {
			terms += in.Len()
		}
		return func(k, i int) float64 { return float64(terms+2) * eps * want.Out[k].F64[i] }
	case "softmax", "restricted_softmax", "segment_softmax":
		// x - largest is rounded to eps times its magnitude, which the exponential turns into a relative error; results
		// below the smallest normal number lose digits.
		largest := 1.0
		for _, v := range want.In[len(want.In)-1].F64 {
			largest = max(largest, 2*math.Abs(v))
		}
		return func(k, i int) float64 { return (4+largest)*eps*want.Out[k].F64[i] + 0x1p-149 }
	}
	return func(k, i int) float64 { return 4*eps*math.Abs(want.Out[k].At(i)) + 0x1p-149 }
}

// TestParts checks that neither the order of the parts nor running them together changes a bit.
func TestParts(t *testing.T) {
	split := map[string]bool{}
	for _, dt := range []graph.DType{graph.F32, graph.F64} {
		for _, tc := range cases() {
			inOrder := tc.call(t, dt)
			mustRun(t, tc, Kernels(), inOrder)

			reverse := tc.call(t, dt)
			k, parts := prepared(t, Kernels(), reverse)
			if parts > 1 {
				split[tc.op] = true
			}
			for p := parts - 1; p >= 0; p-- {
				if err := k.Run(reverse, p, parts); err != nil {
					t.Fatalf("%v: %v", tc, err)
				}
			}
			if err := sameBits(inOrder.Out, reverse.Out); err != nil {
				t.Fatalf("%v: in order and in reverse: %v", tc, err)
			}

			together := tc.call(t, dt)
			k, _ = prepared(t, Kernels(), together)
			var wg sync.WaitGroup
			for p := range parts {
				wg.Go(func() { _ = k.Run(together, p, parts) })
			}
			wg.Wait()
			if err := sameBits(inOrder.Out, together.Out); err != nil {
				t.Fatalf("%v: in order and together: %v", tc, err)
			}
		}
	}
	whole := []string{"key", "feedback_matrix", "row_cosine", "clip_factor"}
	for name := range Kernels() {
		if split[name] == slices.Contains(whole, name) {
			t.Errorf("%s is split in some case: %v", name, split[name])
		}
	}
}

// TestInPlace runs every kernel in all the places that it says it can share, its parts together.
func TestInPlace(t *testing.T) {
	for _, dt := range []graph.DType{graph.F32, graph.F64} {
		for _, tc := range cases() {
			for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
				apart := tc.call(t, dt)
				mustRun(t, tc, table, apart)

				shared := tc.call(t, dt)
				any := false
				for i, j := range table[tc.op].InPlace {
					if i < len(shared.Out) && j >= 0 && slices.Equal(shared.Out[i].Shape, shared.In[j].Shape) {
						shared.Out[i], any = shared.In[j], true
					}
				}
				if !any {
					continue
				}
				k, parts := prepared(t, table, shared)
				var wg sync.WaitGroup
				for p := range parts {
					wg.Go(func() { _ = k.Run(shared, p, parts) })
				}
				wg.Wait()
				if err := sameBits(apart.Out, shared.Out); err != nil {
					t.Fatalf("%s, %v: apart and in place: %v", name, tc, err)
				}
			}
		}
	}
}

// TestInPlaceSquare runs the elementwise ops of two operands on one buffer three times over: x = f(x, x).
func TestInPlaceSquare(t *testing.T) {
	for _, op := range []string{"add", "sub", "mul", "div", "relu_grad", "elu_grad", "leaky_relu_grad", "abs_grad", "sigmoid_grad", "tanh_grad"} {
		tc := testCase{op, nil, []operand{between(0.1, 1, 200, 300), between(0.1, 1, 200, 300)}}
		apart, shared := tc.call(t, graph.F32), tc.call(t, graph.F32)
		apart.In[1] = apart.In[0]
		shared.In[1], shared.Out[0] = shared.In[0], shared.In[0]
		mustRun(t, tc, Kernels(), apart)
		mustRun(t, tc, Kernels(), shared)
		if err := sameBits(apart.Out, shared.Out); err != nil {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// TestMatmulIgnoresAlignment moves the factors by one element in memory: bits must not depend on addresses.
func TestMatmulIgnoresAlignment(t *testing.T) {
	for trans := range 4 {
		tc := testCase{"matmul", graph.Attrs{"transA": trans&1 != 0, "transB": trans&2 != 0}, []operand{normals(61, 61), normals(61, 61)}}
		first, second := tc.call(t, graph.F32), tc.call(t, graph.F32)
		for _, in := range append(second.In, second.Out...) {
			moved := make([]float32, len(in.F32)+1)[1:]
			copy(moved, in.F32)
			in.F32 = moved
		}
		mustRun(t, tc, Kernels(), first)
		mustRun(t, tc, Kernels(), second)
		if err := sameBits(first.Out, second.Out); err != nil {
			t.Errorf("trans %d: %v", trans, err)
		}
	}
}

// TestFusionKeepsBits compares bias_act with add followed by the activation, in both tables.
func TestFusionKeepsBits(t *testing.T) {
	for _, act := range []string{"relu", "elu", "sigmoid", "tanh"} {
		for name, table := range map[string]Table{"Reference": Reference(), "Kernels": Kernels()} {
			g := graph.New("fusion")
			x, b := g.Input("x", graph.F32, 40, 33), g.Input("b", graph.F32, 33)
			fused := g.Add("bias_act", graph.Attrs{"act": act}, x, b)[0]
			plain := graph.Apply(act, graph.Add(x, b))
			in := testCase{"add", nil, []operand{normals(40, 33), normals(33)}}.call(t, graph.F32).In
			values, err := table.Interpret(g, nil, map[string]*buffer.Buffer{"x": in[0], "b": in[1]})
			if err != nil {
				t.Fatal(err)
			}
			if err := sameBits([]*buffer.Buffer{values[fused]}, []*buffer.Buffer{values[plain]}); err != nil {
				t.Errorf("%s: %s: %v", name, act, err)
			}
		}
	}
}

// TestRunAllocatesNothing excepts the orthogonal feedback matrix, which is made once.
func TestRunAllocatesNothing(t *testing.T) {
	for _, dt := range []graph.DType{graph.F32, graph.F64} {
		for _, tc := range cases() {
			if tc.attrs["dist"] == "orthogonal" {
				continue
			}
			c := tc.call(t, dt)
			k, parts := prepared(t, Kernels(), c)
			if n := testing.AllocsPerRun(1, func() {
				for p := range parts {
					_ = k.Run(c, p, parts)
				}
			}); n != 0 {
				t.Errorf("%v, %v: %v allocations", dt, tc, n)
			}
		}
	}
}
