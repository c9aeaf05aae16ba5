package passes_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
	"graft/passes"
)

// TestComposition checks that a step program is its gradient program followed by its update program, to the bit, over two steps.
func TestComposition(t *testing.T) {
	tenth, none := 0.1, 0.0
	groups := []passes.Group{{WeightDecay: &none, LRScale: &tenth}, {WeightDecay: &tenth}} // of a model's first and last parameter
	for _, o := range []passes.Optimizer{
		{Rule: "sgd"}, {Rule: "sgd", ClipNorm: 0.1}, {Rule: "sgd", Momentum: 0.9, WeightDecay: 0.01, ClipNorm: 0.1, Groups: groups},
		{Rule: "adam", WeightDecay: 0.01}, {Rule: "adam", Beta1: 0.8, Beta2: 0.95, Eps: 1e-5, ClipNorm: 1e9, Groups: groups},
		{Rule: "adamw", WeightDecay: 0.01, ClipNorm: 0.1, Groups: groups},
		{Rule: "radam", Beta1: 0.8, WeightDecay: 0.01, Groups: groups},
	} {
		for i, m := range models(t) {
			if params := m.def.Leaves("param"); o.Groups != nil {
				o.Groups = slices.Clone(groups)
				o.Groups[0].Match, o.Groups[1].Match = params[0].Node.Name(), params[len(params)-1].Node.Name()
			}
			for _, mode := range []string{"bp", "dfa", "shallow"} {
				m.w = models(t)[i].w
				split := models(t)[i].w // the same values, kept apart
				step := compile(t, m.def, mode, passes.Options{Optimizer: o}).Program
				gradient := compile(t, m.def, mode, passes.Options{Optimizer: o, Part: passes.Gradient}).Program
				update, err := passes.CompileUpdate(gradient, o)
				if err != nil {
					t.Fatal(err)
				}
				if err := graph.Verify(update, graph.Optimized); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					want := m.w.step(t, step)
					first := split.step(t, gradient) // which stores running statistics
					for name, x := range first {
						if strings.HasPrefix(name, "grad/") {
							split.values[name] = x
						}
					}
					then := split.step(t, update)
					for name, x := range first {
						if strings.HasPrefix(name, "store/") {
							then[name] = x
						}
					}
					for name, x := range then {
						if d := cmp.Diff(want[name], x); d != "" {
							t.Errorf("%s, %s, %v: %s differs (-step +update):\n%s", m.name, mode, o, name, d)
						}
					}
				}
				parts := len(gradient.Effects("store")) + len(update.Effects("store"))
				if parts != len(step.Effects("store")) {
					t.Errorf("%s, %s, %v: %d stores in gradient and update, %d in the step", m.name, mode, o, parts, len(step.Effects("store")))
				}
			}
		}
	}
}

