package native

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
)

// An operand describes one operand of a test case. Its values are drawn in float32, so that f32 and f64 see the same.
type operand struct {
	dtype   graph.DType // F32 stands for the floating-point dtype under test
	shape   []int
	pattern bool // shape is rows, columns; density of the entries is about a third
	entries bool // one value, or of shape, for each entry of the pattern before it
	times   int  // where above 0, that many of them
	draw    func(r *rand.Rand) float64
}

func of(draw func(r *rand.Rand) float64, shape ...int) operand {
	return operand{shape: shape, draw: draw}
}

func normals(shape ...int) operand {
	return of(func(r *rand.Rand) float64 { return r.NormFloat64() }, shape...)
}

// activations are like relu's results: many zeros, among them negative ones.
func activations(shape ...int) operand {
	return of(func(r *rand.Rand) float64 {
		if r.IntN(8) == 0 {
			return math.Copysign(0, -1)
		}
		return max(0, r.NormFloat64())
	}, shape...)
}

func between(lo, hi float64, shape ...int) operand {
	return of(func(r *rand.Rand) float64 { return lo + (hi-lo)*r.Float64() }, shape...)
}

func constant(v float64, shape ...int) operand {
	return of(func(*rand.Rand) float64 { return v }, shape...)
}

func weights(shape ...int) operand {
	return of(func(r *rand.Rand) float64 { return float64(r.IntN(3)) }, shape...)
}

// seldom is 1 once in twenty, else 0, as the weights of a graph's labelled nodes are.
func seldom(shape ...int) operand {
	return of(func(r *rand.Rand) float64 { return float64(r.IntN(20) / 19) }, shape...)
}

func labels(classes int, shape ...int) operand {
	o := of(func(r *rand.Rand) float64 { return float64(r.IntN(classes)) }, shape...)
	o.dtype = graph.I32
	return o
}

// inOrder is an ascending index of n rows of a table, of which some are named several times, or not at all.
func inOrder(rows, n int) operand {
	i := 0
	o := of(func(*rand.Rand) float64 { i++; return float64((i - 1) % n * rows / n) }, n)
	o.dtype = graph.I32
	return o
}

func integer(v int) operand {
	o := constant(float64(v))
	o.dtype = graph.I32
	return o
}

func keyOf(seed, step int) operand {
	o := labels(1, 2)
	values := []float64{float64(seed), float64(step)}
	i := 0
	o.draw = func(*rand.Rand) float64 { i++; return values[(i-1)%2] }
	return o
}

func bools(shape ...int) operand {
	o := labels(2, shape...)
	o.dtype = graph.Bool
	return o
}

func pattern(rows, cols int) operand { return operand{pattern: true, shape: []int{rows, cols}} }

func entries(shape ...int) operand {
	o := normals(shape...)
	o.entries = true
	return o
}

// timed is what there is for each time of a history, entry and head, between 0 and 1.
func timed(times, heads int) operand {
	o := between(0, 1, heads)
	o.entries, o.times = true, times
	return o
}

// A testCase is one op with attributes and operands.
type testCase struct {
	op    string
	attrs graph.Attrs
	args  []operand
}

func (tc testCase) String() string {
	s := tc.op
	for k, v := range tc.attrs {
		s += fmt.Sprintf(" %s=%v", k, v)
	}
	for _, a := range tc.args {
		s += fmt.Sprintf(" %v", a.shape)
	}
	return s
}

