package zoo_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// world is what a definition and its programs are run on: the sizes of symbols and the values of leaves by name. A leaf is drawn
// when it is first asked for, from a stream of its name.
type world struct {
	sizes  graph.Binding
	leaves map[string]*buffer.Buffer
}

// newWorld draws the inputs of a definition.
func newWorld(t *testing.T, def *graph.Graph, sizes graph.Binding) *world {
	t.Helper()
	w := &world{graph.Binding{}, map[string]*buffer.Buffer{}}
	for _, s := range def.Symbols() {
		if sizes[s] == 0 {
			t.Fatalf("no size for symbol %q of %s", s, def.Name)
		}
		w.sizes[s] = sizes[s]
	}
	users := def.Users()
	for _, v := range def.Leaves("input") {
		if b := w.leaf(t, v); v.Type.DType == graph.I32 && !v.Type.Sparse && !v.Type.IsScalar() {
			below := bound(v, users)
			if below == 0 {
				t.Fatalf("what %v may hold cannot be told from its users", v)
			}
			r := stream(v.Node.Name())
			for i := range b.I32 {
				b.I32[i] = int32(r.IntN(below))
			}
		}
	}
	return w
}

func stream(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(5, h.Sum64()))
}

// bound returns the number that the elements of an integer value must be below, as its users demand, or 0.
func bound(v *graph.Value, users map[*graph.Value][]*graph.Node) int {
	least := 0
	for _, n := range users[v] {
		var d graph.Dim
		switch {
		case n.Op.Name == "reshape" || n.Op.Name == "cast":
			if b := bound(n.Results[0], users); b > 0 {
				d = graph.Int(b)
			}
		case n.Op.Name == "gather" && n.Args[1] == v:
			d = n.Args[0].Type.Dims[0]
		case n.Op.Name == "softmax_cross_entropy" && n.Args[1] == v:
			logits := n.Args[0].Type.Dims
			d = logits[len(logits)-1]
		case n.Op.Name == "sigmoid_cross_entropy" && n.Args[1] == v:
			d = graph.Int(2)
		}
		if b, ok := d.Const(); ok && b > 0 && (least == 0 || b < least) {
			least = b
		}
	}
	return least
}

// leaf returns the value of a leaf.
func (w *world) leaf(t *testing.T, v *graph.Value) *buffer.Buffer {
	t.Helper()
	name := v.Node.Name()
	if b := w.leaves[name]; b != nil {
		return b
	}
	shape, err := v.Type.Shape(w.sizes)
	if err != nil {
		t.Fatal(err)
	}
	r := stream(name)
	if v.Type.Sparse {
		w.leaves[name] = &buffer.Buffer{DType: graph.I32, Shape: shape, Pattern: pattern(t, r, shape[0], shape[1], shape[2])}
		return w.leaves[name]
	}
	b := buffer.New(v.Type.DType, shape...)
	switch {
	case name == "seed":
		b.I32[0] = 7
	case name == "step":
		b.I32[0] = 3
	case name == "lr":
		fill(b, func() float64 { return 0.05 })
	case v.Is("input"):
		fill(b, func() float64 { return 0.1 + 0.9*r.Float64() })
	case v.Is("state") && v.Node.Str("init") == "ones": // a variance
		fill(b, func() float64 { return 0.5 + r.Float64() })
	case v.Is("param") && len(shape) == 1: // biases and scales: positive, so that most units behind ReLU are alive
		fill(b, func() float64 { return 0.1 + 0.4*r.Float64() })
	default:
		fill(b, func() float64 { return 0.5 * r.NormFloat64() })
	}
	w.leaves[name] = b
	return b
}

// fill sets the elements of a floating-point buffer.
func fill(b *buffer.Buffer, next func() float64) {
	for i := range b.F32 {
		b.F32[i] = float32(next())
	}
	for i := range b.F64 {
		b.F64[i] = next()
	}
}

// pattern draws the places of nnz entries.
func pattern(t *testing.T, r *rand.Rand, rows, cols, nnz int) *buffer.Pattern {
	t.Helper()
	taken := map[int]bool{}
	for len(taken) < nnz {
		taken[r.IntN(rows*cols)] = true
	}
	var row, col []int32
	for _, at := range slices.Sorted(maps.Keys(taken)) {
		row, col = append(row, int32(at/cols)), append(col, int32(at%cols))
	}
	p, _, err := buffer.NewPattern(rows, cols, row, col)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// interpret evaluates a graph on the reference kernels.
func (w *world) interpret(t *testing.T, g *graph.Graph) map[*graph.Value]*buffer.Buffer {
	t.Helper()
	for _, n := range g.Nodes {
		if n.Op.Is(graph.Leaf) && n.Op.Name != "const" {
			w.leaf(t, n.Results[0])
		}
	}
	values, err := native.Reference().Interpret(g, w.sizes, w.leaves)
	if err != nil {
		t.Fatal(fmt.Errorf("%w\nin\n%v", err, g))
	}
	return values
}

// outputs evaluates a program and returns what it declares as outputs.
func (w *world) outputs(t *testing.T, g *graph.Graph) map[string]*buffer.Buffer {
	t.Helper()
	values, out := w.interpret(t, g), map[string]*buffer.Buffer{}
	for _, n := range g.Effects("output") {
		out[n.Name()] = values[n.Args[0]]
	}
	return out
}
