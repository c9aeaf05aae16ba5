package gorgonia

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/runtime/native"
	"graft/zoo/mlp"

	"gorgonia.org/tensor"
)

// drawLeaves returns values for the leaves of g. Parameters are scaled as their initialisers would, roughly.
func drawLeaves(t *testing.T, g *graph.Graph, b graph.Binding, labels int) map[string]*buffer.Buffer {
	t.Helper()
	leaves := map[string]*buffer.Buffer{}
	for _, n := range g.Nodes {
		if !n.Op.Is(graph.Leaf) || n.Op.Name == "const" {
			continue
		}
		v := n.Results[0]
		elements := ""
		if v.Type.DType == graph.I32 {
			elements = "below " + string(rune('0'+labels))
		}
		x := draw(t, v.Type, b, elements, rand.New(rand.NewPCG(3, seedOf(n.Name()))))
		if n.Op.Name == "param" {
			for i := range x.F32 {
				x.F32[i] *= 0.1
			}
			for i := range x.F64 {
				x.F64[i] *= 0.1
			}
		}
		leaves[n.Name()] = x
	}
	return leaves
}

// checkGrad compares graft's backpropagation, on the reference kernels, with Gorgonia's. It returns the largest difference
// relative to the largest element of a gradient.
func checkGrad(t *testing.T, def *graph.Graph, b graph.Binding, labels int, tol float64) float64 {
	t.Helper()
	program := backpropagation(t, def, passes.Options{})
	leaves := drawLeaves(t, program, b, labels)
	grads, err := Grad(def, b, leaves)
	if err != nil {
		t.Fatal(err)
	}
	worst, at := difference(t, grads, interpreted(t, program, b, leaves))
	if !(worst <= tol) {
		t.Errorf("%s differs by %.2g of its largest element, more than %.2g", at, worst, tol)
	}
	return worst
}

// backpropagation returns graft's gradient program of def.
func backpropagation(t *testing.T, def *graph.Graph, o passes.Options) *graph.Graph {
	t.Helper()
	mode, err := passes.Mode("bp")
	if err != nil {
		t.Fatal(err)
	}
	o.Part = passes.Gradient
	c, err := passes.Compile(def, mode, o)
	if err != nil {
		t.Fatal(err)
	}
	return c.Program
}

// interpreted returns the gradient of each parameter of a program by the reference kernels.
func interpreted(t *testing.T, program *graph.Graph, b graph.Binding, leaves map[string]*buffer.Buffer) map[string]*buffer.Buffer {
	t.Helper()
	values, err := native.Reference().Interpret(program, b, leaves)
	if err != nil {
		t.Fatal(err)
	}
	grads := map[string]*buffer.Buffer{}
	for _, n := range program.Effects("output") {
		if name, ok := strings.CutPrefix(n.Name(), "grad/"); ok {
			grads[name] = values[n.Args[0]]
		}
	}
	return grads
}