// TestUpdateRules compares two steps at rate 0.1 with numbers worked out by hand: weights 1 and -2 of two parameters, whose
// gradients are always 0.5 and 2.
func TestUpdateRules(t *testing.T) {
	tenth, half := 0.1, 0.5
	norm := math.Hypot(0.5, 2) + 1e-6 // clipping to 1 divides by it
	for _, c := range []struct {
		o           passes.Optimizer
		first, then [2]float64
	}{
		{o: passes.Optimizer{Rule: "sgd"}, first: [2]float64{0.95, -2.2}, then: [2]float64{0.9, -2.4}},
		// The momentum of step 2 is 1.9 gradients.
		{o: passes.Optimizer{Rule: "sgd", Momentum: 0.9}, first: [2]float64{0.95, -2.2}, then: [2]float64{0.855, -2.58}},
		// Decay: 0.5 + 0.1*1 = 0.6, then 0.9*0.6 + 0.5 + 0.1*0.94 = 1.134; 2 - 0.2 = 1.8, then 1.62 + 2 - 0.218 = 3.402.
		{o: passes.Optimizer{Rule: "sgd", Momentum: 0.9, WeightDecay: 0.1}, first: [2]float64{0.94, -2.18}, then: [2]float64{0.8266, -2.5202}},
		{o: passes.Optimizer{Rule: "sgd", ClipNorm: 1}, first: [2]float64{1 - 0.05/norm, -2 - 0.2/norm}, then: [2]float64{1 - 0.1/norm, -2 - 0.4/norm}},
		{o: passes.Optimizer{Rule: "sgd", ClipNorm: 3}, first: [2]float64{0.95, -2.2}, then: [2]float64{0.9, -2.4}}, // the norm is below
		// The first group that matches applies; b has no decay and half the rate.
		{o: passes.Optimizer{Rule: "sgd", Groups: []passes.Group{{Match: "b*", LRScale: &half}, {Match: "*", WeightDecay: &tenth}}},
			first: [2]float64{0.94, -2.1}, then: [2]float64{0.8806, -2.2}},
		// Adam's step is the rate, whatever the gradient's size, as long as it stays the same.
		{o: passes.Optimizer{Rule: "adam"}, first: [2]float64{0.9, -2.1}, then: [2]float64{0.8, -2.2}},
		// Coupled decay adds to a gradient whose size does not matter: the first step is the same.
		{o: passes.Optimizer{Rule: "adam", WeightDecay: 0.1}, first: [2]float64{0.9, -2.1}},
		// Decoupled decay takes a hundredth of the weight besides.
		{o: passes.Optimizer{Rule: "adamw", WeightDecay: 0.1}, first: [2]float64{0.89, -2.08}, then: [2]float64{0.7811, -2.1592}},
		// RAdam's first steps are momentum's, corrected for its start: the gradient itself where it stays the same.
		{o: passes.Optimizer{Rule: "radam"}, first: [2]float64{0.95, -2.2}, then: [2]float64{0.9, -2.4}},
		// Decay: 0.5 + 0.1*1 = 0.6, then (0.9*0.06 + 0.1*(0.5 + 0.1*0.94))/0.19; 1.8, then (0.9*0.18 + 0.1*(2 - 0.218))/0.19.
		{o: passes.Optimizer{Rule: "radam", WeightDecay: 0.1}, first: [2]float64{0.94, -2.18}, then: [2]float64{0.94 - 0.1134/1.9, -2.18 - 0.3402/1.9}},
		// At eps = |gradient| the first step is half the rate for a; for b it is 2/(2+0.5) of it.
		{o: passes.Optimizer{Rule: "adam", Eps: 0.5}, first: [2]float64{0.95, -2.08}},
	} {
		g := graph.New("line")
		sum := func(name string, slope float64) *graph.Value {
			return graph.Sum(graph.Scale(g.Param(name, "zeros", 1), slope), 0)
		}
		g.Loss(graph.Add(sum("a", 0.5), sum("b", 2)))
		w := newWorld(graph.Binding{})
		w.values["a"], w.values["b"], w.values["lr"], w.values["step"] = []float64{1}, []float64{-2}, []float64{0.1}, []float64{0}
		program := compile(t, g, "bp", passes.Options{Optimizer: c.o, F64: true}).Program
		for step, want := range [][2]float64{c.first, c.then} {
			if want == [2]float64{} {
				continue
			}
			w.step(t, program)
			w.values["step"] = []float64{1}
			for i, name := range []string{"a", "b"} {
				// Adam's eps of 1e-8 shows in the eighth digit.
				near(t, fmt.Sprintf("%v, step %d, %s", c.o, step, name), w.values[name], []float64{want[i]})
			}
		}
	}
}

// TestRectification compares radam's sixth and seventh step, the first that are rectified, with the rate 0.1 times the factor r of
// Liu et al. 2020, algorithm 2, worked out to 40 digits for beta2 = 0.999: a gradient that stays the same is its own mean and root
// mean square.
func TestRectification(t *testing.T) {
	g := graph.New("line")
	g.Loss(graph.Sum(graph.Scale(g.Param("a", "zeros", 1), 0.5), 0))
	w := newWorld(graph.Binding{})
	w.values["a"], w.values["lr"] = []float64{1}, []float64{0.1}
	program := compile(t, g, "bp", passes.Options{Optimizer: passes.Optimizer{Rule: "radam"}, F64: true}).Program
	for step, want := range []float64{0.95, 0.9, 0.85, 0.8, 0.75, 0.74741788871988, 0.74414400727879} {
		w.values["step"] = []float64{float64(step)}
		w.step(t, program)
		near(t, fmt.Sprintf("after step %d", step), w.values["a"], []float64{want})
	}
}

// TestOptimizerErrors checks what is said of unsuitable optimizers.
func TestOptimizerErrors(t *testing.T) {
	m := perceptron(4)
	p, err := passes.Mode("bp")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    passes.Optimizer
		want string
	}{
		{passes.Optimizer{}, `optimizer "" is not one of sgd, adam`},
		{passes.Optimizer{Rule: "lion"}, `optimizer "lion" is not one of sgd, adam`},
		{passes.Optimizer{Rule: "sgd", Groups: []passes.Group{{Match: "[a"}}}, `group "[a"`},
	} {
		_, err := passes.Compile(m.def, p, passes.Options{Optimizer: c.o})
		wantError(t, err, c.want)
	}
	_, err = passes.CompileUpdate(compile(t, m.def, "bp", passes.Options{}).Program, passes.Optimizer{Rule: "sgd"})
	wantError(t, err, `made from a gradient program`, `part "step"`)
}

// wantError checks that an error says everything that is wanted.
func wantError(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one that says %q", wants)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q does not say %q", err, want)
		}
	}
}
