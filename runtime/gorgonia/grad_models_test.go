package gorgonia

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/buffer"
	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/layer"
)

// model is a definition at sizes at which it is checked.
type model struct {
	name  string
	set   map[string]string // the options of an entry of the zoo
	sizes graph.Binding
	below map[string]int // what the elements of an integer input are below
	// fixed are the ops at which values of the reference kernels enter Gorgonia's graph.
	fixed []string
	// tol is how much gradients may differ in float32, relative to the largest element.
	tol float64
}

// models are all of the zoo but those of graphs, and the feed-forward half of a Transformer's block by itself. What is fixed
// carries no cotangent: draws, labels as numbers, positions, and in nerf the sorted depths of the fine network, which are detached.
//
// An element of a gradient went through sums of less than a hundred terms, whose roundings come to 6e-6 of the largest element in
// float32 if they all go one way: 1e-5 leaves room. Radiance fields read sines and cosines of coordinates of up to 3 times powers of
// two up to 2^9. Gorgonia's in float32 are wrong by 6e-5 at the last, half as much at the one before, and so on; three coordinates,
// sine and cosine, and weights of 0.5 make that 4e-4 of an activation of order 1, and 1e-3 leaves room for what follows.
func models() []model {
	clicks := func(name string, pairs ...string) model {
		set := map[string]string{"fields": "3", "features": "7", "embedding": "3"}
		for i := 0; i < len(pairs); i += 2 {
			set[pairs[i]] = pairs[i+1]
		}
		return model{name, set, graph.Binding{"batch": 8}, map[string]int{"x": 7, "label": 2}, []string{"cast"}, 1e-5}
	}
	field := func(name string, fixed []string, pairs ...string) model {
		set := map[string]string{"near": "0.5", "far": "2"}
		for i := 0; i < len(pairs); i += 2 {
			set[pairs[i]] = pairs[i+1]
		}
		return model{name, set, graph.Binding{"rays": 4}, nil, fixed, 1e-3}
	}
	language := func(name, heads string) model {
		set := map[string]string{"vocabulary": "7", "width": "8", "ffn": "6", "blocks": "2", "heads": heads, "time": "4"}
		return model{name, set, graph.Binding{"batch": 2}, map[string]int{"tokens": 7, "target": 7}, []string{"positions"}, 1e-5}
	}
	return []model{
		{"mlp", map[string]string{"inputs": "5", "hidden": "7,6", "classes": "3"}, graph.Binding{"batch": 4}, map[string]int{"label": 3}, nil, 1e-5},
		{"ffn", nil, graph.Binding{"batch": 3}, nil, nil, 1e-5},
		field("nerf-tiny", []string{"random_uniform"}, "width", "8", "samples", "6"),
		field("nerf", []string{"random_normal", "random_uniform", "sort"}, "width", "6", "samples", "4", "fine", "3", "noise", "0.3"),
		field("nerf-xl", []string{"random_uniform", "sort"}, "width", "6", "fine_width", "10", "samples", "4", "fine", "3", "white", "false"),
		clicks("fm"),
		clicks("deepfm", "mlp", "6,5", "dropout", "0.2"),
		clicks("dcn", "cross", "3", "deep", "6,5", "dropout", "0.2"),
		clicks("afn", "lnn", "4", "mlp", "6,5"),
		clicks("autoint", "attention", "4", "layers", "3", "mlp", "6,5", "dropout", "0.2"),
		language("transformer", "2"),
		language("transformer-dense", "2"),
		language("transformer-random", "2"),
		language("transformer-fixed", "4"),
	}
}

