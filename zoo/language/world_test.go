package language_test

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// world holds the values of leaves by name, in f64: parameters are drawn when they are first asked for.
type world struct {
	sizes  graph.Binding
	values map[string][]float64
}

// newWorld draws tokens and targets for a batch.
func newWorld(batch, time, vocabulary int) *world {
	w := &world{graph.Binding{"batch": batch}, map[string][]float64{"seed": {5}, "step": {2}}}
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"tokens", "target"} {
		for range batch * time {
			w.values[name] = append(w.values[name], float64(r.IntN(vocabulary)))
		}
	}
	return w
}

// leaf returns a leaf's values; scales are near 1, other parameters normal with deviation 0.5.
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
	h := fnv.New64a()
	h.Write([]byte(name))
	r := rand.New(rand.NewPCG(3, h.Sum64()))
	x := make([]float64, buffer.Size(shape))
	for i := range x {
		x[i] = 0.5 * r.NormFloat64()
	}
	w.values[name] = x
	return x
}

// run compiles a part in f64 and evaluates it on the reference kernels. It returns the outputs by name.
func (w *world) run(t *testing.T, def *graph.Graph, mode, part string) map[string][]float64 {
	t.Helper()
	return w.interpret(t, compile(t, def, mode, passes.Options{Part: part, F64: true}).Program)
}

func (w *world) interpret(t *testing.T, g *graph.Graph) map[string][]float64 {
	t.Helper()
	leaves := map[string]*buffer.Buffer{}
	for _, n := range g.Nodes {
		if !n.Op.Is(graph.Leaf) || n.Op.Name == "const" {
			continue
		}
		x := w.leaf(t, n.Results[0])
		shape, err := n.Results[0].Type.Shape(w.sizes)
		if err != nil {
			t.Fatal(err)
		}
		b := buffer.New(n.Results[0].Type.DType, shape...)
		for i := range x {
			if b.DType == graph.I32 {
				b.I32[i] = int32(x[i])
			} else {
				b.F64[i] = x[i]
			}
		}
		leaves[n.Name()] = b
	}
	values, err := native.Reference().Interpret(g, w.sizes, leaves)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	for _, n := range g.Effects("output") {
		out[n.Name()] = values[n.Args[0]].F64
	}
	return out
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: element %d is %.9g, want %.9g", what, i, got[i], want[i])
		}
	}
}
