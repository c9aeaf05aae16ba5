package passes_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
)

// normalised is a definition with what recipes have and the perceptron lacks: batch and layer norm below cuts, running statistics
// that it stores, an embedding, and a fixed matrix.
func normalised() model {
	g := graph.New("normalised")
	x, label := g.Input("x", graph.F32, "batch", 5), g.Input("label", graph.I32, "batch")
	h := batchNorm(graph.MatMul(x, g.Param("w0", "zeros", 5, 4)), "bn")[0]
	h = graph.Feedback(graph.Apply("tanh", h), graph.Point{Name: "low", Site: "logits"})

	table, place := g.Param("table", "zeros", 6, 7), g.Add("positions", graph.Attrs{"shape": graph.Dims("batch", 7)})[0]
	h = graph.Add(graph.MatMul(h, g.Param("w1", "zeros", 4, 7)), g.Add("gather", nil, table, g.Input("code", graph.I32, "batch"))[0])
	h = g.Add("layer_norm", nil, graph.Add(h, place), g.Param("ln/gamma", "ones", 7), g.Param("ln/beta", "zeros", 7))[0]
	h = graph.Feedback(graph.Apply("tanh", h), graph.Point{Name: "high", Site: "logits"})
	logits := graph.ErrorSite(graph.MatMul(h, g.Param("w2", "zeros", 7, classes)), "logits")
	g.Output("logits", logits)
	g.Loss(graph.SoftmaxCrossEntropy(logits, label))

	w := newWorld(graph.Binding{"batch": 4})
	w.values["label"], w.values["code"] = []float64{0, 2, 1, 2}, []float64{5, 0, 3, 5}
	w.values["bn/running_mean"], w.values["bn/running_var"] = []float64{0.5, -1, 0, 2}, []float64{1, 2, 0.5, 3}
	w.values["seed"], w.values["step"], w.values["lr"] = []float64{7}, []float64{3}, []float64{0.1}
	return model{"normalised", g, w}
}

// batchNorm appends a batch norm over the four features of x that stores its running statistics, and returns its results.
func batchNorm(x *graph.Value, name string) []*graph.Value {
	g := x.Graph()
	vector := graph.Tensor(graph.F32, graph.Int(4))
	mean, variance := g.State(name+"/running_mean", "zeros", vector), g.State(name+"/running_var", "ones", vector)
	out := g.Add("batch_norm", nil, x, g.Param(name+"/gamma", "ones", 4), g.Param(name+"/beta", "zeros", 4), mean, variance)
	g.Store(name+"/running_mean", out[3])
	g.Store(name+"/running_var", out[4])
	return out
}

// features returns mean and variance of each of four columns, the variance with divisor rows-less.
func features(x []float64, less float64) (mean, variance []float64) {
	mean, variance = make([]float64, 4), make([]float64, 4)
	rows := float64(len(x) / 4)
	for i, v := range x {
		mean[i%4] += v / rows
	}
	for i, v := range x {
		variance[i%4] += (v - mean[i%4]) * (v - mean[i%4]) / (rows - less)
	}
	return mean, variance
}

// TestRunningStatistics checks that every mode moves the running statistics by a tenth towards the batch's, below cuts too and
// whether or not it trains what they are of, and that they are read in evaluation, which leaves them as they are.
func TestRunningStatistics(t *testing.T) {
	for _, mode := range []string{"bp", "dfa", "shallow"} {
		for _, part := range []string{passes.Step, passes.Gradient} {
			m := normalised()
			program := compile(t, m.def, mode, passes.Options{Part: part, F64: true, Verify: true}).Program
			m.w.run(t, program) // draws the weights
			mean, variance := features(times(m.w.values["x"], m.w.values["w0"], 4, 5, 4), 1)
			for i := range 4 {
				mean[i] = 0.9*m.w.values["bn/running_mean"][i] + 0.1*mean[i]
				variance[i] = 0.9*m.w.values["bn/running_var"][i] + 0.1*variance[i]
			}
			m.w.step(t, program)
			near(t, mode+": running mean", m.w.values["bn/running_mean"], mean)
			near(t, mode+": running variance", m.w.values["bn/running_var"], variance)
		}
	}

	g := graph.New("evaluated")
	x := g.Input("x", graph.F32, "batch", 4)
	y := batchNorm(x, "bn")[0]
	g.Output("y", y)
	w := normalised().w
	program := compile(t, g, "bp", passes.Options{Part: passes.Predict, F64: true, Verify: true}).Program
	if n := len(program.Effects("store")) + len(program.Effects("batch_norm")); n > 0 {
		t.Errorf("%d stores and batch norms are left in\n%v", n, program)
	}
	got := w.run(t, program)["y"]
	want := make([]float64, len(got))
	for i, v := range w.values["x"] {
		j := i % 4
		want[i] = w.values["bn/gamma"][j]*(v-w.values["bn/running_mean"][j])/math.Sqrt(w.values["bn/running_var"][j]+1e-5) + w.values["bn/beta"][j]
	}
	near(t, "in evaluation", got, want)
}

