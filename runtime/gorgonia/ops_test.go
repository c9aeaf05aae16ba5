package gorgonia

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"graft/graph"
	"graft/runtime"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// opCase is a call of one op. A type of operands may be followed by what its elements are: positive, or below a bound.
type opCase struct {
	op       string
	attrs    graph.Attrs
	operands []string
}

func (c opCase) String() string { return fmt.Sprint(c.op, c.attrs, c.operands) }

// opCases has calls of every op that is executed, with the shapes that Gorgonia treats specially: scalars, single elements,
// axes of length 1, many axes.
func opCases() []opCase {
	var cases []opCase
	add := func(op string, attrs graph.Attrs, operands ...string) {
		cases = append(cases, opCase{op, attrs, operands})
	}
	shapes := []string{"[]", "[1]", "[5]", "[1, 1]", "[1, 4]", "[4, 1]", "[3, 4]", "[2, 1, 3]", "[2, 3, 4, 5]"}
	both := func(f func(dt string)) { f("f32"); f("f64") }
	both(func(dt string) {
		for _, s := range shapes {
			for _, op := range []string{"neg", "square", "exp", "relu", "elu", "sigmoid", "tanh"} {
				add(op, nil, dt+s)
			}
			add("sqrt", nil, dt+s+" positive")
			add("log", nil, dt+s+" positive")
			add("scale", graph.Attrs{"by": -0.3}, dt+s)
			add("shift", graph.Attrs{"by": 1.0}, dt+s)
			add("scale", graph.Attrs{"by": 0.0}, dt+s)
			for _, op := range []string{"relu_grad", "elu_grad", "sigmoid_grad", "tanh_grad"} {
				add(op, nil, dt+s, dt+s)
			}
			add("dropout", graph.Attrs{"rate": 0.5, "stream": "a"}, dt+s, "i32[2] below 9")
			add("dropout_given", graph.Attrs{"rate": 0.5}, dt+s, dt+s)
			add("equal", nil, dt+s, dt+s)
			add("cast", graph.Attrs{"dtype": "i32"}, dt+s)
			add("sgd", graph.Attrs{"momentum": 0.9}, dt+s, dt+s, dt+"[]", dt+s)
			add("sgd", nil, dt+s, dt+s, dt+"[]")
			add("adam", graph.Attrs{"weight_decay": 0.1}, dt+s, dt+s, dt+s+" positive", dt+s, dt+"[]", "i32[] below 9")
			add("sgd", graph.Attrs{"momentum": 0.9, "clipped": true}, dt+s, dt+s, dt+"[]", dt+s, dt+"[]")
			add("sgd", graph.Attrs{"clipped": true}, dt+s, dt+s, dt+"[]", dt+"[]")
			add("adam", graph.Attrs{"clipped": true}, dt+s, dt+s, dt+s+" positive", dt+s, dt+"[]", "i32[] below 9", dt+"[]")
			add("global_norm", nil, dt+s, dt+"[3]", dt+s)
		}
		for _, pair := range [][2]string{
			{"[]", "[]"}, {"[3, 4]", "[3, 4]"}, {"[3, 4]", "[4]"}, {"[4]", "[3, 4]"}, {"[3, 4]", "[]"}, {"[]", "[3, 4]"}, {"[3, 1]", "[1, 4]"},
			{"[3, 4]", "[1]"}, {"[3, 4]", "[1, 1]"}, {"[1]", "[]"}, {"[1, 1]", "[]"}, {"[]", "[1]"}, {"[1, 1]", "[1]"}, {"[3, 4]", "[3, 1]"}, {"[1, 4]", "[4]"},
			{"[2, 3, 4]", "[3, 1]"}, {"[2, 1, 4, 1, 2]", "[3, 1, 5, 1]"}, {"[1]", "[3]"}, {"[1, 1]", "[1, 1]"}, {"[5, 1]", "[5, 1]"},
		} {
			for _, op := range []string{"add", "sub", "mul"} {
				add(op, nil, dt+pair[0], dt+pair[1])
			}
			add("div", nil, dt+pair[0], dt+pair[1]+" positive")
		}
		add("grouped_matmul", nil, dt+"[5, 6]", dt+"[3, 2, 4]")
		add("grouped_matmul", graph.Attrs{"transB": true}, dt+"[5, 6]", dt+"[3, 4, 2]")
		add("grouped_matmul_grad", graph.Attrs{"groups": 3}, dt+"[5, 6]", dt+"[5, 12]")
		add("fused_mul_sum", graph.Attrs{"axes": []int{2}}, dt+"[3, 2, 4]", dt+"[1, 2, 4]")
		add("fused_mul_sum", graph.Attrs{"axes": []int{0}}, dt+"[3, 2, 4]", dt+"[3, 2, 1]")
		for _, act := range []string{"relu", "elu", "sigmoid", "tanh"} {
			add("bias_act", graph.Attrs{"act": act, "alpha": 0.7}, dt+"[3, 4]", dt+"[4]")
			add("bias_act", graph.Attrs{"act": act}, dt+"[1, 4]", dt+"[4]")
			add("bias_act", graph.Attrs{"act": act}, dt+"[2, 3, 1]", dt+"[1]")
		}
		for _, act := range []string{"none", "relu", "elu", "sigmoid", "tanh", "relu_grad", "elu_grad", "sigmoid_grad", "tanh_grad"} {
			attrs := graph.Attrs{"act": act, "alpha": 0.7, "transB": true}
			var of []string
			if strings.HasSuffix(act, "_grad") {
				of = []string{dt + "[3, 4]"}
				add("fused_project", graph.Attrs{"act": act, "scale": 0.3}, dt+"[3, 5]", dt+"[5, 4]", of[0])
			}
			with := func(op string, operands ...string) { add(op, attrs, append(operands, of...)...) }
			with("fused_matmul", dt+"[3, 5]", dt+"[4, 5]")
			with("fused_matmul", dt+"[3, 5]", dt+"[4, 5]", dt+"[4]")
			with("fused_matmul_add", dt+"[3, 5]", dt+"[4, 5]", dt+"[3, 4]")
			with("fused_matmul_add", dt+"[3, 5]", dt+"[4, 5]", dt+"[3, 4]", dt+"[4]")
		}
		add("weight_bias_grad", nil, dt+"[5, 3]", dt+"[5, 4]")
		add("fused_matmul", graph.Attrs{"act": "tanh", "transA": true}, dt+"[2, 5, 3]", dt+"[2, 5, 4]", dt+"[4]")
		add("fused_matmul", graph.Attrs{"act": "relu_grad"}, dt+"[1, 5]", dt+"[5, 1]", dt+"[1, 1]")
		for _, op := range []string{"sum", "mean"} {
			for _, keep := range []bool{false, true} {
				for s, axes := range map[string][][]int{
					"[]": {{}}, "[1]": {{0}, {}}, "[5]": {{0}}, "[1, 4]": {{0}, {1}, {0, 1}}, "[4, 1]": {{0}, {1}, {0, 1}}, "[3, 4]": {{0}, {1}, {0, 1}, {}},
					"[1, 1]": {{0}, {1}, {0, 1}}, "[2, 3, 4]": {{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}}, "[2, 3, 1, 2]": {{1}, {2}, {1, 3}, {0, 2, 3}},
					"[5, 2, 3, 4]": {{1}, {2}, {0, 2}, {1, 3}, {0, 3}, {1, 2}}, "[2, 1, 3, 2, 4]": {{0, 2, 4}, {1, 3}, {2}},
				} {
					for _, a := range axes {
						add(op, graph.Attrs{"axes": a, "keep": keep}, dt+s)
					}
				}
			}
		}
		for _, s := range [][2]string{{"[]", "[]"}, {"[]", "[1, 1]"}, {"[1, 1]", "[]"}, {"[1]", "[]"}, {"[6]", "[2, 3]"}, {"[2, 3]", "[3, 2]"}, {"[2, 3]", "[1, 6, 1]"}} {
			add("reshape", graph.Attrs{"shape": dims(s[1])}, dt+s[0])
		}
		for _, s := range [][2]string{{"[]", "[]"}, {"[]", "[2, 3]"}, {"[1]", "[4]"}, {"[4]", "[3, 4]"}, {"[3, 1]", "[3, 4]"}, {"[1, 1]", "[2, 3]"}, {"[2, 3]", "[2, 3]"},
			{"[2, 1, 3, 1]", "[5, 2, 4, 3, 2]"}, {"[3, 1]", "[2, 3, 1]"}} {
			add("broadcast", graph.Attrs{"shape": dims(s[1])}, dt+s[0])
			add("spread", graph.Attrs{"shape": dims(s[1])}, dt+s[0])
		}
		for s, perms := range map[string][][]int{"[4]": {{0}}, "[3, 4]": {{1, 0}, {0, 1}}, "[1, 4]": {{1, 0}}, "[4, 1]": {{1, 0}}, "[1, 1]": {{1, 0}},
			"[2, 3, 4]": {{0, 2, 1}, {1, 0, 2}, {2, 0, 1}, {2, 1, 0}, {1, 2, 0}}, "[2, 3, 4, 5]": {{0, 2, 1, 3}, {3, 1, 0, 2}}, "[]": {{}}} {
			for _, perm := range perms {
				add("transpose", graph.Attrs{"perm": perm}, dt+s)
			}
		}
		for _, s := range []string{"[6]", "[6, 3]", "[6, 1]", "[6, 2, 4]"} {
			add("slice", graph.Attrs{"axis": 0, "start": 1, "size": 3}, dt+s)
			add("slice", graph.Attrs{"axis": 0, "start": 5, "size": 1}, dt+s)
			add("slice", graph.Attrs{"axis": 0, "size": 6}, dt+s)
			add("repeat", graph.Attrs{"axis": 0, "times": 2}, dt+s)
			add("concat", graph.Attrs{"axis": 0}, dt+s, dt+s)
			add("concat", graph.Attrs{"axis": 0}, dt+s, dt+s, dt+s)
			add("pad", graph.Attrs{"axis": 0, "before": 1, "after": 2}, dt+s)
		}
		add("slice", graph.Attrs{"axis": 0, "size": 1}, dt+"[1, 1]")
		add("slice", graph.Attrs{"axis": 1, "start": 2, "size": 2}, dt+"[3, 5]")
		add("slice", graph.Attrs{"axis": 1, "start": 2, "size": 1}, dt+"[3, 5]")
		add("slice", graph.Attrs{"axis": 1, "start": 1, "size": 2}, dt+"[2, 5, 3]")
		add("slice", graph.Attrs{"axis": 2, "start": 1, "size": 1}, dt+"[2, 5, 3]")
		add("slice", graph.Attrs{"axis": 1, "start": 256, "size": 2}, dt+"[2, 600]")
		add("concat", graph.Attrs{"axis": 1}, dt+"[3, 1]", dt+"[3, 2]", dt+"[3, 1]")
		add("concat", graph.Attrs{"axis": 2}, dt+"[2, 3, 1]", dt+"[2, 3, 4]")
		add("concat", graph.Attrs{"axis": 1}, dt+"[2, 1, 1]", dt+"[2, 3, 1]")
		for _, m := range [][3]int{{3, 5, 4}, {1, 5, 4}, {3, 1, 4}, {3, 5, 1}, {1, 1, 1}, {1, 5, 1}} {
			for _, batch := range []string{"", "2, ", "1, ", "2, 3, "} {
				for t := range 4 {
					a, b := fmt.Sprintf("[%s%d, %d]", batch, m[0], m[1]), fmt.Sprintf("[%s%d, %d]", batch, m[1], m[2])
					if t&1 != 0 {
						a = fmt.Sprintf("[%s%d, %d]", batch, m[1], m[0])
					}
					if t&2 != 0 {
						b = fmt.Sprintf("[%s%d, %d]", batch, m[2], m[1])
					}
					add("matmul", graph.Attrs{"transA": t&1 != 0, "transB": t&2 != 0}, dt+a, dt+b)
				}
			}
			add("project", graph.Attrs{"scale": 0.25}, fmt.Sprintf("%s[%d, %d]", dt, m[0], m[1]), fmt.Sprintf("%s[%d, %d]", dt, m[1], m[2]))
		}
		for _, s := range []string{"[4]", "[1]", "[3, 4]", "[1, 4]", "[3, 1]", "[2, 3, 4]"} {
			add("softmax", nil, dt+s)
			add("log_softmax", nil, dt+s)
			add("softmax_grad", nil, dt+s, dt+s)
			add("log_softmax_grad", nil, dt+s, dt+s)
			add("argmax", nil, dt+s)
		}
		add("softmax_cross_entropy", nil, dt+"[5, 4]", "i32[5] below 4")
		add("softmax_cross_entropy", graph.Attrs{"reduce": "sum"}, dt+"[2, 5, 4]", "i32[2, 5] below 4", dt+"[2, 5] positive")
		add("softmax_cross_entropy_grad", nil, dt+"[]", dt+"[5, 4]", "i32[5] below 4")
		add("softmax_cross_entropy_grad", nil, dt+"[]", dt+"[5, 4]", "i32[5] below 4", dt+"[5] positive")
		add("linear_cross_entropy", nil, dt+"[5, 3]", dt+"[3, 4]", "i32[5] below 4", dt+"[4]")
		add("linear_cross_entropy_grad", graph.Attrs{"transB": true, "weighted": true}, dt+"[]", dt+"[6, 3]", dt+"[4, 3]", "i32[2, 3] below 4", dt+"[2, 3] positive")
		add("linear_cross_entropy_grad", graph.Attrs{"dx": false}, dt+"[]", dt+"[5, 3]", dt+"[3, 4]", "i32[5] below 4", dt+"[4]")
		add("spmm", nil, "pattern[5, 4, 7]", dt+"[7]", dt+"[4, 3]")
		add("spmm", graph.Attrs{"trans": true}, "pattern[5, 4, 7]", dt+"[7]", dt+"[5, 3]")
		add("sddmm", nil, "pattern[5, 4, 7]", dt+"[5, 3]", dt+"[4, 3]")
		add("row_cosine", nil, dt+"[5, 3]", dt+"[5, 3]")
		add("clip_factor", graph.Attrs{"max": 1.0}, dt+"[] positive")
		add("random_uniform", graph.Attrs{"shape": dims("[3, 5]"), "stream": "b", "dtype": dt}, "i32[2] below 9")
		add("random_normal", graph.Attrs{"shape": dims("[]"), "stream": "b", "dtype": dt}, "i32[2] below 9")
		add("random_normal", graph.Attrs{"shape": dims("[3, 5]"), "stream": "b", "dtype": dt}, "i32[2] below 9")
		for _, dist := range []string{"uniform", "normal", "rademacher", "orthogonal", "identity"} {
			add("feedback_matrix", graph.Attrs{"shape": dims("[3, 5]"), "stream": "b", "dist": dist, "dtype": dt}, "i32[] below 9")
		}
		for _, dist := range []string{"uniform", "rademacher"} {
			add("project_generated", graph.Attrs{"columns": 4, "stream": "b", "dist": dist, "scale": 0.3}, dt+"[3, 5]", "i32[] below 9")
			add("fused_project_generated", graph.Attrs{"columns": 4, "stream": "b", "dist": dist, "act": "relu_grad"}, dt+"[3, 5]", "i32[] below 9", dt+"[3, 4]")
		}
		modelCases(dt, add)
	})
	add("key", nil, "i32[] below 9", "i32[] below 9")
	for _, dt := range []string{"i32", "bool"} { // which Gorgonia does not compute with
		bounded := dt + "%s below 3"
		if dt == "bool" {
			bounded = dt + "%s"
		}
		x := func(s string) string { return fmt.Sprintf(bounded, s) }
		add("reshape", graph.Attrs{"shape": dims("[3, 2]")}, x("[6]"))
		add("reshape", graph.Attrs{"shape": dims("[]")}, x("[1]"))
		add("broadcast", graph.Attrs{"shape": dims("[3, 2]")}, x("[2]"))
		add("transpose", graph.Attrs{"perm": []int{1, 0}}, x("[3, 2]"))
		add("slice", graph.Attrs{"axis": 0, "start": 1, "size": 1}, x("[3]"))
		add("concat", graph.Attrs{"axis": 0}, x("[3]"), x("[2]"))
		add("pad", graph.Attrs{"axis": 0, "before": 1}, x("[3]"))
		add("repeat", graph.Attrs{"axis": 0, "times": 2}, x("[3]"))
		add("equal", nil, x("[3]"), x("[3]"))
		add("cast", graph.Attrs{"dtype": "f32"}, x("[3]"))
		add("cast", graph.Attrs{"dtype": "f64"}, x("[]"))
	}
	return cases
}

