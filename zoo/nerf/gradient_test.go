package nerf_test

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/runtime/native"
	"graft/zoo/entry"
	"graft/zoo/nerf"
)

// scene is a definition in double precision and the values of its leaves, drawn by name; seed and step fix the jitter.
type scene struct {
	def     *graph.Graph
	binding graph.Binding
	leaves  map[string]*buffer.Buffer
}

func newScene(t *testing.T, def *graph.Graph) *scene {
	t.Helper()
	s := &scene{binding: graph.Binding{"rays": 3}, leaves: map[string]*buffer.Buffer{
		"seed": {DType: graph.I32, I32: []int32{5}}, "step": {DType: graph.I32, I32: []int32{2}},
	}}
	compile(t, def, "bp", passes.Options{Part: passes.Predict, F64: true, Trace: func(p passes.Pass, g *graph.Graph) {
		if p.Name == "retype" {
			s.def = g
		}
	}})
	for _, op := range []string{"input", "param"} {
		for _, v := range s.def.Leaves(op) {
			if v.Type.DType == graph.F64 {
				s.draw(t, v)
			}
		}
	}
	return s
}

func (s *scene) draw(t *testing.T, v *graph.Value) {
	t.Helper()
	name := v.Node.Name()
	shape, err := v.Type.Shape(s.binding)
	if err != nil {
		t.Fatal(err)
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	r := rand.New(rand.NewPCG(1, h.Sum64()))
	b := buffer.New(graph.F64, shape...)
	for i := range b.F64 {
		b.F64[i] = 0.4 * r.NormFloat64()
		switch {
		case name == "color":
			b.F64[i] = r.Float64()
		case strings.HasSuffix(name, "fc_alpha/bias"):
			b.F64[i] = 2 // so that there is something to see
		}
	}
	s.leaves[name] = b
}

func compile(t *testing.T, def *graph.Graph, mode string, o passes.Options) *graph.Graph {
	t.Helper()
	pipeline, err := passes.Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	o.Verify = true
	c, err := passes.Compile(def, pipeline, o)
	if err != nil {
		t.Fatal(err)
	}
	return c.Program
}

func (s *scene) interpret(t *testing.T, g *graph.Graph) map[*graph.Value]*buffer.Buffer {
	t.Helper()
	values, err := native.Reference().Interpret(g, s.binding, s.leaves)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// run returns a graph's outputs.
func (s *scene) run(t *testing.T, g *graph.Graph) map[string][]float64 {
	t.Helper()
	values, out := s.interpret(t, g), map[string][]float64{}
	for _, n := range g.Effects("output") {
		out[n.Name()] = values[n.Args[0]].F64
	}
	return out
}

func (s *scene) loss(t *testing.T, g *graph.Graph) float64 {
	t.Helper()
	return s.interpret(t, g)[g.Effects("loss")[0].Args[0]].F64[0]
}

// hold returns the definition with inputs in the place of what the given marks say, and gives these the values that they have:
// detached values, which differences of the loss must not move, or those at the error sites, called "error/<site>".
func (s *scene) hold(t *testing.T, ops ...string) *graph.Graph {
	t.Helper()
	values := s.interpret(t, s.def)
	c := graph.NewCopier(s.def)
	for _, n := range s.def.Nodes {
		if !slices.Contains(ops, n.Op.Name) {
			c.Copy(n)
			continue
		}
		name := fmt.Sprintf("detach/%d", len(c.New.Leaves("input")))
		if n.Op.Name == "error" {
			name = "error/" + n.Str("site")
		}
		c.Map(n.Results[0], c.New.InputOf(name, n.Results[0].Type))
		s.leaves[name] = values[n.Results[0]]
	}
	if err := c.New.Err(); err != nil {
		t.Fatal(err)
	}
	return c.New
}

// differences returns the central differences of the loss of g by every number of a leaf.
func (s *scene) differences(t *testing.T, g *graph.Graph, leaf string) []float64 {
	t.Helper()
	const h = 1e-6
	x := s.leaves[leaf].F64
	out := make([]float64, len(x))
	for i, at := range x {
		x[i] = at + h
		up := s.loss(t, g)
		x[i] = at - h
		out[i] = (up - s.loss(t, g)) / (2 * h)
		x[i] = at
	}
	return out
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	moved := false
	for i := range got {
		moved = moved || want[i] != 0
		if math.IsNaN(got[i]) || math.Abs(got[i]-want[i]) > tolerance*(1+math.Abs(want[i])) {
			t.Errorf("%s: value %d is %v, want %v", what, i, got[i], want[i])
			return
		}
	}
	if !moved {
		t.Errorf("%s: everything is 0: nothing was compared", what)
	}
}

// small are definitions whose every number can be moved.
func small() map[string]*graph.Graph {
	o := nerf.Options{Width: 4, FineWidth: 6, Samples: 4, Fine: 3, White: true, Noise: 0.3, Near: 0.5, Far: 2}
	p := o
	p.White, p.Layers = false, 7
	return map[string]*graph.Graph{
		"reference": nerf.NeRF(o, false), "paper": nerf.NeRF(p, true),
		"tiny": nerf.Tiny(nerf.TinyOptions{Width: 5, Samples: 4, Noise: 0.3, Near: 0.5, Far: 2}),
	}
}

// TestBackpropagation compares the gradients of bp with differences of the loss, the jitter, the noise and the fine depths held.
func TestBackpropagation(t *testing.T) {
	for name, def := range small() {
		s := newScene(t, def)
		held := s.hold(t, "detach")
		got := s.run(t, compile(t, def, "bp", passes.Options{Part: passes.Gradient, F64: true}))
		for _, p := range s.def.Leaves("param") {
			near(t, name+": gradient of "+p.Node.Name(), got["grad/"+p.Node.Name()], s.differences(t, held, p.Node.Name()), 1e-7)
		}
	}
}

// TestError compares the error that dfa delivers from with differences of the loss by the raw output of each network: it must be
// exact through the renderer. The layers that read it directly must have the gradients of bp.
func TestError(t *testing.T) {
	for name, def := range small() {
		s := newScene(t, def)
		held := s.hold(t, "detach", "error")
		got := s.run(t, compile(t, def, "dfa", passes.Options{Part: passes.Gradient, F64: true, Observe: true}))
		exact := s.run(t, compile(t, def, "bp", passes.Options{Part: passes.Gradient, F64: true, Observe: true}))
		for _, n := range s.def.Effects("error") {
			site := n.Str("site")
			near(t, name+": error at "+site, got["error/"+site], s.differences(t, held, "error/"+site), 1e-7)
			near(t, name+": error at "+site+" in bp", exact["error/"+site], got["error/"+site], 1e-12)
		}
		same := 0
		for _, p := range s.def.Leaves("param") {
			g := "grad/" + p.Node.Name()
			if strings.Contains(g, "fc_rgb") || strings.Contains(g, "fc_alpha") || strings.Contains(g, "layer3") {
				near(t, name+": "+g, got[g], exact[g], 1e-12)
				same++
			}
		}
		if same < 2 {
			t.Errorf("%s: no head was compared", name)
		}
	}
}

// TestEmptyScene starts from a density below 0 everywhere. Its ReLU passes nothing: without noise all gradients are 0 and would stay so;
// with noise of that order the density and the layers below it learn.
func TestEmptyScene(t *testing.T) {
	const density = -0.1
	for _, noise := range []float64{0, 0.3} {
		for name, def := range map[string]*graph.Graph{
			"nerf": nerf.NeRF(nerf.Options{Width: 4, Samples: 4, Fine: 3, White: true, Noise: noise, Near: 0.5, Far: 2}, false),
			"tiny": nerf.Tiny(nerf.TinyOptions{Width: 5, Samples: 4, Noise: noise, Near: 0.5, Far: 2}),
		} {
			s := newScene(t, def)
			for leaf, b := range s.leaves {
				if !strings.Contains(leaf, "fc_alpha") && !strings.HasPrefix(leaf, "layer3") {
					continue
				}
				units := b.Shape[len(b.Shape)-1] // the last of which is the density
				for i := units - 1; i < len(b.F64); i += units {
					b.F64[i] = 0
					if strings.HasSuffix(leaf, "/bias") {
						b.F64[i] = density
					}
				}
			}
			got := s.run(t, compile(t, def, "bp", passes.Options{Part: passes.Gradient, F64: true}))
			for _, p := range s.def.Leaves("param") {
				g := got["grad/"+p.Node.Name()]
				if learns := slices.ContainsFunc(g, func(x float64) bool { return x != 0 }); learns != (noise > 0) {
					t.Errorf("%s with noise %v: %s has a gradient: %v", name, noise, p.Node.Name(), learns)
				}
			}
		}
	}
}

// TestOwnMatrices checks that what a site delivers is its own error times its own matrix.
func TestOwnMatrices(t *testing.T) {
	def := small()["reference"]
	s := newScene(t, def)
	program := compile(t, def, "dfa", passes.Options{Part: passes.Gradient, F64: true, Observe: true})
	values, got := s.interpret(t, program), s.run(t, program)
	for _, n := range program.Effects("feedback_matrix") {
		b := values[n.Results[0]]
		_, site, _ := strings.Cut(n.Str("stream"), "/")
		e, width := got["error/"+site], b.Shape[1]
		var want []float64
		for row := range len(e) / 4 {
			for col := range width {
				sum := 0.0
				for k := range 4 {
					sum += e[4*row+k] * b.F64[k*width+col]
				}
				want = append(want, sum/math.Sqrt(float64(width)))
			}
		}
		near(t, "delivered at "+site, got["cotangent/"+site+"/layer1"], want, 1e-12)
	}
}

// TestDual renders with a fine network that equals the coarse one: averaging it with itself must change nothing.
func TestDual(t *testing.T) {
	o := nerf.Options{Width: 4, Samples: 4, Fine: 3, White: true, Near: 0.5, Far: 2}
	for _, variant := range []string{entry.Reference, entry.Paper} {
		original := variant == entry.Paper
		s := newScene(t, nerf.NeRF(o, original))
		for name := range s.leaves {
			if rest, ok := strings.CutPrefix(name, "fine/"); ok {
				s.leaves[name] = s.leaves["coarse/"+rest]
			}
		}
		one := s.run(t, compile(t, nerf.NeRF(o, original), "bp", passes.Options{Part: passes.Predict, F64: true}))
		two := s.run(t, compile(t, nerf.Dual(o, original), "bp", passes.Options{Part: passes.Predict, F64: true}))
		near(t, variant+": rgb", two["rgb"], one["rgb"], 1e-12)
		near(t, variant+": depth", two["depth"], one["depth"], 1e-12)
		for name := range s.leaves {
			if strings.HasPrefix(name, "fine/") {
				x := *s.leaves[name]
				x.F64 = append([]float64(nil), x.F64...)
				for i := range x.F64 {
					x.F64[i] += 0.5
				}
				s.leaves[name] = &x
			}
		}
		if moved := s.run(t, compile(t, nerf.Dual(o, original), "bp", passes.Options{Part: passes.Predict, F64: true})); moved["rgb"][0] == two["rgb"][0] {
			t.Errorf("%s: the fine network does not matter", variant)
		}
	}
}
