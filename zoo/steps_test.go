package zoo_test

import (
	"context"
	"fmt"
	"math"
	goruntime "runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/buffer"
	"graft/runtime/gorgonia"
	"graft/runtime/native"
	"graft/zoo"
	"graft/zoo/entry"
)

// decayed is an optimizer with all that a step may have: decay, momentum and a barrier. Steps on two backends are compared with
// it, since a step of Adam's would divide the rounding of a gradient that is 0 in truth by its own size.
func decayed() passes.Optimizer {
	return passes.Optimizer{Rule: "sgd", Momentum: 0.9, WeightDecay: 0.1, ClipNorm: 1}
}

// trained is a program of an entry that is run with a state of its own.
type trained struct {
	*runtime.Executable
	state *runtime.State
}

// load attaches a program to a new state with the world's parameters, and feeds it the world's inputs.
func load(t *testing.T, w *world, p *graph.Graph, o runtime.Options) trained {
	t.Helper()
	s := runtime.NewState()
	if err := s.Init(p, w.sizesOf(p), 7); err != nil {
		t.Fatal(err)
	}
	for _, v := range p.Leaves("param") {
		if err := s.Set(v.Node.Name(), w.leaf(t, v).Dense()); err != nil {
			t.Fatal(err)
		}
	}
	e, err := runtime.Load(p, w.sizesOf(p), s, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range p.Leaves("input") {
		f, err := e.Feed(v.Node.Name())
		if err != nil {
			t.Fatal(err)
		}
		b := w.leaf(t, v)
		if v.Type.Sparse {
			err = f.SetPattern(b.Pattern)
		} else {
			err = f.Set(b.Dense())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return trained{e, s}
}

// sizesOf returns the sizes of the symbols that p has.
func (w *world) sizesOf(p *graph.Graph) graph.Binding {
	b := graph.Binding{}
	for _, s := range p.Symbols() {
		b[s] = w.sizes[s]
	}
	return b
}

// steps runs the program n times, from step 0 on.
func (x trained) steps(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		if f, err := x.Feed("step"); err == nil {
			if err := f.SetInt(int32(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := x.Step(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// eachEntry runs a test for every entry at tiny sizes, in its default variant.
func eachEntry(t *testing.T, run func(t *testing.T, e entry.Entry, def *graph.Graph)) {
	for _, e := range zoo.Entries() {
		t.Run(e.Name, func(t *testing.T) { run(t, e, defineTiny(t, e, variantsOf(e)[0])) })
	}
}

// same reports whether two buffers have the same bits.
func same(a, b *buffer.Buffer) bool {
	return slices.EqualFunc(a.F32, b.F32, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// TestFrozen trains in shallow mode with weight decay for three steps: what is frozen must keep its bits, and what is not must move.
func TestFrozen(t *testing.T) {
	eachEntry(t, func(t *testing.T, e entry.Entry, def *graph.Graph) {
		t.Parallel()
		w := newWorld(t, def, tinySizes(e.Name))
		for _, rule := range []passes.Optimizer{decayed(), {Rule: "adam", WeightDecay: 0.1}, {Rule: "adamw", WeightDecay: 0.1}} {
			c := compile(t, def, "shallow", passes.Options{Optimizer: rule, Feedback: feedback.Options{Granularity: feedback.Micro}})
			if points := len(def.Effects("feedback")); (points > 0) != (len(c.Report.Frozen) > 0) {
				t.Errorf("%d points, frozen %v", points, c.Report.Frozen)
			}
			x := load(t, w, c.Program, runtime.Options{})
			before := x.state.Clone()
			x.steps(t, 3)
			for _, p := range def.Leaves("param") {
				name := p.Node.Name()
				kept, frozen := same(before.Buffer(name), x.state.Buffer(name)), slices.Contains(c.Report.Frozen, name)
				if kept != frozen {
					t.Errorf("%s: %s is frozen: %v, and kept its bits: %v", rule.Rule, name, frozen, kept)
				}
			}
		}
	})
}

// TestGorgonia makes one training step on Gorgonia and natively, in every mode, and compares all outputs and all that is stored,
// the gradients, in the shape of momenta, among it. Both compute in float32 but add in other orders. What enlarges a rounding
// of 2^-24 most is the encoding of positions, by 2^9; a batch norm does so by 316 at worst, 1/sqrt(eps).
//
// It logs the share of floating-point operations that Gorgonia computes itself, here and at the published sizes: only programs in
// which that is large are a second opinion.
func TestGorgonia(t *testing.T) {
	const tolerance = 512.0 / (1 << 24)
	var table strings.Builder
	fmt.Fprintf(&table, "%-18s  %-7s  %9s  %5s  %9s\n", "model", "mode", "differ by", "share", "published")
	eachEntry(t, func(t *testing.T, e entry.Entry, def *graph.Graph) {
		w := newWorld(t, def, tinySizes(e.Name))
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			o := passes.Options{Optimizer: decayed()}
			p := compile(t, def, mode, o).Program
			ours, theirs := load(t, w, p, runtime.Options{}), load(t, w, p, runtime.Options{Backend: gorgonia.New()})
			ours.steps(t, 1)
			theirs.steps(t, 1)
			worst := 0.0
			compare := func(what string, a, b *buffer.Buffer) {
				d := distance(a, b)
				if worst = max(worst, d); !(d <= tolerance) {
					t.Errorf("mode %s: %s differs by %.2g", mode, what, d)
				}
			}
			for _, n := range p.Effects("output") {
				compare("output "+n.Name(), ours.result(t, n.Name()), theirs.result(t, n.Name()))
			}
			for _, name := range ours.state.Names() {
				compare(name, ours.state.Buffer(name), theirs.state.Buffer(name))
			}
			full := compile(t, definePublished(t, e, mode), mode, o).Program
			fmt.Fprintf(&table, "%-18s  %-7s  %9.1e  %3.0f %%  %7.0f %%\n", e.Name, mode, worst,
				100*share(t, p, w.sizes), 100*share(t, full, publishedSizes(e.Recipe(mode, variantsOf(e)[0]).Batch)))
		}
	})
	t.Logf("floating-point operations computed by Gorgonia\n%s", &table)
}

func share(t *testing.T, p *graph.Graph, sizes graph.Binding) float64 {
	t.Helper()
	s, err := gorgonia.Share(p, sizes)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (x trained) result(t *testing.T, name string) *buffer.Buffer {
	t.Helper()
	r, err := x.Result(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := buffer.FromDense(r.Tensor())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// distance returns the largest difference of two buffers in units of the first's largest element, but at least of 1/100.
func distance(a, b *buffer.Buffer) float64 {
	largest, worst := 0.01, 0.0
	for i, x := range a.F32 {
		worst = max(worst, math.Abs(float64(x-b.F32[i]))) // a NaN stays
		largest = max(largest, math.Abs(float64(x)))
	}
	for i, x := range a.I32 {
		worst = max(worst, math.Abs(float64(x-b.I32[i])))
	}
	return worst / largest
}

// TestWorkers trains for some steps alone and with a second worker, at sizes at which both calls and their parts are shared:
// all that is stored must have the same bits.
func TestWorkers(t *testing.T) {
	eachEntry(t, func(t *testing.T, e entry.Entry, def *graph.Graph) {
		t.Parallel()
		w := newWorld(t, def, manySizes(e.Name))
		pool := runtime.NewPool(2)
		defer pool.Close()
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			p := compile(t, def, mode, passes.Options{Optimizer: e.Recipe(mode, variantsOf(e)[0]).Optimizer}).Program
			var together atomic.Bool
			one, two := load(t, w, p, runtime.Options{}), load(t, w, p, runtime.Options{Pool: pool, Kernels: yielding(&together)})
			before := one.state.Clone()
			// On a busy machine the second worker may get no turn in three steps.
			for tries := 0; tries == 0 || tries < 50 && !together.Load(); tries++ {
				one.steps(t, 3)
				two.steps(t, 3)
			}
			moved := false
			for _, name := range one.state.Names() {
				moved = moved || !same(before.Buffer(name), one.state.Buffer(name))
				if !same(one.state.Buffer(name), two.state.Buffer(name)) {
					t.Errorf("mode %s: %s differs between 1 and 2 workers", mode, name)
				}
			}
			if r := two.Report(); r.Parts <= r.Nodes || !together.Load() || !moved {
				t.Errorf("mode %s: %d calls had %d parts; any at a time: %v; any state moved: %v; little was compared", mode, r.Nodes, r.Parts, together.Load(), moved)
			}
		}
	})
}

// yielding returns the native kernels, each of which lets others go first, so that orders get mixed, and notes whether two were
// at work at the same time.
func yielding(together *atomic.Bool) native.Table {
	var active atomic.Int32
	table := native.Kernels()
	for name, k := range table {
		run := k.Run
		k.Run = func(c *native.Call, part, parts int) error {
			if active.Add(1) > 1 {
				together.Store(true)
			}
			defer active.Add(-1)
			goruntime.Gosched()
			return run(c, part, parts)
		}
		table[name] = k
	}
	return table
}

// TestAlignment runs the alignment program of every model that has feedback points. Each value must lie in [-1, 1], and be the
// mean cosine between what the dfa program delivers and what the bp program has at the point, in evaluation; rows in which
// either is 0 do not count.
func TestAlignment(t *testing.T) {
	// A cosine of vectors of up to a hundred elements is rounded some ten times by 2^-24; the two backward passes add in other
	// orders, and what enlarges that is what TestGorgonia says.
	const rounding, tolerance = 1e-6, 512.0 / (1 << 24)
	eachEntry(t, func(t *testing.T, e entry.Entry, def *graph.Graph) {
		t.Parallel()
		if len(def.Effects("feedback")) == 0 {
			t.Skip("it has no feedback point")
		}
		w := newWorld(t, def, tinySizes(e.Name))
		run := func(mode, part string) trained {
			o := passes.Options{Part: part, Evaluate: true, Observe: part == passes.Gradient, Feedback: feedback.Options{Granularity: feedback.Micro}}
			x := load(t, w, compile(t, def, mode, o).Program, runtime.Options{})
			x.steps(t, 1)
			return x
		}
		alignment, delivered, exact := run("dfa", passes.Alignment), run("dfa", passes.Gradient), run("bp", passes.Gradient)
		for _, n := range def.Effects("feedback") {
			if !n.Bool("graft") {
				continue
			}
			point := n.Str("point")
			got := float64(alignment.result(t, "alignment/"+point).F32[0])
			d, x := delivered.result(t, "cotangent/"+point), exact.result(t, "cotangent/"+point)
			want, rows := meanCosine(d.F32, x.F32, buffer.Size(d.Shape[n.Int("rows"):]))
			if !(math.Abs(got) <= 1+rounding) || !(math.Abs(got-want) <= tolerance) || rows == 0 {
				t.Errorf("the alignment at %s is %v, want %v, the mean over %d rows", point, got, want, rows)
			}
		}
	})
}

// meanCosine returns the mean cosine between rows of that width where both are not 0, and how many these are.
func meanCosine(a, b []float32, width int) (mean float64, rows int) {
	for at := 0; at < len(a); at += width {
		var aa, bb, ab float64
		for i := at; i < at+width; i++ {
			x, y := float64(a[i]), float64(b[i])
			aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
		}
		if aa > 0 && bb > 0 {
			mean += ab / math.Sqrt(aa*bb)
			rows++
		}
	}
	return mean / float64(max(rows, 1)), rows
}