// dims parses "[2, 3]".
func dims(s string) []graph.Dim {
	parts := []any{}
	for _, f := range strings.Split(strings.Trim(s, "[]"), ",") {
		var n int
		if k, _ := fmt.Sscan(f, &n); k == 1 {
			parts = append(parts, n)
		}
	}
	return graph.Dims(parts...)
}

// program makes the program of the case, and values for its inputs, which are called a, b, c, ...
func (c opCase) program(t *testing.T, r *rand.Rand) (*graph.Graph, map[string]*buffer.Buffer) {
	t.Helper()
	g, leaves := graph.New("one"), map[string]*buffer.Buffer{}
	g.Program = true
	var args []*graph.Value
	for i, o := range c.operands {
		kind, elements, _ := strings.Cut(o, " ")
		if open := strings.Index(o, "]"); open >= 0 {
			kind, elements = o[:open+1], strings.TrimSpace(o[open+1:])
		}
		name, shape := string(rune('a'+i)), strings.Index(kind, "[")
		d := dims(kind[shape:])
		typ := graph.Tensor(map[string]graph.DType{"f32": graph.F32, "f64": graph.F64, "i32": graph.I32, "bool": graph.Bool}[kind[:shape]], d...)
		if kind[:shape] == "pattern" {
			typ = graph.PatternType(d[0], d[1], d[2])
		}
		args = append(args, g.InputOf(name, typ))
		leaves[name] = draw(t, typ, nil, elements, r)
	}
	phase := graph.Forward
	if g.Ops().Lookup(c.op).Is(graph.Optimizer) {
		phase = graph.Update
	}
	g.At(graph.Context{Phase: phase})
	for i, v := range g.Add(c.op, c.attrs, args...) {
		if v.Node != nil {
			g.Output(fmt.Sprint("out", i), v)
		}
	}
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	return g, leaves
}