// difference returns the largest difference of two gradients, relative to the largest element of the parameter's, and where it
// is. Both must have the same parameters, and none a gradient of zeros, with which anything would agree.
func difference(t *testing.T, got map[string]*tensor.Dense, want map[string]*buffer.Buffer) (worst float64, at string) {
	t.Helper()
	if a, b := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(a, b) || len(a) == 0 {
		t.Fatalf("gradients of %v, want %v", a, b)
	}
	for name, w := range want {
		g, err := buffer.FromDense(got[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if g.DType != w.DType || !slices.Equal(g.Shape, w.Shape) {
			t.Fatalf("%s: %v%v, want %v%v", name, g.DType, g.Shape, w.DType, w.Shape)
		}
		largest := 0.0
		for i := range w.Len() {
			largest = max(largest, math.Abs(w.At(i)))
		}
		switch {
		case strings.HasSuffix(name, "/dense/bias"):
			continue // in front of a batch norm: 0 but for rounding, with nothing for it to be relative to
		case largest == 0:
			t.Fatalf("%s: the gradient is 0", name)
		}
		for i := range w.Len() {
			if d := math.Abs(g.At(i)-w.At(i)) / largest; d > worst || math.IsNaN(d) { // nothing is above NaN
				worst, at = d, name
			}
		}
	}
	return worst, at
}

// TestGradMLP compares the gradients of the perceptron. An element is a sum of batch products of numbers that came through
// sums of up to 784 terms in float32, whose errors grow like the root of that: about 30 roundings, 2e-6, of the largest
// element; 1e-5 leaves room. In float64 the two agree to 1e-13, so that the difference is rounding and nothing else.
func TestGradMLP(t *testing.T) {
	for _, c := range []struct {
		o     mlp.Options
		batch int
	}{
		{mlp.Options{Inputs: 5, Hidden: []int{7, 6}, Classes: 3}, 4},
		{mlp.Options{Inputs: 5, Hidden: nil, Classes: 3}, 1},
		{mlp.Options{Inputs: 784, Hidden: []int{256, 256}, Classes: 10}, 32},
	} {
		worst := checkGrad(t, mlp.Model(c.o), graph.Binding{"batch": c.batch}, c.o.Classes-1, 1e-5)
		t.Logf("%v, batch %d: largest relative difference %.1e", c.o, c.batch, worst)
	}
}

// TestGradOps differentiates through every op that Grad can take and the perceptron has not, in float64.
func TestGradOps(t *testing.T) {
	g := graph.New("mixed")
	f := func(name string, dims ...any) *graph.Value {
		return g.ParamOf(name, "zeros", graph.Tensor(graph.F64, graph.Dims(dims...)...))
	}
	x := g.Input("x", graph.F64, "batch", 2, 3)
	w := f("w", "batch", 3, 4)
	h := graph.MatMul(x, w) // [batch, 2, 4]
	h = graph.Add(h, f("row", 4))
	h = graph.Mul(h, f("column", 2, 1))
	h = graph.Add(h, f("one"))
	h = graph.Apply("tanh", graph.Add(g.Add("elu", graph.Attrs{"alpha": 0.5}, h)[0], graph.Apply("sigmoid", h)))
	h = graph.Sub(graph.Apply("square", h), graph.Apply("neg", graph.Scale(h, 0.3)))
	h = graph.Div(h, g.Add("shift", graph.Attrs{"by": 2.0}, graph.Apply("square", f("divisor", 1, 4)))[0])
	h = g.Add("concat", graph.Attrs{"axis": 1}, h, g.Add("broadcast", graph.Attrs{"shape": graph.Dims("batch", 1, 4)}, f("token", 4))[0])[0]
	h = g.Add("transpose", graph.Attrs{"perm": []int{0, 2, 1}}, h)[0] // [batch, 4, 3]
	h = g.Add("slice", graph.Attrs{"axis": 1, "start": 1, "size": 3}, h)[0]
	h = graph.Mul(graph.Mean(h, 1), graph.Apply("exp", graph.Sum(h, 2))) // [batch, 3]
	h = graph.MatMulT(f("left", 5, 3), h, false, true)                   // [5, batch]
	h = graph.ErrorSite(graph.Reshape(h, "batch", 5), "logits")
	label, weight := g.Input("label", graph.I32, "batch"), g.Input("weight", graph.F64, "batch")
	squares := graph.Apply("sqrt", g.Add("shift", graph.Attrs{"by": 1.0}, graph.Sum(graph.Apply("square", h), 0, 1))[0])
	positive := graph.Apply("log", g.Add("shift", graph.Attrs{"by": 3.0}, squares)[0])
	g.Loss(graph.Add(graph.SoftmaxCrossEntropy(h, label, weight), positive))
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	worst := checkGrad(t, g, graph.Binding{"batch": 3}, 5, 1e-12)
	t.Logf("largest relative difference %.1e", worst)
}

func TestGradRefuses(t *testing.T) {
	model := mlp.Model(mlp.Options{Inputs: 3, Hidden: []int{2}, Classes: 2})
	good := drawLeaves(t, model, graph.Binding{"batch": 2}, 2)
	check := func(name, want string, def *graph.Graph, change func(leaves map[string]*buffer.Buffer)) {
		t.Run(name, func(t *testing.T) {
			leaves := map[string]*buffer.Buffer{}
			for n, b := range good {
				leaves[n] = b
			}
			if change != nil {
				change(leaves)
			}
			b := graph.Binding{}
			for _, s := range def.Symbols() {
				b[s] = 2
			}
			_, err := Grad(def, b, leaves)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v; want one that says %q", err, want)
			}
		})
	}
	check("label", "label 7 of row 1 is not in [0, 2)", model, func(l map[string]*buffer.Buffer) {
		l["label"] = &buffer.Buffer{DType: graph.I32, Shape: []int{2}, I32: []int32{0, 7}}
	})
	check("missing", "no value is given", model, func(l map[string]*buffer.Buffer) { delete(l, "x") })
	check("shape", "f32[3] is given", model, func(l map[string]*buffer.Buffer) { l["x"] = buffer.New(graph.F32, 3) })
	check("overflow", "the loss is +Inf", model, func(l map[string]*buffer.Buffer) {
		b := buffer.New(graph.F32, 2)
		b.F32[0] = 1000
		l["output/bias"] = b
	})
	lossless := graph.New("lossless")
	lossless.Input("x", graph.F32, "batch")
	check("no loss", "declares no loss", lossless, nil)
	sparse := graph.New("sparse")
	pattern, entries := sparse.Sparse("links", "batch", 3, 4)
	sparse.Loss(graph.Sum(graph.SpMM(pattern, entries, sparse.Param("w", "zeros", 3, 2)), 0, 1))
	check("op", "gorgonia has no op spmm", sparse, func(l map[string]*buffer.Buffer) {
		l["links/entries"], l["w"] = buffer.New(graph.F32, 4), buffer.New(graph.F32, 3, 2)
	})
	norm := graph.New("norm")
	rows := norm.Add("layer_norm", nil, norm.Input("x", graph.F32, "batch", 3), norm.Param("w", "ones", 3), norm.Param("v", "zeros", 3))
	norm.Loss(graph.Sum(rows[1], 0))
	vectors := func(l map[string]*buffer.Buffer) { l["w"], l["v"] = buffer.New(graph.F32, 3), buffer.New(graph.F32, 3) }
	check("statistics", "only the first result of layer_norm can be differentiated", norm, vectors)
	scan := graph.New("scan")
	scan.Loss(graph.Sum(scan.Add("cumprod_exclusive", nil, scan.Param("w", "zeros", 3))[0], 0))
	check("running product", `param "w" : f32[3]: element 0 is 0, and Grad takes running products of elements above 0 only`, scan, vectors)
	target := graph.New("target")
	target.Loss(target.Add("sigmoid_cross_entropy", nil, target.Param("w", "zeros", 3), target.Param("v", "zeros", 3))[0])
	check("target", "the target carries no gradient: detach it", target, vectors)
	weight := graph.New("weight")
	logits := graph.MatMul(weight.Input("x", graph.F32, "batch", 3), weight.Param("w", "zeros", 3, 2))
	weight.Loss(graph.SoftmaxCrossEntropy(logits, weight.Input("label", graph.I32, "batch"), graph.Sum(logits, 1)))
	check("weight", "the weights carry no gradient: detach them", weight, func(l map[string]*buffer.Buffer) { l["w"] = buffer.New(graph.F32, 3, 2) })
	table := func(rows, index int) (*graph.Graph, func(map[string]*buffer.Buffer)) {
		g := graph.New("table")
		picked := g.Add("gather", nil, g.Param("w", "zeros", rows, 2), g.Input("index", graph.I32, 2))[0]
		g.Loss(graph.Sum(picked, 0, 1))
		return g, func(l map[string]*buffer.Buffer) {
			l["w"] = buffer.New(graph.F32, rows, 2)
			l["index"] = &buffer.Buffer{DType: graph.I32, Shape: []int{2}, I32: []int32{0, int32(index)}}
		}
	}
	def, change := table(3, 3)
	check("index", "index 3 at place 1 is not in [0, 3)", def, change)
	def, change = table(largest, 1)
	check("table", "a matrix of 2 x 1048576 would stand for it, and Grad makes none of more than 1048576 elements", def, change)
	long := graph.New("long")
	x := long.Input("x", graph.F32, "batch", 3)
	part := long.Add("slice", graph.Attrs{"axis": 1, "start": 256, "size": 3}, long.Param("long", "zeros", 1, 300))[0]
	long.Loss(graph.Sum(graph.Mul(x, part), 0, 1))
	check("slice", "more than 255 elements", long, func(l map[string]*buffer.Buffer) { l["long"] = buffer.New(graph.F32, 1, 300) })
}
