package layer_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime/buffer"
	"graft/runtime/native"
	"graft/runtime/rng"
	"graft/zoo/layer"
)

const (
	testRays = 5
	testSeed = 11
	testStep = 7
)

// inF64 evaluates a definition over testRays rays in double precision on the reference kernels. In evaluation, draws are what
// stands for them there.
func inF64(t *testing.T, g *graph.Graph, evaluation bool, inputs map[string][]float64) map[string][]float64 {
	t.Helper()
	pipeline, err := passes.Mode("bp")
	if err != nil {
		t.Fatal(err)
	}
	stop := "retype"
	if evaluation {
		stop = "evaluate"
	}
	var def *graph.Graph
	if _, err := passes.Compile(g, pipeline, passes.Options{Part: passes.Predict, F64: true, Verify: true, Trace: func(p passes.Pass, g *graph.Graph) {
		if p.Name == stop {
			def = g
		}
	}}); err != nil {
		t.Fatal(err)
	}
	binding := graph.Binding{"rays": testRays}
	leaves := map[string]*buffer.Buffer{
		"seed": {DType: graph.I32, I32: []int32{testSeed}}, "step": {DType: graph.I32, I32: []int32{testStep}},
	}
	for _, in := range def.Leaves("input") {
		if x, ok := inputs[in.Node.Name()]; ok {
			shape, err := in.Type.Shape(binding)
			if err != nil {
				t.Fatal(err)
			}
			leaves[in.Node.Name()] = buffer.New(graph.F64, shape...)
			copy(leaves[in.Node.Name()].F64, x)
		}
	}
	values, err := native.Reference().Interpret(def, binding, leaves)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	for _, n := range def.Effects("output") {
		out[n.Name()] = values[n.Args[0]].F64
	}
	return out
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.IsNaN(got[i]) || math.Abs(got[i]-want[i]) > 1e-9*(1+math.Abs(want[i])) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

func normals(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 5))
	out := make([]float64, n)
	for i := range out {
		out[i] = r.NormFloat64()
	}
	return out
}

// draws returns the uniform draws of a stream.
func draws(stream string, n int) []float64 {
	out := make([]float64, n)
	rng.New(testSeed, testStep, stream).Uniform64(out, 0)
	return out
}

func TestPositionalEncoding(t *testing.T) {
	g := graph.New("encoding")
	g.Output("code", layer.PositionalEncoding(g.Input("x", graph.F32, "rays", 3), 4))
	x := normals(testRays*3, 1)
	var want []float64
	for r := range testRays {
		p := x[3*r : 3*r+3]
		want = append(want, p...)
		for f := 1.0; f <= 8; f *= 2 {
			want = append(want, math.Sin(f*p[0]), math.Sin(f*p[1]), math.Sin(f*p[2]), math.Cos(f*p[0]), math.Cos(f*p[1]), math.Cos(f*p[2]))
		}
	}
	near(t, "code", inF64(t, g, false, map[string][]float64{"x": x})["code"], want)
}

// stratified places u of the way through the bin of each of n depths.
func stratified(near, far float64, n int, u func(i int) float64) []float64 {
	depth := func(i int) float64 { return near + (far-near)*float64(i)/float64(n-1) }
	out := make([]float64, n)
	for i := range out {
		lo, hi := depth(i), depth(i)
		if i > 0 {
			lo = (depth(i-1) + depth(i)) / 2
		}
		if i < n-1 {
			hi = (depth(i) + depth(i+1)) / 2
		}
		out[i] = lo + (hi-lo)*u(i)
	}
	return out
}

func TestStratified(t *testing.T) {
	const n = 6
	g := graph.New("stratified")
	g.Output("z", layer.Stratified(layer.Depths(g, graph.Sym("rays"), 2, 6, n), "jitter"))
	u := draws("jitter", testRays*n)
	var drawn, middle []float64
	for r := range testRays {
		drawn = append(drawn, stratified(2, 6, n, func(i int) float64 { return u[r*n+i] })...)
		middle = append(middle, stratified(2, 6, n, func(int) float64 { return 0.5 })...)
	}
	near(t, "depths", inF64(t, g, false, nil)["z"], drawn)
	near(t, "depths in evaluation", inF64(t, g, true, nil)["z"], middle)
}