// draw returns random elements: normal, positive, or integers below a bound.
func draw(t *testing.T, typ graph.Type, bind graph.Binding, elements string, r *rand.Rand) *buffer.Buffer {
	t.Helper()
	shape, err := typ.Shape(bind)
	if err != nil {
		t.Fatal(err)
	}
	if typ.Sparse {
		return &buffer.Buffer{Shape: shape, DType: graph.I32, Pattern: pattern(t, shape[0], shape[1], shape[2], r)}
	}
	b, below := buffer.New(typ.DType, shape...), 1
	fmt.Sscanf(elements, "below %d", &below)
	for i := range b.Len() {
		x := r.NormFloat64()
		if elements == "positive" {
			x = math.Abs(x) + 0.1
		}
		switch typ.DType {
		case graph.F32:
			b.F32[i] = float32(x)
		case graph.F64:
			b.F64[i] = x
		case graph.I32:
			b.I32[i] = int32(r.IntN(below))
		case graph.Bool:
			b.Bool[i] = x > 0
		}
	}
	return b
}

func pattern(t *testing.T, rows, cols, nnz int, r *rand.Rand) *buffer.Pattern {
	t.Helper()
	var row, col []int32
	for _, at := range r.Perm(rows * cols)[:nnz] {
		row, col = append(row, int32(at/cols)), append(col, int32(at%cols))
	}
	p, _, err := buffer.NewPattern(rows, cols, row, col)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// seedOf keeps a case's values where they are when cases are added.
func seedOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// feed gives an executable its inputs.
func feed(t *testing.T, e *runtime.Executable, inputs map[string]*buffer.Buffer) {
	t.Helper()
	for name, b := range inputs {
		f, err := e.Feed(name)
		if err == nil && b.Pattern != nil {
			err = f.SetPattern(b.Pattern)
		} else if err == nil {
			err = f.Set(b.Dense())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryOp runs each op on Gorgonia and on its reference kernel. An op that takes the kernel gives the same bits. One of
// Gorgonia's own is computed in the values' own precision, the reference in double: the longest sums here have 60 terms of
// order 1, so that their difference is below 60 roundings of the largest result.
func TestEveryOp(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range opCases() {
		tested[c.op] = true
		t.Run(c.String(), func(t *testing.T) {
			g, leaves := c.program(t, rand.New(rand.NewPCG(1, seedOf(c.String()))))
			e, err := runtime.Load(g, nil, runtime.NewState(), runtime.Options{Backend: New()})
			if err != nil {
				t.Fatal(err)
			}
			feed(t, e, leaves)
			values, err := native.Reference().Interpret(g, nil, leaves)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 { // the first run allocates Gorgonia's registers, others reuse them
				if err := e.Step(context.Background()); err != nil {
					t.Fatal(err)
				}
				for _, n := range g.Effects("output") {
					want := values[n.Args[0]]
					res, err := e.Result(n.Name())
					if err != nil {
						t.Fatal(err)
					}
					got, err := buffer.FromDense(res.Tensor())
					if err != nil {
						t.Fatal(err)
					}
					tol := 0.0
					if ownRule(n.Args[0].Node) != nil {
						tol = map[graph.DType]float64{graph.F32: 60 * 0x1p-24, graph.F64: 60 * 0x1p-53}[want.DType]
					}
					near(t, n.Name(), got, want, tol)
				}
			}
		})
	}
	for _, op := range graph.Standard().Ops() {
		if !tested[op.Name] && !op.Is(graph.Leaf) && !op.Is(graph.Mark) && !op.Is(graph.Effect) {
			t.Errorf("op %s is not tested", op.Name)
		}
	}
	for name := range own() {
		if !tested[name] {
			t.Errorf("own has a rule for %s, which is no op", name)
		}
	}
}

// near compares two buffers. The tolerance is relative to the largest element, and to 1 where all are smaller. It returns the
// largest difference in that measure.
func near(t *testing.T, name string, got, want *buffer.Buffer, tol float64) float64 {
	t.Helper()
	if got.DType != want.DType || fmt.Sprint(got.Shape) != fmt.Sprint(want.Shape) {
		t.Fatalf("%s: %v%v, want %v%v", name, got.DType, got.Shape, want.DType, want.Shape)
	}
	scale, worst, at := 1.0, 0.0, 0
	for i := range want.Len() {
		scale = max(scale, math.Abs(want.At(i)))
	}
	for i := range want.Len() {
		d := math.Abs(got.At(i)-want.At(i)) / scale
		if d > worst || math.IsNaN(d) { // nothing is above NaN
			worst, at = d, i
		}
	}
	if !(worst <= tol) {
		t.Errorf("%s: element %d is %v, want %v", name, at, got.At(at), want.At(at))
	}
	return worst
}
