package passes_test

import (
	"math"
	"slices"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/zoo/geometric"
)

// The tests of this file hold the programs against the published method in closed form.

// gradients runs the gradient program of a mode in f64, cotangents and errors included.
func (m model) gradients(t *testing.T, mode string, o feedback.Options) map[string][]float64 {
	t.Helper()
	c := compile(t, m.def, mode, passes.Options{Part: passes.Gradient, F64: true, Observe: true, Verify: true, Feedback: o})
	return m.w.run(t, c.Program)
}

// TestClosedFormPerceptron checks dW = x^T [(E B / sqrt(F)) * f'] of the one hidden layer.
func TestClosedFormPerceptron(t *testing.T) {
	const batch, inputs, width = 4, 5, 6
	m := perceptron(width)
	got := m.gradients(t, "dfa", feedback.Options{})
	s := &surrogate{m: m}
	e := softmaxError(got["logits"], m.w.values["label"], nil, classes)
	delta := times(e, s.draw(t, "logits", classes, width), batch, classes, width)
	x, a := m.w.values["x"], times(m.w.values["x"], m.w.values["dense0/weight"], batch, inputs, width)
	for i := range delta {
		delta[i] /= math.Sqrt(width)
		if a[i]+m.w.values["dense0/bias"][i%width] <= 0 {
			delta[i] = 0
		}
	}
	near(t, "dense0/weight", got["grad/dense0/weight"], times(transposed(x, batch, inputs), delta, inputs, batch, width))
	near(t, "dense0/bias", got["grad/dense0/bias"], times(slices.Repeat([]float64{1}, batch), delta, 1, batch, width))
}

// TestClosedFormConvolution checks that nothing is delivered to nodes without a label on the direct route, and along k hops
// what (P^T)^k carries there; and the gradient dW = X^T P^T [D * mask * f'] of the first convolution.
func TestClosedFormConvolution(t *testing.T) {
	m := convolution(t)
	for hops := range 3 {
		got := m.gradients(t, "dfa", feedback.Options{Route: hops})
		s := &surrogate{m: m}
		p := transposed(m.w.dense("propagation"), nodes, nodes)
		e := softmaxError(got["logits"], m.w.values["label"], m.w.values["mask"], classes)
		for range hops {
			e = times(p, e, nodes, nodes, classes)
		}
		d := times(e, s.draw(t, "logits", classes, hiddenWidth), nodes, classes, hiddenWidth)
		for i := range d {
			d[i] /= math.Sqrt(hiddenWidth)
		}
		near(t, "delivered", got["cotangent/conv1"], d)
		for n, labelled := range m.w.values["mask"] {
			row := got["cotangent/conv1"][n*hiddenWidth : (n+1)*hiddenWidth]
			if zero := !slices.ContainsFunc(row, func(x float64) bool { return x != 0 }); hops == 0 && zero != (labelled == 0) {
				t.Errorf("node %d with mask %v receives %v", n, labelled, row)
			}
		}

		// h is positive where both the activation and the dropout let the cotangent through.
		below := m.activations(t)["conv1"]
		for i, h := range below {
			d[i] /= 1 - 0.3
			if h <= 0 {
				d[i] = 0
			}
		}
		x := transposed(m.w.dense("x"), nodes, 7)
		near(t, "conv1/weight", got["grad/conv1/weight"], times(x, times(p, d, nodes, nodes, hiddenWidth), 7, nodes, hiddenWidth))
	}
}

// TestUpperWeights checks that updates below a cut depend on the weights above it through the error alone: weights are changed a
// lot, in a direction that leaves the logits as they are. Backpropagation's gradients do change.
func TestUpperWeights(t *testing.T) {
	wide := convolution(t)
	wide.def = geometric.GCN(geometric.GCNOptions{Features: 7, Hidden: 9, Classes: classes, Dropout: 0.3})
	for _, c := range []struct {
		model
		point, weight string
		width         int
		lower         []string
	}{
		{perceptron(6, 7), "dense1", "output/weight", 7, []string{"dense0/weight", "dense1/weight"}},
		{perceptron(6, 7), "dense0", "dense1/weight", 6, []string{"dense0/weight", "dense0/bias"}},
		{wide, "conv1", "conv2/weight", 9, []string{"conv1/weight", "conv1/bias"}},
	} {
		before := map[string]map[string][]float64{}
		for _, mode := range []string{"bp", "dfa"} {
			before[mode] = c.gradients(t, mode, feedback.Options{})
		}
		// v is orthogonal to all rows of the activation, which has fewer rows than columns.
		v := orthogonalTo(c.activations(t)[c.point], c.width)
		weight := c.w.values[c.weight]
		columns := len(weight) / c.width
		changed := slices.Clone(weight)
		for i := range changed {
			changed[i] += 5 * v[i/columns] * float64(1+i%columns)
		}
		c.w.values[c.weight] = changed
		for _, mode := range []string{"bp", "dfa"} {
			after := c.gradients(t, mode, feedback.Options{})
			near(t, mode+": error", after["error/logits"], before[mode]["error/logits"])
			for _, p := range c.lower {
				if mode == "dfa" {
					near(t, c.weight+" changed: gradient of "+p, after["grad/"+p], before[mode]["grad/"+p])
				} else if distance(after["grad/"+p], before[mode]["grad/"+p]) < 0.01 {
					t.Errorf("%s changed: the backpropagated gradient of %s did not", c.weight, p)
				}
			}
		}
	}
}

