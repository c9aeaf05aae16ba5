package gorgonia

import (
	"math/rand/v2"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/runtime/native"
	"graft/zoo/mlp"
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
	mode, err := passes.Mode("bp")
	if err != nil {
		t.Fatal(err)
	}
	c, err := passes.Compile(def, mode, passes.Options{Part: passes.Gradient})
	if err != nil {
		t.Fatal(err)
	}
	leaves := drawLeaves(t, c.Program, b, labels)
	values, err := native.Reference().Interpret(c.Program, b, leaves)
	if err != nil {
		t.Fatal(err)
	}
	grads, err := Grad(def, b, leaves)
	if err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	params := def.Leaves("param")
	if len(grads) != len(params) {
		t.Errorf("%d gradients of %d parameters", len(grads), len(params))
	}
	for _, p := range params {
		name := p.Node.Name()
		want := values[c.Program.Result("grad/"+name)]
		got, err := buffer.FromDense(grads[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		largest := 0.0
		for i := range want.Len() {
			largest = max(largest, want.At(i), -want.At(i))
		}
		for _, x := range []*buffer.Buffer{got, want} {
			for i := range x.F32 {
				x.F32[i] /= float32(largest)
			}
			for i := range x.F64 {
				x.F64[i] /= largest
			}
		}
		worst = max(worst, near(t, name, got, want, tol))
	}
	return worst
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
			_, err := Grad(def, graph.Binding{"batch": 2}, leaves)
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
	soft := graph.New("soft")
	soft.Loss(graph.Sum(graph.Softmax(soft.Input("x", graph.F32, "batch", 3)), 0, 1))
	check("op", "gorgonia has no op softmax", soft, nil)
	long := graph.New("long")
	x := long.Input("x", graph.F32, "batch", 3)
	part := long.Add("slice", graph.Attrs{"axis": 1, "start": 256, "size": 3}, long.Param("long", "zeros", 1, 300))[0]
	long.Loss(graph.Sum(graph.Mul(x, part), 0, 1))
	check("slice", "more than 255 elements", long, func(l map[string]*buffer.Buffer) { l["long"] = buffer.New(graph.F32, 1, 300) })
}
