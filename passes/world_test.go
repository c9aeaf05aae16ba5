package passes_test

import (
	"hash/fnv"
	"math/rand/v2"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// world is what a program is run on: the values of leaves by name, in f64, and the sizes of symbols. Values that are not given
// are drawn: standard normal for floats, 0 for integers and for states.
type world struct {
	sizes    graph.Binding
	values   map[string][]float64
	patterns map[string]*buffer.Pattern
}

func newWorld(sizes graph.Binding) *world {
	return &world{sizes: sizes, values: map[string][]float64{}, patterns: map[string]*buffer.Pattern{}}
}

// sparse draws the pattern of a leaf, about half full, with rows and columns that are empty.
func (w *world) sparse(t *testing.T, name, nnz string, rows, cols int) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, uint64(rows*cols)))
	var row, col []int32
	for i := range rows {
		for j := range cols {
			if i%4 != 1 && (cols < 3 || j%4 != 2) && r.IntN(2) == 0 {
				row, col = append(row, int32(i)), append(col, int32(j))
			}
		}
	}
	p, _, err := buffer.NewPattern(rows, cols, row, col)
	if err != nil {
		t.Fatal(err)
	}
	w.patterns[name], w.sizes[nnz] = p, p.NNZ()
}

// leaf returns the values of a leaf, drawn where none are given. They are those of float32, so that both dtypes see the same.
func (w *world) leaf(t *testing.T, v *graph.Value) []float64 {
	t.Helper()
	name := v.Node.Name()
	if x, ok := w.values[name]; ok {
		return x
	}
	shape, err := v.Type.Shape(w.sizes)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, buffer.Size(shape))
	if v.Type.DType.IsFloat() && !v.Is("state") {
		h := fnv.New64a()
		h.Write([]byte(name))
		r := rand.New(rand.NewPCG(1, h.Sum64()))
		for i := range x {
			x[i] = float64(float32(r.NormFloat64()))
		}
	}
	w.values[name] = x
	return x
}

// run evaluates a graph on the reference kernels and returns its outputs by name, what it stores under "store/<leaf>", and the
// loss of a definition under "loss".
func (w *world) run(t *testing.T, g *graph.Graph) map[string][]float64 {
	t.Helper()
	return w.runOn(t, g, native.Reference())
}

func (w *world) runOn(t *testing.T, g *graph.Graph, kernels native.Table) map[string][]float64 {
	t.Helper()
	leaves := map[string]*buffer.Buffer{}
	for _, n := range g.Nodes {
		if n.Op.Is(graph.Leaf) && n.Op.Name != "const" {
			leaves[n.Name()] = w.buffer(t, n.Results[0])
		}
	}
	values, err := kernels.Interpret(g, w.sizes, leaves)
	if err != nil {
		t.Fatalf("%v\nin\n%v", err, g)
	}
	out := map[string][]float64{}
	for _, n := range g.Nodes {
		switch n.Op.Name {
		case "output":
			out[n.Name()] = floats(values[n.Args[0]])
		case "store":
			out["store/"+n.Name()] = floats(values[n.Args[0]])
		case "loss":
			out["loss"] = floats(values[n.Args[0]])
		}
	}
	return out
}

func (w *world) buffer(t *testing.T, v *graph.Value) *buffer.Buffer {
	t.Helper()
	if v.Type.Sparse {
		p := w.patterns[v.Node.Name()]
		return &buffer.Buffer{Shape: []int{p.Rows, p.Cols, p.NNZ()}, Pattern: p}
	}
	shape, err := v.Type.Shape(w.sizes)
	if err != nil {
		t.Fatal(err)
	}
	b := buffer.New(v.Type.DType, shape...)
	for i, x := range w.leaf(t, v) {
		switch v.Type.DType {
		case graph.F32:
			b.F32[i] = float32(x)
		case graph.F64:
			b.F64[i] = x
		case graph.I32:
			b.I32[i] = int32(x)
		case graph.Bool:
			b.Bool[i] = x != 0
		}
	}
	return b
}

func floats(b *buffer.Buffer) []float64 {
	out := make([]float64, b.Len())
	for i := range out {
		switch b.DType {
		case graph.F32:
			out[i] = float64(b.F32[i])
		case graph.F64:
			out[i] = b.F64[i]
		case graph.I32:
			out[i] = float64(b.I32[i])
		case graph.Bool:
			if b.Bool[i] {
				out[i] = 1
			}
		}
	}
	return out
}

// inF64 returns the definition in double precision, as the compiler's retype pass makes it.
func inF64(t *testing.T, def *graph.Graph) *graph.Graph {
	t.Helper()
	var out *graph.Graph
	compile(t, def, "bp", passes.Options{Part: passes.Predict, F64: true, Trace: func(p passes.Pass, g *graph.Graph) {
		if p.Name == "retype" {
			out = g
		}
	}})
	return out
}
