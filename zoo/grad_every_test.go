package zoo_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/safetensors"
	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/experiment"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
)

// TestGradEvery computes the gradients of every model, variant, mode and granularity from files, with feedback matrices of the
// test's own, and compares all that is written with what the definition means in double precision: its outputs, and central
// differences of its loss, or of the surrogate in dfa (see [TestGradients]). With and without draws given: draws that are not
// given are off.
func TestGradEvery(t *testing.T) {
	for _, e := range zoo.Entries() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			worst := 0.0
			for i, variant := range variantsOf(e) {
				for _, c := range []struct {
					mode, granularity string
					drawn             bool
				}{
					{"bp", "", true}, {"dfa", feedback.Macro, true}, {"dfa", feedback.Macro, false}, {"dfa", feedback.Micro, true},
					{"shallow", feedback.Macro, false}, {"shallow", feedback.Micro, true},
				} {
					if c.granularity == feedback.Micro && !strings.HasPrefix(e.Name, "transformer") {
						continue // only these have points inside blocks
					}
					t.Run(fmt.Sprintf("%s/%s%s/draws=%v", variant, c.mode, c.granularity, c.drawn), func(t *testing.T) {
						p := newGradProblem(t, e, variant, c.mode, c.granularity, c.drawn)
						p.rows = i > 0 || c.drawn
						worst = max(worst, p.check(t))
					})
				}
			}
			t.Logf("%s: the largest difference is %.2g of the largest element of its tensor", e.Name, worst)
		})
	}
}

// gradProblem is a plan, what its definition means, and values for all its leaves.
type gradProblem struct {
	plan        *experiment.Plan
	def         *graph.Graph
	plain       *graph.Graph // def in double precision, its draws inputs
	granularity string
	w           *world
	source      []int32 // of the graph's edges
	target      []int32
	draws       map[string]*buffer.Buffer // by stream; nil where none are given
	rows        bool                      // sparse inputs are given in compressed rows
}

func newGradProblem(t *testing.T, e entry.Entry, variant, mode, granularity string, drawn bool) *gradProblem {
	t.Helper()
	plan, err := experiment.NewPlan(e, nil, experiment.Choices{
		Mode: mode, Variant: variant, Set: tiny(e.Name), Feedback: feedback.Options{Granularity: granularity},
	})
	if err != nil {
		t.Fatal(err)
	}
	def, err := plan.Definition()
	if err != nil {
		t.Fatal(err)
	}
	p := &gradProblem{plan: plan, def: def, granularity: granularity, draws: map[string]*buffer.Buffer{}}
	p.world(t)
	p.plain = p.still(t, retyped(t, def), drawn)
	p.w.interpret(t, p.plain) // draws the leaves
	for _, b := range p.w.leaves {
		for i, x := range b.F64 {
			b.F64[i] = float64(float32(x)) // as files have them
		}
	}
	return p
}

// world draws the inputs. What is made from a graph's edges is made here as the entry says, which has tests of its own.
func (p *gradProblem) world(t *testing.T) {
	t.Helper()
	sizes, made := tinySizes(p.def.Name), map[string]*buffer.Buffer{}
	r := stream("graph")
	for range 13 { // with self loops and edges given twice, as it happens
		p.source, p.target = append(p.source, int32(r.IntN(sizes["nodes"]))), append(p.target, int32(r.IntN(sizes["nodes"])))
	}
	for name, of := range p.plan.Entry.FromEdges {
		leaf := p.def.Leaf(name)
		if leaf == nil {
			continue
		}
		pattern, entries, err := of(sizes["nodes"], p.source, p.target)
		if err != nil {
			t.Fatal(err)
		}
		sizes[leaf.Type.Dims[2].Symbols()[0]] = pattern.NNZ()
		made[name] = &buffer.Buffer{DType: graph.I32, Shape: []int{pattern.Rows, pattern.Cols, pattern.NNZ()}, Pattern: pattern}
		if p.def.Leaf(name+"/entries") == nil {
			continue
		}
		made[name+"/entries"] = buffer.New(graph.F64, len(entries))
		for i, x := range entries {
			made[name+"/entries"].F64[i] = float64(x)
		}
	}
	p.w = newWorld(t, retyped(t, p.def), sizes)
	maps.Copy(p.w.leaves, made)
	if mask := p.w.leaves["mask"]; mask != nil {
		copy(mask.F64, []float64{1, 0, 1, 1, 0, 1})
	}
}