// TestBatchStatistics checks who may read the statistics of a batch: stores, also through other nodes, which evaluation drops, and
// outputs of programs that train. No gradient passes them.
func TestBatchStatistics(t *testing.T) {
	define := func(read func(g *graph.Graph, mean *graph.Value) *graph.Value) *graph.Graph {
		g := graph.New("statistics")
		out := batchNorm(graph.MatMul(g.Input("x", graph.F32, "batch", 5), g.Param("w", "zeros", 5, 4)), "bn")
		loss := graph.Mean(graph.Apply("square", out[0]), 0, 1)
		if extra := read(g, out[1]); extra != nil {
			loss = graph.Add(loss, extra)
		}
		g.Loss(loss)
		return g
	}
	stored := define(func(g *graph.Graph, mean *graph.Value) *graph.Value {
		g.State("twice", "zeros", mean.Type)
		g.Store("twice", graph.Scale(mean, 2))
		return nil
	})
	compile(t, stored, "bp", passes.Options{Verify: true})
	compile(t, stored, "bp", passes.Options{Part: passes.Predict, Verify: true})

	shown := define(func(g *graph.Graph, mean *graph.Value) *graph.Value {
		g.Output("mean", graph.Scale(mean, 2))
		return nil
	})
	compile(t, shown, "bp", passes.Options{Verify: true})
	bp, err := passes.Mode("bp")
	if err != nil {
		t.Fatal(err)
	}
	_, err = passes.Compile(shown, bp, passes.Options{Part: passes.Predict})
	wantError(t, err, "normalised_test.go:", "output reads statistics of the batch")

	detached := define(func(_ *graph.Graph, mean *graph.Value) *graph.Value { return graph.Mean(graph.Detach(mean), 0) })
	compile(t, detached, "bp", passes.Options{Verify: true})
	trained := define(func(_ *graph.Graph, mean *graph.Value) *graph.Value { return graph.Mean(mean, 0) })
	_, err = passes.Compile(trained, bp, passes.Options{Optimizer: passes.Optimizer{Rule: "sgd"}})
	wantError(t, err, "batch_norm at", "normalised_test.go:", "a gradient flows to its statistics", "detach")
}

// TestRefusedRules checks what the rules say of operands that they have no gradient for.
func TestRefusedRules(t *testing.T) {
	for want, build := range map[string]build{
		"the target carries no gradient": func(o *operands) *graph.Value {
			return o.g.Add("sigmoid_cross_entropy", nil, o.x(3), o.x(3))[0]
		},
		"running statistics carry no gradient": func(o *operands) *graph.Value {
			return o.g.Add("batch_norm_eval", nil, o.x(2, 3), o.x(3), o.x(3), o.x(3), o.x(3))[0]
		},
		"a gradient flows to its statistics": func(o *operands) *graph.Value {
			return o.g.Add("layer_norm", nil, o.x(2, 3), o.x(3), o.x(3))[2]
		},
		"does not tell the sign": func(o *operands) *graph.Value { return o.g.Add("leaky_relu", graph.Attrs{"slope": -1.0}, o.x(3))[0] },
		"sort has no gradient rule": func(o *operands) *graph.Value {
			return o.g.Add("sort", nil, o.x(3))[0]
		},
	} {
		o := &operands{t: t, g: graph.New("refused"), w: newWorld(graph.Binding{}), only: -1}
		weighted(o.g, build(o))
		bp, err := passes.Mode("bp")
		if err != nil {
			t.Fatal(err)
		}
		_, err = passes.Compile(o.g, bp, passes.Options{Part: passes.Gradient})
		wantError(t, err, want, "normalised_test.go:")
	}
}

// TestDraws checks that draws can be given, and what stands for draws that are turned off.
func TestDraws(t *testing.T) {
	g := graph.New("draws")
	draw := func(op, stream string, attrs graph.Attrs) {
		attrs["shape"], attrs["stream"] = graph.Dims("batch", 2), stream
		g.Output(stream, graph.Scale(g.Add(op, attrs, g.Key())[0], 2))
	}
	draw("random_uniform", "jitter", graph.Attrs{})
	draw("random_uniform", "edge", graph.Attrs{"eval": 0.25})
	draw("random_normal", "noise", graph.Attrs{})
	draw("random_normal", "shift", graph.Attrs{"eval": -1.0})
	g.Loss(graph.Mean(graph.Apply("square", graph.MatMul(g.Input("x", graph.F32, "batch", 2), g.Param("w", "zeros", 2, 1))), 0, 1))
	w := newWorld(graph.Binding{"batch": 2})
	w.values["random/jitter"] = []float64{0.1, 0.2, 0.3, 0.4}
	w.values["random/noise"] = []float64{-1, 2, 0.5, 0}
	for _, c := range []struct {
		o    passes.Options
		want map[string]float64 // all elements
	}{
		{passes.Options{Evaluate: true}, map[string]float64{"jitter": 1, "edge": 0.5, "noise": 0, "shift": -2}},
		{passes.Options{GivenRandom: map[string]bool{"jitter": true, "noise": true}}, map[string]float64{"edge": 0.5, "shift": -2}},
	} {
		for _, double := range []bool{false, true} {
			c.o.Part, c.o.Verify, c.o.F64 = passes.Gradient, true, double
			program := compile(t, g, "bp", c.o).Program
			out := w.run(t, program)
			if c.o.GivenRandom != nil {
				near(t, "given", out["jitter"], []float64{0.2, 0.4, 0.6, 0.8})
				near(t, "given", out["noise"], []float64{-2, 4, 1, 0})
			}
			for name, x := range c.want {
				near(t, fmt.Sprintf("%+v: %s", c.o, name), out[name], []float64{x, x, x, x})
			}
			if strings.Contains(program.String(), "random_") {
				t.Errorf("a draw is left in\n%v", program)
			}
		}
	}
	drawn := w.run(t, compile(t, g, "bp", passes.Options{Part: passes.Gradient}).Program)
	for _, name := range []string{"jitter", "noise"} {
		if x := drawn[name]; x[0] == x[1] || x[1] == x[2] {
			t.Errorf("%s is %v: not drawn", name, x)
		}
	}
}
