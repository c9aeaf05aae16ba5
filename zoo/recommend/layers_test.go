package recommend

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/runtime/native"
	"graft/zoo/layer"
)

// values are leaves by name, in f64.
type values map[string][]float64

// run evaluates a compiled f64 program on the reference kernels and returns its outputs. Leaves that are not given are drawn,
// standard normal, and kept in v.
func (v values) run(t *testing.T, g *graph.Graph, b graph.Binding) map[string][]float64 {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 6))
	leaves := map[string]*buffer.Buffer{}
	for _, n := range g.Nodes {
		if !n.Op.Is(graph.Leaf) || n.Op.Name == "const" {
			continue
		}
		shape, err := n.Results[0].Type.Shape(b)
		if err != nil {
			t.Fatal(err)
		}
		buf := buffer.New(n.Results[0].Type.DType, shape...)
		if v[n.Name()] == nil {
			drawn := make([]float64, buf.Len())
			for i := range drawn {
				drawn[i] = rng.NormFloat64()
			}
			v[n.Name()] = drawn
		}
		for i, x := range v[n.Name()] {
			if buf.DType == graph.I32 {
				buf.I32[i] = int32(x)
			} else {
				buf.F64[i] = x
			}
		}
		leaves[n.Name()] = buf
	}
	got, err := native.Reference().Interpret(g, b, leaves)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	for _, n := range g.Effects("output") {
		out[n.Name()] = slices.Clone(got[n.Args[0]].F64)
	}
	return out
}