// still returns a definition whose random values are inputs: draws of the test's own, which go into the batch file, or what
// stands for draws that are not given. It also adds an input that is 0 to the value behind every point, for differences of what
// arrives there.
func (p *gradProblem) still(t *testing.T, wide *graph.Graph, drawn bool) *graph.Graph {
	t.Helper()
	c := graph.NewCopier(wide)
	for _, n := range wide.Nodes {
		shape := func() []int {
			s, err := n.Results[0].Type.Shape(p.w.sizes)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		input := func(name string, b *buffer.Buffer) *graph.Value {
			p.w.leaves[name] = b
			return c.New.InputOf(name, n.Results[0].Type)
		}
		draw := func(next func() float64) *buffer.Buffer {
			b := buffer.New(graph.F64, shape()...)
			fill(b, func() float64 { return float64(float32(next())) })
			if drawn {
				p.draws[n.Str("stream")] = b
			}
			return b
		}
		switch n.Op.Name {
		case "dropout":
			r, rate := stream("draws of "+n.Str("stream")), n.Float("rate")
			factor := buffer.New(graph.F64, shape()...)
			for i, u := range draw(func() float64 { return float64(r.Float32()) }).F64 {
				switch {
				case !drawn:
					factor.F64[i] = 1
				case u >= rate:
					factor.F64[i] = 1 / (1 - rate)
				}
			}
			c.Map(n.Results[0], graph.Mul(c.Value(n.Args[0]), input("draws/"+n.Str("stream"), factor)))
		case "random_uniform", "random_normal":
			r := stream("draws of " + n.Str("stream"))
			next, off := func() float64 { return float64(r.Float32()) }, 0.5
			if n.Op.Name == "random_normal" {
				next, off = r.NormFloat64, 0
			}
			b := draw(next)
			if !drawn {
				fill(b, func() float64 { return off })
			}
			c.Map(n.Results[0], input("draws/"+n.Str("stream"), b))
		case "feedback":
			x := c.Copy(n).Results[0]
			c.Map(n.Results[0], graph.Add(x, input(arriving(n), buffer.New(graph.F64, shape()...))))
		default:
			c.Copy(n)
		}
	}
	if err := c.New.Err(); err != nil {
		t.Fatal(err)
	}
	return c.New
}

// arriving names the input that is added behind a point.
func arriving(point *graph.Node) string { return "arriving/" + point.Str("point") }

// check runs the problem and compares everything. It returns the largest difference in units of its tensor's largest element.
func (p *gradProblem) check(t *testing.T) (worst float64) {
	t.Helper()
	mode := p.plan.Pipeline.Mode
	h := hold(t, p.w, p.plain, p.granularity)
	if mode == "dfa" {
		h.deliver(t)
	}
	got := p.run(t, p.weights(), "")
	tolerance := singleTolerance
	if strings.HasPrefix(p.def.Name, "nerf") {
		tolerance = fieldTolerance
	}
	seen := map[string]bool{}
	is := func(name string, want map[int]float64) {
		t.Helper()
		seen[name] = true
		if got.Tensors[name] == nil {
			t.Errorf("no %q", name)
			return
		}
		worst = max(worst, difference(t, name, got.Tensors[name], want, tolerance))
	}

	is("loss", map[int]float64{0: h.start.loss})
	for name, b := range p.w.outputs(t, p.plain) {
		is("output/"+name, all(b.F64))
	}
	for _, site := range h.sites {
		is("error/"+site.Str("site"), p.slopes(t, h, nudge(site), got.Tensors["error/"+site.Str("site")], loss))
	}
	for _, n := range p.plain.Effects("feedback") {
		point := n.Str("point")
		switch {
		case mode == "bp":
			is("cotangent/"+point, p.slopes(t, h, arriving(n), got.Tensors["cotangent/"+point], loss))
		case h.given[point] != nil:
			is("cotangent/"+point, all(h.given[point]))
		}
	}
	of := loss
	if mode == "dfa" {
		of = func(s slopes) slope { return s.surrogate }
	}
	var frozen []string
	for _, leaf := range p.def.Leaves("param") {
		name := leaf.Node.Name()
		grad := got.Tensors["grad/"+name]
		want := p.slopes(t, h, name, grad, of)
		if grad != nil {
			is("grad/"+name, want)
			continue
		}
		frozen = append(frozen, name)
		for i, x := range want {
			if x != 0 {
				t.Errorf("%s has no gradient, but %v at %d", name, x, i)
			}
		}
	}
	for name := range got.Tensors {
		if !seen[name] {
			t.Errorf("unexpected %q", name)
		}
	}
	want := map[string]string{"model": p.plan.Entry.Name, "variant": p.plan.Variant, "mode": mode, "granularity": p.granularity, "frozen": strings.Join(frozen, ",")}
	if d := cmp.Diff(sorted(want), sorted(got.Metadata)); d != "" {
		t.Errorf("metadata (-want +got):\n%s", d)
	}
	return worst
}

// sorted returns metadata with the frozen parameters in order.
func sorted(m map[string]string) map[string]string {
	m = maps.Clone(m)
	frozen := strings.Split(m["frozen"], ",")
	slices.Sort(frozen)
	m["frozen"] = strings.Join(frozen, ",")
	return m
}

func all(x []float64) map[int]float64 { return maps.Collect(slices.All(x)) }

func loss(s slopes) slope { return s.loss }

// slopes returns the derivatives by some numbers of a leaf, those at kinks left out. got is what they are to be compared with.
func (p *gradProblem) slopes(t *testing.T, h *held, leaf string, got *tensor.Dense, of func(slopes) slope) map[int]float64 {
	t.Helper()
	x, out := p.w.leaves[leaf].F64, map[int]float64{}
	places := stream("places/" + leaf).Perm(len(x))
	for _, i := range places[:min(3, len(x))] {
		if s := of(h.slopes(t, x, i)); got == nil || !s.kinked(largest(got)) {
			out[i] = s.central()
		}
	}
	return out
}

func largest(d *tensor.Dense) float64 {
	size := 0.0
	for _, x := range d.Float32s() {
		size = max(size, math.Abs(float64(x)))
	}
	return size
}

// Differences in double precision are accurate to their noise (see gradients_test.go), float32 is not. Rounded at each of some
// hundred operations of sums of few terms, results are off by up to 1e-5 of the largest number that went into them. In radiance
// fields positional encoding multiplies the rounding of a position by 2^9, which makes a phase of 3 wrong by 512 * 3 * 2^-24 =
// 1e-4; where depths are drawn from a density that was rounded so, by inverting its distribution, they are off by a multiple. A
// bias in front of a batch norm has the gradient 0, and in float32 the rounding error of terms of order 0.1.
const (
	singleTolerance = 1e-5
	fieldTolerance  = 2e-3
	singleZero      = 1e-6
)

// difference compares some numbers of a tensor and returns the largest difference, by the tensor's largest element.
func difference(t *testing.T, name string, got *tensor.Dense, want map[int]float64, tolerance float64) (worst float64) {
	t.Helper()
	size := largest(got)
	allowed := tolerance*size + noise
	if strings.HasSuffix(name, "/dense/bias") {
		size, allowed = 1, singleZero
	}
	if size < 50*noise {
		t.Errorf("%s is too small to be compared: draw other values (largest %v)", name, size)
	}
	for i, x := range want {
		y := float64(got.Float32s()[i])
		if !(math.Abs(y-x) <= allowed) {
			t.Errorf("%s[%d] is %v, want %v (largest %v)", name, i, y, x, size)
		}
		worst = max(worst, (math.Abs(y-x)-noise)/size)
	}
	return worst
}

// run writes the files and returns what grad makes of them.
func (p *gradProblem) run(t *testing.T, weights map[string]*tensor.Dense, layout string) *safetensors.File {
	t.Helper()
	dir := t.TempDir()
	req := experiment.GradRequest{
		Weights: filepath.Join(dir, "w"), Batch: filepath.Join(dir, "b"), Out: filepath.Join(dir, "g"), Layout: layout,
	}
	for path, tensors := range map[string]map[string]*tensor.Dense{req.Weights: weights, req.Batch: p.batch()} {
		if err := safetensors.Write(path, &safetensors.File{Tensors: tensors}); err != nil {
			t.Fatal(err)
		}
	}
	if err := experiment.Grad(context.Background(), p.plan, req); err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Read(req.Out)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (p *gradProblem) weights() map[string]*tensor.Dense {
	out := map[string]*tensor.Dense{}
	for _, leaf := range append(p.def.Leaves("param"), p.def.Leaves("state")...) {
		out[leaf.Node.Name()] = single(p.w.leaves[leaf.Node.Name()])
	}
	for name, b := range p.w.leaves {
		if strings.HasPrefix(name, "feedback/") {
			out[name] = single(b)
		}
	}
	return out
}

func (p *gradProblem) batch() map[string]*tensor.Dense {
	out := map[string]*tensor.Dense{}
	for _, leaf := range p.def.Leaves("input") {
		name := leaf.Node.Name()
		b, entries := p.w.leaves[name], p.w.leaves[name+"/entries"]
		matrix, _ := strings.CutSuffix(name, "/entries")
		switch {
		case p.plan.Entry.FromEdges[matrix] != nil:
			out["edge_index"] = dense(slices.Concat(p.source, p.target), 2, len(p.source))
		case name == "seed" || name == "step" || matrix != name:
		case leaf.Type.Sparse && (p.rows || entries == nil):
			out[name+".indptr"], out[name+".indices"] = dense(b.Pattern.RowPtr, b.Pattern.Rows+1), dense(b.Pattern.Col, b.Pattern.NNZ())
			if entries != nil {
				out[name+".values"] = single(entries)
			}
		case leaf.Type.Sparse:
			full := make([]float32, b.Pattern.Rows*b.Pattern.Cols)
			for k, x := range entries.F64 {
				full[int(b.Pattern.Row[k])*b.Pattern.Cols+int(b.Pattern.Col[k])] = float32(x)
			}
			out[name] = dense(full, b.Pattern.Rows, b.Pattern.Cols)
		case name == "label" || name == "target":
			out[name] = dense(widened[int64](b.I32), b.Shape...)
		case leaf.Type.DType == graph.I32:
			out[name] = dense(widened[uint8](b.I32), b.Shape...)
		case name == "mask":
			on := make([]bool, len(b.F64))
			for i, x := range b.F64 {
				on[i] = x == 1
			}
			out[name] = dense(on, b.Shape...)
		default:
			out[name] = single(b)
		}
	}
	for name, b := range p.draws {
		out["random/"+name] = single(b)
	}
	return out
}

func dense[T any](v []T, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
}

func widened[T int64 | uint8](v []int32) []T {
	out := make([]T, len(v))
	for i, x := range v {
		out[i] = T(x)
	}
	return out
}

func single(b *buffer.Buffer) *tensor.Dense {
	out := make([]float32, len(b.F64))
	for i, x := range b.F64 {
		out[i] = float32(x)
	}
	return dense(out, b.Shape...)
}