// call builds the node at dtype dt and draws its operands; results are allocated and hold NaN, so that a missed element shows.
func (tc testCase) call(t testing.TB, dt graph.DType) *Call {
	t.Helper()
	g, b, r := graph.New("case"), graph.Binding{"none": 0}, rand.New(rand.NewPCG(1, 2))
	var args []*graph.Value
	var in []*buffer.Buffer
	var last *buffer.Pattern
	for i, a := range tc.args {
		name := fmt.Sprintf("x%d", i)
		if a.pattern {
			last = randomPattern(t, r, a.shape[0], a.shape[1])
			b["nnz"] = last.NNZ()
			p, _ := g.Sparse(name, a.shape[0], a.shape[1], "nnz")
			args, in = append(args, p), append(in, &buffer.Buffer{Shape: []int{last.Rows, last.Cols, last.NNZ()}, Pattern: last})
			continue
		}
		if a.entries {
			a.shape = append([]int{last.NNZ()}, a.shape...)
		}
		links := 0 // the axis of the entries
		if a.times > 0 {
			a.shape, links = append([]int{a.times}, a.shape...), 1
		}
		dtype := a.dtype
		if dtype == graph.F32 {
			dtype = dt
		}
		dims := make([]any, len(a.shape))
		for j, d := range a.shape {
			dims[j] = d
			switch {
			case a.entries && j == links:
				dims[j] = "nnz"
			case d == 0:
				dims[j] = "none"
			}
		}
		args, in = append(args, g.Input(name, dtype, dims...)), append(in, drawn(r, dtype, a))
	}
	attrs := graph.Attrs{}
	for k, v := range tc.attrs {
		attrs[k] = v
	}
	if _, has := g.Ops().Lookup(tc.op).Attr("dtype"); has && tc.op != "cast" {
		attrs["dtype"] = dt.String()
	}
	var n *graph.Node
	if tc.op == "const" {
		shape := attrs["shape"].([]graph.Dim)
		n = g.Const(attrs["value"].(float64), graph.Tensor(dt, shape...)).Node
	} else {
		g.Add(tc.op, attrs, args...)
		n = g.Nodes[len(g.Nodes)-1]
	}
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	if err := checkOperands(n, b, in); err != nil {
		t.Fatal(err)
	}
	c := &Call{Node: n, In: in}
	if tc.op == "attention_grad" {
		if err := attended(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, res := range n.Results {
		shape, err := res.Type.Shape(b)
		if err != nil {
			t.Fatal(err)
		}
		c.Out = append(c.Out, poisoned(res.Type.DType, shape))
	}
	return c
}

func drawn(r *rand.Rand, dt graph.DType, a operand) *buffer.Buffer {
	b := buffer.New(dt, a.shape...)
	for i := range b.Len() {
		v := float64(float32(a.draw(r)))
		switch dt {
		case graph.F32:
			b.F32[i] = float32(v)
		case graph.F64:
			b.F64[i] = v
		case graph.I32:
			b.I32[i] = int32(v)
		case graph.Bool:
			b.Bool[i] = v != 0
		}
	}
	return b
}

func poisoned(dt graph.DType, shape []int) *buffer.Buffer {
	b := buffer.New(dt, shape...)
	for i := range b.Len() {
		switch dt {
		case graph.F32:
			b.F32[i] = float32(math.NaN())
		case graph.F64:
			b.F64[i] = math.NaN()
		case graph.I32:
			b.I32[i] = math.MinInt32
		}
	}
	return b
}

// randomPattern leaves every third row without entries.
func randomPattern(t testing.TB, r *rand.Rand, rows, cols int) *buffer.Pattern {
	t.Helper()
	var row, col []int32
	for i := range rows {
		for j := range cols {
			if i%3 != 1 && r.IntN(3) == 0 {
				row, col = append(row, int32(i)), append(col, int32(j))
			}
		}
	}
	p, _, err := buffer.NewPattern(rows, cols, row, col)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// prepared prepares c for table t and returns the kernel and its number of parts.
func prepared(t testing.TB, table Table, c *Call) (Kernel, int) {
	t.Helper()
	k := table[c.Node.Op.Name]
	if k.Prepare != nil {
		if err := k.Prepare(c); err != nil {
			t.Fatal(err)
		}
	}
	if k.Parts == nil {
		return k, 1
	}
	return k, k.Parts(c)
}

func clone(bs []*buffer.Buffer) []*buffer.Buffer {
	out := make([]*buffer.Buffer, len(bs))
	for i, b := range bs {
		if b.Pattern != nil {
			out[i] = b
			continue
		}
		out[i] = buffer.New(b.DType, b.Shape...)
		out[i].CopyFrom(b)
	}
	return out
}

// sameBits compares results to the bit.
func sameBits(a, b []*buffer.Buffer) error {
	for k := range a {
		for i := range a[k].Len() {
			if x, y := a[k].At(i), b[k].At(i); math.Float64bits(x) != math.Float64bits(y) {
				return fmt.Errorf("element %d of result %d: %v and %v", i, k, x, y)
			}
		}
	}
	return nil
}
