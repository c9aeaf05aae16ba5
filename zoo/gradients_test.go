package zoo_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/zoo"
)

// TestGradients compares the gradients of every model, variant, mode and granularity, in double precision and at tiny sizes, with
// central differences of the function whose gradient they are said to be:
//
//   - bp: the loss.
//   - dfa: the loss plus the inner product of what is delivered at each point with the activation there, where the blocks read the
//     values behind points as constants. What is delivered is the error at the site, itself taken by differences, times a given
//     matrix.
//   - shallow: the loss with the same constants.
//
// The functions are made of the definition by rewrites of this package's own. Draws (dropout, jitter, noise) stay on: their key
// is fixed, so that the loss is a function of the parameters.
func TestGradients(t *testing.T) {
	for _, e := range zoo.Entries() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			c := &comparison{}
			for _, variant := range variantsOf(e) {
				t.Run(variant, func(t *testing.T) { checkGradients(t, defineTiny(t, e, variant), c) })
			}
			for _, pair := range otherwise(e.Name) {
				t.Run(pair[0]+"="+pair[1], func(t *testing.T) {
					checkGradients(t, define(t, e, variantsOf(e)[0], with(tiny(e.Name), pair[0], pair[1])), c)
				})
			}
			t.Logf("%d numbers compared, %d skipped at kinks, %d of frozen parameters", c.compared, c.skipped, c.frozen)
			if c.skipped > (c.skipped+c.compared)*15/100 {
				t.Errorf("%d numbers were skipped, only %d compared", c.skipped, c.compared)
			}
		})
	}
}

// otherwise lists options that change where errors are taken or delivered, or what is trained, with values other than the default.
func otherwise(model string) [][2]string {
	switch model {
	case "transformer":
		return [][2]string{{"site", "vocab"}, {"embed_point", "true"}, {"tied", "true"}}
	case "transformer-dense", "transformer-random":
		return [][2]string{{"frozen", "true"}}
	}
	return nil
}

func checkGradients(t *testing.T, def *graph.Graph, c *comparison) {
	wide := retyped(t, def)
	w := newWorld(t, wide, tinySizes(wide.Name))
	h := hold(t, w, wide, "")
	c.program(t, h, compile(t, def, "bp", passes.Options{Part: passes.Gradient, F64: true}), func(s slopes) slope { return s.loss })

	points := 0
	for _, granularity := range []string{feedback.Macro, feedback.Micro} {
		h := hold(t, w, wide, granularity)
		if granularity == feedback.Micro && len(h.points) == points {
			continue // there are none inside blocks
		}
		points = len(h.points)
		h.deliver(t)
		o := passes.Options{Part: passes.Gradient, F64: true, Feedback: feedback.Options{Granularity: granularity, Given: true}}
		c.program(t, h, compile(t, def, "dfa", o), func(s slopes) slope { return s.surrogate })
		c.program(t, h, compile(t, def, "shallow", o), func(s slopes) slope { return s.loss })
	}
}

// comparison counts the numbers that have been dealt with for one model.
type comparison struct{ compared, skipped, frozen int }

// program compares the gradients of a program with differences, at four numbers of each parameter, drawn by its name.
func (c *comparison) program(t *testing.T, h *held, compiled *passes.Compiled, of func(slopes) slope) {
	t.Helper()
	got := h.w.outputs(t, compiled.Program)
	for _, p := range h.def.Leaves("param") {
		name := p.Node.Name()
		x, g := h.w.leaves[name].F64, got["grad/"+name]
		places := stream("places/" + name).Perm(len(x))
		places = places[:min(4, len(places))]
		switch frozen := slices.Contains(compiled.Report.Frozen, name); {
		case frozen != (g == nil):
			t.Errorf("frozen: %v; has a gradient: %v", frozen, g != nil)
		case frozen:
			c.unmoved(t, h, x, places, of)
		default:
			if moves := c.gradient(t, h, x, g.F64, places, of); !moves && !strings.HasSuffix(name, "/dense/bias") {
				t.Error("it is 0 wherever it was compared, and no bias in front of a batch norm, which must be: draw other values")
			}
		}
		if t.Failed() {
			t.Fatalf("in mode %s %s, at parameter %s", compiled.Program.Mode, compiled.Program.Granularity, name)
		}
	}
}

// unmoved checks that a frozen parameter does not move the function by a bit.
func (c *comparison) unmoved(t *testing.T, h *held, x []float64, places []int, of func(slopes) slope) {
	t.Helper()
	for _, i := range places {
		c.frozen++
		if s := of(h.slopes(t, x, i)); s != (slope{}) {
			t.Errorf("number %d of a frozen parameter has the derivative %v", i, s.central())
		}
	}
}

// gradient compares the gradient g of the parameter x at some places, of which one at least must not be at a kink, and reports
// whether it is other than 0 at any.
func (c *comparison) gradient(t *testing.T, h *held, x, g []float64, places []int, of func(slopes) slope) (moves bool) {
	t.Helper()
	size := 0.0
	for _, v := range g {
		size = max(size, math.Abs(v))
	}
	compared := 0
	for _, i := range places {
		s := of(h.slopes(t, x, i))
		want := s.central()
		size := max(size, math.Abs(want))
		if s.kinked(size) {
			c.skipped++
			continue
		}
		compared++
		moves = moves || math.Abs(want) > noise
		if !(math.Abs(g[i]-want) <= tolerance*size+noise) {
			t.Errorf("number %d: gradient %.9g, want %.9g (largest %.3g)", i, g[i], want, size)
		}
	}
	if compared == 0 {
		t.Error("it has kinks everywhere: nothing was compared")
	}
	c.compared += compared
	return moves
}

// A function of order 1 is rounded to about 1e-16 at each of some hundred operations; divided by the step that is a noise of
// 1e-8 at worst. The step's square, the error of a central difference of a smooth function, is far below. Where the function has
// a kink within the step, the central difference is wrong by at most half of the difference between both sides: what is
// not skipped for it is let pass as much, in units of the parameter's largest gradient. The second derivative keeps the sides of a
// smooth function apart too, by the step's multiple, which leaves it a hundred times the first.
const (
	step      = 1e-6
	noise     = 2e-8
	sides     = 1e-4
	tolerance = sides / 2
)

// slope is a derivative, taken from below and from above.
type slope struct{ below, above float64 }

func newSlope(down, at, up float64) slope { return slope{(at - down) / step, (up - at) / step} }

func (s slope) central() float64 { return (s.below + s.above) / 2 }

// kinked reports whether the sides disagree, for derivatives of the given size.
func (s slope) kinked(size float64) bool {
	return math.Abs(s.above-s.below) > sides*math.Abs(size)+noise
}