// differences returns the central differences of f by the leaf of that name.
func (v values) differences(name string, f func() float64) []float64 {
	const h = 1e-5
	x := v[name]
	out := make([]float64, len(x))
	for i, was := range x {
		x[i] = was + h
		above := f()
		x[i] = was - h
		out[i] = (above - f()) / (2 * h)
		x[i] = was
	}
	return out
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Errorf("%s, element %d: %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

// sizes of the layers' operands.
const rows, tested, width, out = 3, 4, 6, 5 // tested is the number of fields

// TestLayers compares each layer, and its gradients, with a plain implementation, and with central differences of that.
func TestLayers(t *testing.T) {
	x := func(g *graph.Graph, dims ...any) *graph.Value { return g.Param("x", "zeros", dims...) }
	for name, c := range map[string]struct {
		build func(g *graph.Graph) *graph.Value
		plain func(v values) []float64
	}{
		"factorization machine": {func(g *graph.Graph) *graph.Value { return factorize(x(g, rows, tested, width)) }, plainFM},
		"cross layer": {func(g *graph.Graph) *graph.Value {
			return cross(g.Param("x0", "zeros", rows, width), x(g, rows, width), "cross")
		}, plainCross},
		"logarithmic neurons": {func(g *graph.Graph) *graph.Value { return logarithmic(x(g, rows, tested, width), "lnn", out) }, plainLNN},
		"attention": {func(g *graph.Graph) *graph.Value {
			return layer.FieldAttention(x(g, rows, tested, width), "attention", 2, 0)
		}, plainAttention},
		"block": {func(g *graph.Graph) *graph.Value { return layer.NormBlock(x(g, rows, width), "block", out, 0) }, plainBlock},
	} {
		t.Run(name, func(t *testing.T) {
			g := graph.New("layer")
			y := c.build(g)
			axes := make([]int, y.Type.Rank())
			for i := range axes {
				axes[i] = i
			}
			coefficients := g.InputOf("c", y.Type)
			g.Output("y", y)
			g.Loss(graph.Sum(graph.Mul(y, coefficients), axes...))
			if err := g.Err(); err != nil {
				t.Fatal(err)
			}
			program := compile(t, g, "bp", passes.Options{Part: passes.Gradient, F64: true}).Program
			v := values{}
			got := v.run(t, program, nil)
			near(t, "result", got["y"], c.plain(v), 1e-12)
			for _, p := range g.Leaves("param") {
				name := p.Node.Name()
				want := v.differences(name, func() float64 {
					sum := 0.0
					for i, y := range c.plain(v) {
						sum += v["c"][i] * y
					}
					return sum
				})
				near(t, "gradient of "+name, got["grad/"+name], want, 1e-6)
			}
		})
	}
}

// at returns element (i, j, k) of an array [.., m, n].
func at(x []float64, m, n, i, j, k int) float64 { return x[(i*m+j)*n+k] }

func plainFM(v values) []float64 {
	y := make([]float64, rows)
	for i := range rows {
		for f := range tested {
			for g := range f {
				for k := range width {
					y[i] += at(v["x"], tested, width, i, f, k) * at(v["x"], tested, width, i, g, k)
				}
			}
		}
	}
	return y
}

func plainCross(v values) []float64 {
	var y []float64
	for i := range rows {
		x0, x, s := v["x0"][i*width:], v["x"][i*width:], 0.0
		for k := range width {
			s += x[k] * v["cross/weight"][k]
		}
		for k := range width {
			y = append(y, x0[k]*s+v["cross/bias"][k]+x[k])
		}
	}
	return y
}

func plainLNN(v values) []float64 {
	var y []float64
	for i := range rows {
		for n := range out {
			for k := range width {
				product := 1.0
				for f := range tested {
					product *= math.Pow(1+math.Abs(at(v["x"], tested, width, i, f, k))+1e-7, v["lnn/weight"][f*out+n])
				}
				y = append(y, max(product-1, 0))
			}
		}
	}
	return y
}

// affine returns x W + b for the row x.
func (v values) affine(x []float64, name string, n int) []float64 {
	y := slices.Clone(v[name+"/bias"])
	for j := range n {
		for k := range x {
			y[j] += x[k] * v[name+"/weight"][k*n+j]
		}
	}
	return y
}

func plainAttention(v values) []float64 {
	const heads, each = 2, width / 2
	var y []float64
	for i := range rows {
		var qkv [tested][]float64
		for f := range tested {
			qkv[f] = v.affine(v["x"][(i*tested+f)*width:(i*tested+f+1)*width], "attention/in", 3*width)
		}
		for f := range tested {
			var joined []float64
			for h := range heads {
				var weights [tested]float64
				total := 0.0
				for g := range tested {
					score := 0.0
					for k := range each {
						score += qkv[f][h*each+k] * qkv[g][width+h*each+k]
					}
					weights[g] = math.Exp(score / math.Sqrt(each))
					total += weights[g]
				}
				for k := range each {
					mixed := 0.0
					for g := range tested {
						mixed += weights[g] / total * qkv[g][2*width+h*each+k]
					}
					joined = append(joined, mixed)
				}
			}
			y = append(y, v.affine(joined, "attention/out", width)...)
		}
	}
	return y
}

func plainBlock(v values) []float64 {
	var h []float64
	for i := range rows {
		h = append(h, v.affine(v["x"][i*width:(i+1)*width], "block/dense", out)...)
	}
	y := make([]float64, len(h))
	for j := range out {
		mean, variance := 0.0, 0.0
		for i := range rows {
			mean += h[i*out+j] / rows
		}
		for i := range rows {
			variance += math.Pow(h[i*out+j]-mean, 2) / rows
		}
		for i := range rows {
			normal := (h[i*out+j] - mean) / math.Sqrt(variance+1e-5)
			y[i*out+j] = max(0, v["block/norm/weight"][j]*normal+v["block/norm/bias"][j])
		}
	}
	return y
}

// clicksOn returns inputs for a tiny model; one feature is in no row, one in several.
func clicksOn(batch int) values {
	x, label := make([]float64, batch*4), make([]float64, batch)
	for i := range x {
		x[i] = float64(i%4*5 + i*i%4)
	}
	for i := range label {
		label[i] = float64(i % 2)
	}
	return values{"x": x, "label": label, "seed": {3}, "step": {0}}
}

// TestGradients compares every gradient of backpropagation through the whole models with central differences of the loss.
func TestGradients(t *testing.T) {
	const batch = 6
	for _, e := range Entries() {
		def := define(t, e, "", small(e.Name))
		program := compile(t, def, "bp", passes.Options{Part: passes.Gradient, F64: true, GivenRandom: map[string]bool{}}).Program
		v := clicksOn(batch)
		for _, s := range def.Leaves("state") {
			n, _ := s.Type.Dims[0].Const()
			v[s.Node.Name()] = slices.Repeat([]float64{1}, n)
		}
		b := graph.Binding{"batch": batch}
		got := v.run(t, program, b)
		for _, p := range def.Leaves("param") {
			name := p.Node.Name()
			want := v.differences(name, func() float64 { return v.run(t, program, b)["loss"][0] })
			near(t, e.Name+": gradient of "+name, got["grad/"+name], want, 1e-5)
		}
	}
}

// TestDelivered checks that points receive the leading columns of one fixed direction times the error of their row, which is
// (p - y)/batch.
func TestDelivered(t *testing.T) {
	const batch = 6
	for _, name := range []string{"deepfm", "dcn", "afn", "autoint"} {
		def := define(t, lookup(t, name), "", small(name))
		program := compile(t, def, "dfa", passes.Options{Part: passes.Gradient, F64: true, Observe: true, GivenRandom: map[string]bool{}}).Program
		v := clicksOn(batch)
		for _, s := range def.Leaves("state") {
			n, _ := s.Type.Dims[0].Const()
			v[s.Node.Name()] = slices.Repeat([]float64{1}, n)
		}
		got := v.run(t, program, graph.Binding{"batch": batch})
		var errors []float64
		for i, z := range got["logits"] {
			errors = append(errors, (1/(1+math.Exp(-z))-v["label"][i])/batch)
		}
		near(t, name+": error", got["error/"+def.Effects("error")[0].Str("site")], errors, 1e-12)
		var direction []float64 // of the first point; others lengthen it or agree with it
		for _, n := range def.Effects("feedback") {
			if !n.Bool("graft") {
				continue
			}
			d := got["cotangent/"+n.Str("point")]
			w := len(d) / batch
			for j := range w {
				if j == len(direction) {
					direction = append(direction, d[j]/errors[0])
				}
				for i := range batch {
					near(t, name+": delivered to "+n.Str("point"), []float64{d[i*w+j]}, []float64{direction[j] * errors[i]}, 1e-12)
				}
			}
		}
	}
}