// define returns the model's definition.
func (m model) define(t *testing.T) *graph.Graph {
	t.Helper()
	if m.name == "ffn" {
		return feedForward()
	}
	e, err := zoo.Lookup(m.name)
	if err != nil {
		t.Fatal(err)
	}
	o, err := e.Configure(m.set)
	if err != nil {
		t.Fatal(err)
	}
	variant := entry.Paper
	if len(e.Variants) > 0 {
		variant = e.Variants[0]
	}
	def, err := e.Build(o, variant)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// feedForward is the second half of a Transformer's block: a network of two linear layers, the residual connection around it and
// layer normalisation. The loss is the mean square of the distance to a target.
func feedForward() *graph.Graph {
	g := graph.New("ffn")
	x, target := g.Input("x", graph.F32, "batch", 4, 6), g.Input("target", graph.F32, "batch", 4, 6)
	h := layer.FeedForward(x, "ffn", 9, 0.2, func(h *graph.Value) *graph.Value {
		return graph.Feedback(h, graph.Point{Name: "ffn", Site: "block", Rows: 2, Micro: true})
	})
	y := graph.ErrorSite(layer.LayerNorm(graph.Add(x, h), "norm"), "block", 2)
	g.Loss(graph.Mean(graph.Apply("square", graph.Sub(y, target)), 0, 1, 2))
	return g
}

// drawn returns values for the leaves of g: weights of the size at which units are alive, and vectors, which are biases and scales,
// above 0, so that densities are.
func (m model) drawn(t *testing.T, g *graph.Graph) map[string]*buffer.Buffer {
	t.Helper()
	leaves := map[string]*buffer.Buffer{}
	for _, n := range g.Nodes {
		if !n.Op.Is(graph.Leaf) || n.Op.Name == "const" {
			continue
		}
		v := n.Results[0]
		shape, err := v.Type.Shape(m.sizes)
		if err != nil {
			t.Fatal(err)
		}
		b, r := buffer.New(v.Type.DType, shape...), rand.New(rand.NewPCG(4, seedOf(n.Name())))
		for i := range b.Len() {
			x := 0.5 * r.NormFloat64()
			switch {
			case b.DType == graph.I32:
				x = float64(r.IntN(max(1, m.below[n.Name()])))
			case n.Op.Name == "input":
				x = 0.1 + 0.9*r.Float64()
			case n.Op.Name == "param" && len(shape) == 1:
				x = 0.1 + 0.4*r.Float64()
			}
			b.Put(i, x)
		}
		leaves[n.Name()] = b
	}
	return leaves
}

// native runs a program on the native kernels and returns its gradients.
func (m model) native(t *testing.T, program *graph.Graph, leaves map[string]*buffer.Buffer) map[string]*buffer.Buffer {
	t.Helper()
	s := runtime.NewState()
	for _, p := range append(program.Leaves("param"), program.Leaves("state")...) {
		if err := s.Set(p.Node.Name(), leaves[p.Node.Name()].Dense()); err != nil {
			t.Fatal(err)
		}
	}
	e, err := runtime.Load(program, m.sizes, s, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	inputs := map[string]*buffer.Buffer{}
	for _, v := range program.Leaves("input") {
		inputs[v.Node.Name()] = leaves[v.Node.Name()]
	}
	feed(t, e, inputs)
	if err := e.Step(context.Background()); err != nil {
		t.Fatal(err)
	}
	grads := map[string]*buffer.Buffer{}
	for _, n := range program.Effects("output") {
		name, ok := strings.CutPrefix(n.Name(), "grad/")
		if !ok {
			continue
		}
		r, err := e.Result(n.Name())
		if err != nil {
			t.Fatal(err)
		}
		if grads[name], err = buffer.FromDense(r.Tensor()); err != nil {
			t.Fatal(err)
		}
	}
	return grads
}

// double returns def in double precision.
func double(t *testing.T, def *graph.Graph) (wide *graph.Graph) {
	t.Helper()
	backpropagation(t, def, passes.Options{F64: true, Trace: func(p passes.Pass, g *graph.Graph) {
		if p.Name == "retype" {
			wide = g
		}
	}})
	return wide
}

// wideTolerance is that of float64, where Gorgonia's sines are exact too: a hundred roundings come to 1e-14, and as many again
// where differences of values a hundred times their size are taken.
const wideTolerance = 1e-12

// TestGradModels compares the gradients of the models on the native kernels with Gorgonia's, and in double precision those on the
// reference kernels, so that a difference in float32 is known to be rounding and nothing else.
func TestGradModels(t *testing.T) {
	for _, m := range models() {
		t.Run(m.name, func(t *testing.T) {
			def := m.define(t)
			leaves := m.drawn(t, def)
			grads, err := Grad(def, m.sizes, leaves)
			if err != nil {
				t.Fatal(err)
			}
			worst, at := difference(t, grads, m.native(t, backpropagation(t, def, passes.Options{}), leaves))
			if !(worst <= m.tol) {
				t.Errorf("in float32 %s differs by %.2g of its largest element, more than %.2g", at, worst, m.tol)
			}

			wide := double(t, def)
			leaves = m.drawn(t, wide)
			if grads, err = Grad(wide, m.sizes, leaves); err != nil {
				t.Fatal(err)
			}
			wider, at := difference(t, grads, interpreted(t, backpropagation(t, wide, passes.Options{}), m.sizes, leaves))
			if !(wider <= wideTolerance) {
				t.Errorf("in float64 %s differs by %.2g of its largest element, more than %.2g", at, wider, wideTolerance)
			}
			t.Logf("%d gradients; largest relative difference %.1e, in float64 %.1e", len(grads), worst, wider)
		})
	}
}

// TestGradIsGorgonias checks that the opinion is Gorgonia's own: every op of the graph that it differentiates, and of the
// derivatives that it adds, is one of its package, and no values of the reference kernels enter but where they are known to.
func TestGradIsGorgonias(t *testing.T) {
	for _, m := range models() {
		t.Run(m.name, func(t *testing.T) {
			def := m.define(t)
			f, err := newForward(def, m.sizes, m.drawn(t, def))
			if err != nil {
				t.Fatal(err)
			}
			forward := len(f.graph.AllNodes())
			if _, err := f.differentiate(); err != nil {
				t.Fatal(err)
			}
			ops := 0
			for _, n := range f.graph.AllNodes() {
				if n.Op() == nil {
					continue // a leaf
				}
				ops++
				typ := reflect.TypeOf(n.Op())
				if typ.Kind() == reflect.Pointer {
					typ = typ.Elem()
				}
				if typ.PkgPath() != "gorgonia.org/gorgonia" {
					t.Errorf("%v is a %v", n, typ)
				}
			}
			if ops == 0 || len(f.graph.AllNodes()) == forward {
				t.Errorf("%d ops, %d nodes of which none is a derivative", ops, forward)
			}
			var fixed []string
			for n := range f.needed() {
				if f.fixed(n) {
					fixed = append(fixed, n.Op.Name)
				}
			}
			slices.Sort(fixed)
			if fixed = slices.Compact(fixed); !slices.Equal(fixed, m.fixed) {
				t.Errorf("the reference kernels compute %v, want %v", fixed, m.fixed)
			}
		})
	}
}

// TestGradCatches makes every gradient rule that the models use wrong by a thousandth, one after the other and each in the first
// model that it serves. The comparison must see it.
func TestGradCatches(t *testing.T) {
	caught := map[string]bool{}
	for _, m := range models() {
		t.Run(m.name, func(t *testing.T) {
			def := double(t, m.define(t))
			leaves := m.drawn(t, def)
			grads, err := Grad(def, m.sizes, leaves)
			if err != nil {
				t.Fatal(err)
			}
			carries := carrying(def)
			for _, n := range def.Nodes {
				op := n.Op.Name
				if n.Op.Is(graph.Leaf) || n.Op.Is(graph.Mark) || len(n.Results) == 0 || !carries[n.Results[0]] || caught[op] {
					continue
				}
				caught[op] = true
				program := backpropagation(t, def, passes.Options{VJPs: wrong(op)})
				if worst, _ := difference(t, grads, interpreted(t, program, m.sizes, leaves)); worst <= wideTolerance {
					t.Errorf("a wrong rule for %s makes a difference of %.1e only", op, worst)
				}
			}
		})
	}
	for op := range (&forward{}).composed() {
		if !caught[op] && op != "cumsum" && op != "repeat" { // nothing in the zoo is trained through these: TestGradComposed is
			t.Errorf("no model is trained through %s", op)
		}
	}
}

// wrong returns graft's gradient rules with that of an op too large by a thousandth.
func wrong(op string) passes.VJPs {
	rules := passes.Rules()
	right := rules[op]
	rules[op] = func(l *passes.Local) []*graph.Value {
		out := slices.Clone(right(l)) // it may be the results of a node
		for i, v := range out {
			if l.Need[i] && v != nil {
				out[i] = graph.Scale(v, 1.001)
			}
		}
		return out
	}
	return rules
}

// TestGradComposed differentiates through the composed ops in shapes and with attributes that the models have not.
func TestGradComposed(t *testing.T) {
	g := graph.New("composed")
	f := func(name string, dims ...any) *graph.Value {
		return g.ParamOf(name, "zeros", graph.Tensor(graph.F64, graph.Dims(dims...)...))
	}
	state := func(name string) *graph.Value {
		return g.State(name, "zeros", graph.Tensor(graph.F64, graph.Int(3)))
	}
	apply := func(op string, attrs graph.Attrs, args ...*graph.Value) *graph.Value {
		return g.Add(op, attrs, args...)[0]
	}
	x := f("x", "batch", 3, 3)
	h := graph.Add(apply("cumsum", nil, x), apply("cumsum", graph.Attrs{"exclusive": true, "reverse": true}, x))
	h = graph.Add(h, apply("cumsum", graph.Attrs{"reverse": true}, graph.Apply("square", x)))
	h = apply("causal", graph.Attrs{"fill": 0.5}, h)
	h = graph.Mul(h, apply("cumprod_exclusive", nil, apply("shift", graph.Attrs{"by": 0.5}, graph.Apply("square", h))))
	h = apply("layer_norm", nil, h, f("scale", 3), f("shift", 3))
	h = graph.Mul(h, graph.Softmax(graph.Apply("neg", h)))
	h = apply("repeat", graph.Attrs{"axis": 1, "times": 2}, h) // [batch, 6, 3]
	h = apply("batch_norm", nil, h, f("gain", 3), f("bias", 3), state("mean"), state("var"))
	h = graph.Add(h, apply("gather", nil, f("rank1", 6), g.Input("vectors", graph.I32, 6, 3)))
	h = graph.Add(h, apply("gather", nil, f("rank3", 6, 6, 3), g.Input("single", graph.I32)))
	h = graph.Add(h, apply("cumprod_exclusive", nil, apply("shift", graph.Attrs{"by": 1.0}, graph.Apply("exp", f("vector", 3)))))
	target := graph.Detach(graph.Apply("sigmoid", graph.Mul(h, f("unseen", 3))))
	soft := apply("sigmoid_cross_entropy", graph.Attrs{"reduce": "sum"}, h, target)
	labels := graph.Reshape(g.Input("label", graph.I32, graph.Sym("batch").Mul(graph.Int(6))), "batch", 6)
	hard := apply("softmax_cross_entropy", graph.Attrs{"reduce": "sum"}, h, labels, g.Input("weight", graph.F64, "batch", 6))
	g.Loss(graph.Add(soft, hard))
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	worst := checkGrad(t, g, graph.Binding{"batch": 2}, 3, wideTolerance)
	t.Logf("largest relative difference %.1e", worst)
}