// orthogonalTo returns a unit vector orthogonal to all rows of h, by Gram and Schmidt.
func orthogonalTo(h []float64, width int) []float64 {
	var basis [][]float64
	last := make([]float64, width)
	for i := range last {
		last[i] = math.Cos(float64(3 * i))
	}
	for _, row := range append(slices.Collect(slices.Chunk(h, width)), last) {
		v := slices.Clone(row)
		for range 2 { // twice, for the digits that cancel
			for _, b := range basis {
				dot := times(b, v, 1, width, 1)[0]
				for i := range v {
					v[i] -= dot * b[i]
				}
			}
		}
		norm := math.Sqrt(times(v, v, 1, width, 1)[0])
		if norm < 1e-9 {
			continue
		}
		for i := range v {
			v[i] /= norm
		}
		basis = append(basis, v)
	}
	return basis[len(basis)-1]
}

func distance(a, b []float64) float64 {
	d := 0.0
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

// TestTransposedWeights gives the feedback matrix the weights that backpropagation would use. Then dfa is backpropagation, and
// the alignment is 1: in a perceptron with one hidden layer, and in the graph network along one hop of its propagation.
func TestTransposedWeights(t *testing.T) {
	const width = 6
	graphNetwork := convolution(t)
	for _, c := range []struct {
		model
		point, weight string
		width         int
		o             feedback.Options
	}{
		{perceptron(width), "dense0", "output/weight", width, feedback.Options{Given: true}},
		{graphNetwork, "conv1", "conv2/weight", hiddenWidth, feedback.Options{Given: true, Route: 1}},
	} {
		bp := c.gradients(t, "bp", feedback.Options{})
		c.w.values["feedback/"+c.point] = transposed(c.w.values[c.weight], c.width, classes)
		dfa := c.gradients(t, "dfa", c.o)
		for _, p := range c.def.Leaves("param") {
			near(t, "gradient of "+p.Node.Name(), dfa["grad/"+p.Node.Name()], bp["grad/"+p.Node.Name()])
		}
		a := compile(t, c.def, "dfa", passes.Options{Part: passes.Alignment, Verify: true, Feedback: c.o})
		out := c.w.run(t, a.Program)
		name := "alignment/" + c.point
		rows := out[name+"/rows"][0] + out[name+"/skipped"][0]
		if math.Abs(out[name][0]-1) > 1e-6 || out[name+"/std"][0] > 1e-6 || out[name+"/rows"][0] == 0 || rows != float64(max(4, len(c.w.values["mask"]))) {
			t.Errorf("alignment %v, deviation %v, rows %v, skipped %v", out[name], out[name+"/std"], out[name+"/rows"], out[name+"/skipped"])
		}
	}
}

// TestAlignment compares the alignment program with the cotangents that bp and dfa programs deliver in evaluation.
func TestAlignment(t *testing.T) {
	for _, m := range append(models(t), crossed()) {
		all := feedback.Options{Granularity: feedback.Micro}
		delivered := map[string]map[string][]float64{}
		for _, mode := range []string{"bp", "dfa"} {
			c := compile(t, m.def, mode, passes.Options{Part: passes.Gradient, F64: true, Observe: true, Evaluate: true, Feedback: all})
			delivered[mode] = m.w.run(t, c.Program)
		}
		out := m.w.run(t, compile(t, m.def, "dfa", passes.Options{Part: passes.Alignment, F64: true, Verify: true, Feedback: all}).Program)
		s := &surrogate{m: m}
		for _, n := range m.def.Effects("feedback") {
			name := "cotangent/" + n.Str("point")
			if delivered["bp"][name] == nil {
				t.Errorf("%s: backpropagation observes no %s", m.name, name)
				continue
			}
			mean, std, rows, skipped := cosines(delivered["dfa"][name], delivered["bp"][name], s.width(t, n))
			name = "alignment/" + n.Str("point")
			near(t, m.name+": "+name, []float64{out[name][0], out[name+"/std"][0], out[name+"/rows"][0], out[name+"/skipped"][0]},
				[]float64{mean, std, rows, skipped})
		}
	}
}

// cosines returns mean and deviation of the cosines between rows, their number, and that of rows with a zero vector.
func cosines(a, b []float64, width int) (mean, std, rows, skipped float64) {
	var all []float64
	for i := 0; i < len(a); i += width {
		x, y := a[i:i+width], b[i:i+width]
		xx, yy := times(x, x, 1, width, 1)[0], times(y, y, 1, width, 1)[0]
		if xx == 0 || yy == 0 {
			skipped++
			continue
		}
		all = append(all, times(x, y, 1, width, 1)[0]/math.Sqrt(xx*yy))
		mean += all[len(all)-1]
	}
	rows = float64(len(all))
	mean /= rows
	for _, c := range all {
		std += (c - mean) * (c - mean)
	}
	return mean, math.Sqrt(std / max(1, rows-1)), rows, skipped
}

// TestSharedColumns checks that points of a site see the leading columns of one projection, to the bit, and that a point with
// three times the rows sees every row three times.
func TestSharedColumns(t *testing.T) {
	m := perceptron(4, 6, 3)
	got := m.gradients(t, "dfa", feedback.Options{})
	for r := range 4 {
		widest := got["cotangent/dense1"][r*6 : (r+1)*6]
		for point, width := range map[string]int{"dense0": 4, "dense2": 3} {
			if row := got["cotangent/"+point][r*width : (r+1)*width]; !slices.Equal(row, widest[:width]) {
				t.Errorf("row %d of %s is %v, want the leading columns of %v", r, point, row, widest)
			}
		}
	}
	tokens := slices.Collect(slices.Chunk(crossed().gradients(t, "dfa", feedback.Options{})["cotangent/tokens"], 2))
	for r, row := range tokens {
		if same := slices.Equal(row, tokens[max(0, r-1)]); same != (r%3 != 0 || r == 0) {
			t.Errorf("row %d of 12 tokens over 4 errors: equal to the one before: %v", r, same)
		}
	}
}

// TestFixedMatrices checks that the matrices depend on the seed and not on the step.
func TestFixedMatrices(t *testing.T) {
	m := perceptron(4)
	first := m.gradients(t, "dfa", feedback.Options{})["cotangent/dense0"]
	m.w.values["step"] = []float64{4}
	if next := m.gradients(t, "dfa", feedback.Options{})["cotangent/dense0"]; !slices.Equal(first, next) {
		t.Error("the matrix changed from step to step")
	}
	m.w.values["seed"] = []float64{8}
	if other := m.gradients(t, "dfa", feedback.Options{})["cotangent/dense0"]; slices.Equal(first, other) {
		t.Error("two seeds have one matrix")
	}
}

// TestFrozen checks that shallow steps leave everything below the cut as it is, weight decay or not, and change the rest.
func TestFrozen(t *testing.T) {
	decay := 0.1
	for _, c := range []struct {
		model
		optimizer passes.Optimizer
		frozen    []string
	}{
		{perceptron(4, 6), passes.Optimizer{Rule: "sgd", Momentum: 0.9, WeightDecay: decay}, []string{"dense0/weight", "dense0/bias", "dense1/weight", "dense1/bias"}},
		{convolution(t), passes.Optimizer{Rule: "adam", Groups: []passes.Group{{Match: "*/*", WeightDecay: &decay}}}, []string{"conv1/weight", "conv1/bias"}},
	} {
		step := compile(t, c.def, "shallow", passes.Options{Optimizer: c.optimizer}).Program
		for _, mode := range []string{"shallow", "dfa"} {
			if mode == "dfa" { // the control
				step = compile(t, c.def, "dfa", passes.Options{Optimizer: c.optimizer}).Program
			}
			c.w.run(t, step)
			before := map[string][]float64{}
			for _, p := range c.def.Leaves("param") {
				before[p.Node.Name()] = c.w.values[p.Node.Name()]
			}
			for range 3 {
				c.w.step(t, step)
			}
			for name, x := range before {
				want := mode == "shallow" && slices.Contains(c.frozen, name)
				if same := slices.Equal(x, c.w.values[name]); same != want {
					t.Errorf("%s, %s: %s is unchanged after three steps: %v, want %v", c.name, mode, name, same, want)
				}
			}
		}
	}
}

// step runs a program and keeps what it stores.
func (w *world) step(t *testing.T, program *graph.Graph) map[string][]float64 {
	t.Helper()
	out := w.run(t, program)
	for _, n := range program.Effects("store") {
		w.values[n.Name()] = out["store/"+n.Name()]
	}
	return out
}
