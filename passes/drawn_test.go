package passes_test

import (
	"testing"

	"graft/feedback"
	"graft/passes"
)

// TestDrawnAlignment shows the mistake that alignment can be measured with: dropout, and the statistics of the batch, act where
// backpropagation passes and not where errors are delivered. The program must compare just these two; and where feedback is
// backpropagation, by the transposed weights, it must find less than the perfect alignment that there is.
func TestDrawnAlignment(t *testing.T) {
	drawn := passes.Options{Part: passes.Alignment, F64: true, Verify: true, DrawnAlignment: true}
	for _, m := range models(t) {
		bp := m.w.run(t, compile(t, m.def, "bp", passes.Options{Part: passes.Gradient, F64: true, Observe: true}).Program)
		dfa := m.w.run(t, compile(t, m.def, "dfa", passes.Options{Part: passes.Gradient, F64: true, Observe: true, Evaluate: true}).Program)
		out := m.w.run(t, compile(t, m.def, "dfa", drawn).Program)
		s := &surrogate{m: m}
		for _, n := range m.def.Effects("feedback") {
			if n.Str("level") == feedback.Micro {
				continue
			}
			point := n.Str("point")
			mean, std, rows, skipped := cosines(dfa["cotangent/"+point], bp["cotangent/"+point], s.width(t, n))
			name := "alignment/" + point
			near(t, m.name+": "+name, []float64{out[name][0], out[name+"/std"][0], out[name+"/rows"][0], out[name+"/skipped"][0]},
				[]float64{mean, std, rows, skipped})
		}
	}

	m := convolution(t)
	m.gradients(t, "bp", feedback.Options{}) // the weights are made on first use
	m.w.values["feedback/conv1"] = transposed(m.w.values["conv2/weight"], hiddenWidth, classes)
	drawn.Feedback = feedback.Options{Given: true, Route: 1}
	matched := drawn
	matched.DrawnAlignment = false
	// In double precision a cosine of equal vectors is 1 to rounding; what dropout at 0.3 changes is visible at the third digit.
	if a := m.w.run(t, compile(t, m.def, "dfa", matched).Program)["alignment/conv1"][0]; a < 1-1e-9 {
		t.Errorf("with the transposed weights the alignment is %v, want 1", a)
	}
	if a := m.w.run(t, compile(t, m.def, "dfa", drawn).Program)["alignment/conv1"][0]; a > 1-1e-3 {
		t.Errorf("with dropout in the copy alone the alignment is still %v", a)
	}
}