// inverted returns the depth at which the piecewise uniform density has gathered the share u: by walking over the bins.
func inverted(z, weights []float64, u float64) float64 {
	n, total := len(z), 0.0
	for _, w := range weights[1 : n-1] {
		total += w + 1e-5
	}
	for k := 1; ; k++ {
		share := (weights[k] + 1e-5) / total
		if u < share || k == n-2 {
			if share < 1e-5 {
				share = 1
			}
			from, to := (z[k-1]+z[k])/2, (z[k]+z[k+1])/2
			return from + (to-from)*u/share
		}
		u -= share
	}
}

func TestHierarchical(t *testing.T) {
	const n, k = 7, 9
	g := graph.New("hierarchical")
	z, w := g.Input("z", graph.F32, "rays", n), g.Input("w", graph.F32, "rays", n)
	g.Output("z", layer.Hierarchical(z, w, k, "fine"))
	zs, ws := normals(testRays*n, 2), normals(testRays*n, 3)
	for i := range ws {
		ws[i] = max(0, ws[i]) // about half of the bins are empty
	}
	for i := n; i < 2*n; i++ {
		ws[i] = 0 // and all those of one ray
	}
	u := draws("fine", testRays*k)
	var drawn, even []float64
	for r := range testRays {
		depth, weight := zs[r*n:(r+1)*n], ws[r*n:(r+1)*n]
		slices.Sort(depth)
		a, b := slices.Clone(depth), slices.Clone(depth)
		for i := range k {
			middle := (float64(i) + 0.5) / k
			_, turned := math.Modf(u[r*k+i] + middle + 0.5)
			a, b = append(a, inverted(depth, weight, turned)), append(b, inverted(depth, weight, middle))
		}
		slices.Sort(a)
		slices.Sort(b)
		drawn, even = append(drawn, a...), append(even, b...)
	}
	inputs := map[string][]float64{"z": zs, "w": ws}
	near(t, "depths", inF64(t, g, false, inputs)["z"], drawn)
	near(t, "depths in evaluation", inF64(t, g, true, inputs)["z"], even)
}

func TestRender(t *testing.T) {
	const n = 6
	for _, white := range []bool{false, true} {
		for _, noise := range []float64{0, 1.5} {
			g := graph.New("render")
			z, raw := g.Input("z", graph.F32, "rays", n), g.Input("raw", graph.F32, "rays", n, 4)
			r := layer.Rendering{Length: g.Input("length", graph.F32, "rays", 1), White: white, Noise: noise, Stream: "noise"}
			image := r.Render(raw, z)
			g.Output("rgb", image.RGB)
			g.Output("weights", image.Weights)
			g.Output("depth", image.Depth)
			in := map[string][]float64{"z": normals(testRays*n, 4), "raw": normals(testRays*n*4, 5), "length": {1, 1.2, 0.7, 2, 1.1}}
			for r := range testRays {
				slices.Sort(in["z"][r*n : (r+1)*n])
			}
			draw := make([]float64, testRays*n)
			rng.New(testSeed, testStep, "noise").Normal64(draw, 0)
			for i := range draw {
				draw[i] *= noise
			}
			for evaluation, eps := range map[bool][]float64{false: draw, true: make([]float64, testRays*n)} {
				got := inF64(t, g, evaluation, in)
				rgb, weights, depth := rendered(in["raw"], in["z"], in["length"], eps, white)
				near(t, "rgb", got["rgb"], rgb)
				near(t, "weights", got["weights"], weights)
				near(t, "depth", got["depth"], depth)
			}
		}
	}
}

// rendered is the volume renderer written out ray by ray.
func rendered(raw, z, length, noise []float64, white bool) (rgb, weights, depth []float64) {
	n := len(z) / len(length)
	for r, l := range length {
		through, opacity, mean := 1.0, 0.0, 0.0
		var colour [3]float64
		for i := r * n; i < (r+1)*n; i++ {
			delta := 1e10
			if i < (r+1)*n-1 {
				delta = z[i+1] - z[i]
			}
			alpha := 1 - math.Exp(-max(0, raw[4*i+3]+noise[i])*delta*l)
			w := alpha * through
			through *= 1 - alpha + 1e-10
			opacity += w
			mean += w * z[i]
			weights = append(weights, w)
			for c := range colour {
				colour[c] += w / (1 + math.Exp(-raw[4*i+c]))
			}
		}
		for _, c := range colour {
			if white {
				c += 1 - opacity
			}
			rgb = append(rgb, c)
		}
		depth = append(depth, mean)
	}
	return rgb, weights, depth
}
