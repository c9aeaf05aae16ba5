package tsne

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"graft/zoo/metric"
)

// blobs returns points normally distributed about centres that lie 10 apart in each coordinate, with the number of their centre.
func blobs(n, d, centres int) (x []float32, label []int32) {
	rng := rand.New(rand.NewPCG(5, 5))
	for i := range n {
		for range d {
			x = append(x, float32(10*(i%centres))+float32(rng.NormFloat64()))
		}
		label = append(label, int32(i%centres))
	}
	return x, label
}

// random is a layout of n points at random places.
func random(n int) *layout {
	x, _ := blobs(n, 3, 2)
	p, err := affinities(context.Background(), crew{1}, x, n, 3, 4)
	if err != nil {
		panic(err)
	}
	l := newLayout(p, n, 1, crew{1})
	for i := range n { // as far apart as points of a layout are
		l.x.at[i] *= 1e4
		l.y.at[i] *= 1e4
	}
	return l
}

// TestGradient compares gradients of some points with central differences of the divergence.
func TestGradient(t *testing.T) {
	for _, n := range []int{17, 150, 600} { // one block of points, several, several chunks of them
		l := random(n)
		l.gradients(1)
		for _, i := range []int{0, n / 2, n - 1} {
			x, y := l.x.at[i], l.y.at[i]
			want := fd.Gradient(nil, func(at []float64) float64 {
				l.x.at[i], l.y.at[i] = at[0], at[1]
				return l.divergence()
			}, []float64{x, y}, &fd.Settings{Formula: fd.Central, Step: 1e-5})
			l.x.at[i], l.y.at[i] = x, y
			// Equation 5 takes the probabilities to sum to 1, which in float32 they do to 1e-7; differences are good to 1e-10.
			gx, gy := 4*l.x.gradient[i], 4*l.y.gradient[i]
			if math.Abs(gx-want[0]) > 1e-7 || math.Abs(gy-want[1]) > 1e-7 {
				t.Errorf("of %d points, the gradient of %d is (%v, %v), want %v", n, i, gx, gy, want)
			}
			if math.Abs(want[0]) < 1e-5 {
				t.Errorf("of %d points, the gradient of %d is %v: too small to be tested", n, i, want)
			}
		}
	}
}

func TestExaggeration(t *testing.T) {
	l, m := random(9), random(9)
	for k := range m.p {
		m.p[k] *= 3
	}
	l.gradients(3)
	m.gradients(1)
	for i, g := range l.x.gradient {
		if math.Abs(g-m.x.gradient[i]) > 1e-7 { // rounding of 3p to float32
			t.Errorf("gradient %d is %v, with probabilities three times as large %v", i, g, m.x.gradient[i])
		}
	}
}

// TestDivergence compares with equation 2, over q as equation 4 has it.
func TestDivergence(t *testing.T) {
	l := random(12)
	z, want, sum := 0.0, 0.0, 0.0
	w := func(i, j int) float64 {
		return 1 / (1 + math.Pow(l.x.at[i]-l.x.at[j], 2) + math.Pow(l.y.at[i]-l.y.at[j], 2))
	}
	for k := range l.n * l.n {
		if i, j := k/l.n, k%l.n; i != j {
			z += w(i, j)
			sum += float64(l.p[k])
		}
	}
	for k, p := range l.p {
		if p > 0 {
			want += float64(p) * math.Log(float64(p)/(w(k/l.n, k%l.n)/z))
		}
	}
	if got := l.divergence(); math.Abs(got-want) > 1e-12 {
		t.Errorf("divergence %v, want %v", got, want)
	}
	if math.Abs(sum-1) > 1e-6 { // 132 roundings to float32
		t.Errorf("joint probabilities sum to %v", sum)
	}
}

func TestPerplexity(t *testing.T) {
	const n, d = 90, 4
	x, _ := blobs(n, d, 3)
	for i := range 10 {
		x[i*d] *= 1000 // far out
	}
	row := make([]float32, n)
	for _, want := range []float64{1.5, 20, 80} {
		for i := range n {
			neighbours(row, x, i, d, want)
			entropy := 0.0
			for _, p := range row {
				if p > 0 {
					entropy -= float64(p) * math.Log(float64(p))
				}
			}
			// The tolerance of the bisection, and the rounding of 90 probabilities to float32.
			if math.Abs(entropy-math.Log(want)) > entropyTolerance+1e-6 || row[i] != 0 {
				t.Fatalf("point %d: perplexity %v, want %v; its own probability is %v", i, math.Exp(entropy), want, row[i])
			}
		}
	}
}

// TestEqualPoints has thirty equal points: a perplexity of 5 cannot be had among so many, so each is placed by the 29 others, evenly.
func TestEqualPoints(t *testing.T) {
	const n, d = 60, 2
	x, label := blobs(n, d, 2)
	for i := 0; i < n; i += 2 {
		x[i*d], x[i*d+1] = 0, 0
	}
	row := make([]float32, n)
	neighbours(row, x, 0, d, 5)
	for j, p := range row {
		want := float32(0)
		if j%2 == 0 && j != 0 {
			want = 1. / 29
		}
		if p != want {
			t.Fatalf("probability of neighbour %d is %v, want %v", j, p, want)
		}
	}
	o := Figure2()
	o.Perplexity, o.Iterations = 5, 600
	at, divergence, err := Embed(context.Background(), x, n, d, o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := metric.Silhouette(at, n, 2, label)
	if err != nil || !(s > 0.5) || !(divergence > 0) {
		t.Errorf("silhouette %v, divergence %v, %v", s, divergence, err)
	}
	if at[0] == at[4] || at[1] == at[5] {
		t.Error("equal points lie on one another")
	}
	all := make([]float32, n*d) // nothing but equal points
	if at, divergence, err = Embed(context.Background(), all, n, d, o); err != nil || math.IsNaN(divergence) || slices.ContainsFunc(at, math.IsNaN) {
		t.Errorf("all points equal: divergence %v, %v", divergence, err)
	}
}

// TestBlobs lays three clusters out: each ends up by itself, the divergence falls once attraction is not exaggerated, and the bits do
// not depend on the workers, but on the seed.
func TestBlobs(t *testing.T) {
	const n, d = 150, 8
	x, label := blobs(n, d, 3)
	var seen []int
	var course []float64
	o := Options{Perplexity: 15, Rate: 50, Iterations: 650, Workers: 1, Progress: func(i int, divergence float64) {
		seen, course = append(seen, i), append(course, divergence)
	}}
	at, divergence, err := Embed(context.Background(), x, n, d, o)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(seen, []int{100, 200, 300, 400, 500, 600, 650}) {
		t.Errorf("progress at %v", seen)
	}
	if course[6] != divergence || !(course[6] < course[1]) || !(course[6] <= course[2]) || !(divergence < 1) {
		t.Errorf("divergence went %v and ended at %v", course, divergence)
	}
	s, err := metric.Silhouette(at, n, 2, label)
	if err != nil || !(s > 0.7) {
		t.Errorf("silhouette %v, %v", s, err)
	}
	for axis := range 2 {
		mean := 0.0
		for i := range n {
			mean += at[2*i+axis] / n
		}
		if math.Abs(mean) > 1e-9 { // positions are of the order of 10
			t.Errorf("mean of coordinate %d is %v", axis, mean)
		}
	}
	o.Progress = nil
	for _, workers := range []int{0, 2, 5} {
		o.Workers = workers
		again, same, err := Embed(context.Background(), x, n, d, o)
		if err != nil || same != divergence || !slices.Equal(at, again) {
			t.Errorf("%d workers: other bits (%v)", workers, err)
		}
	}
	o.Seed++
	if other, _, err := Embed(context.Background(), x, n, d, o); err != nil || slices.Equal(at, other) {
		t.Errorf("another seed gives the same layout (%v)", err)
	}
}

func TestErrors(t *testing.T) {
	x, _ := blobs(10, 2, 2)
	for _, c := range []struct {
		name   string
		change func(x *[]float32, n, d *int, o *Options)
		want   string
	}{
		{"few", func(x *[]float32, n, d *int, o *Options) { *x, *n = (*x)[:4], 2 }, "2 points"},
		{"many", func(x *[]float32, n, d *int, o *Options) { *x, *n, *d = make([]float32, maxPoints+1), maxPoints+1, 1 }, "32769 points"},
		{"sizes", func(x *[]float32, n, d *int, o *Options) { *d = 3 }, "20 values are not 10 points of 3"},
		{"rest", func(x *[]float32, n, d *int, o *Options) { *x = append(*x, 1) }, "21 values"},
		{"dimensions", func(x *[]float32, n, d *int, o *Options) { *d = 0 }, "0 dimensions"},
		{"perplexity", func(x *[]float32, n, d *int, o *Options) { o.Perplexity = 9 }, "perplexity 9; with 10 points it must be at least 1 and below 9"},
		{"no perplexity", func(x *[]float32, n, d *int, o *Options) { o.Perplexity = math.NaN() }, "perplexity NaN"},
		{"rate", func(x *[]float32, n, d *int, o *Options) { o.Rate = 0 }, "learning rate 0"},
		{"infinite rate", func(x *[]float32, n, d *int, o *Options) { o.Rate = math.Inf(1) }, "learning rate +Inf"},
		{"large rate", func(x *[]float32, n, d *int, o *Options) { o.Rate = 1e300 }, "diverge; the rate 1e+300 is too large"},
		{"iterations", func(x *[]float32, n, d *int, o *Options) { o.Iterations = 0 }, "not a single iteration"},
		{"workers", func(x *[]float32, n, d *int, o *Options) { o.Workers = -1 }, "-1 workers"},
		{"nan", func(x *[]float32, n, d *int, o *Options) { (*x)[5] = float32(math.NaN()) }, "coordinate 1 of point 2 is NaN"},
		{"infinite", func(x *[]float32, n, d *int, o *Options) { (*x)[4] = float32(math.Inf(-1)) }, "coordinate 0 of point 2 is -Inf"},
	} {
		x, n, d, o := slices.Clone(x), 10, 2, Options{Perplexity: 3, Rate: 100, Iterations: 20}
		c.change(&x, &n, &d, &o)
		if _, _, err := Embed(context.Background(), x, n, d, o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := Options{Perplexity: 3, Rate: 100, Iterations: 1e9, Progress: func(int, float64) { cancel() }}
	if _, _, err := Embed(ctx, x, 10, 2, o); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "iteration 100") {
		t.Errorf("cancelled on the way: got error %v", err)
	}
	if _, _, err := Embed(ctx, x, 10, 2, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: got error %v", err)
	}
}

// FuzzEmbed holds any points against what is promised: an error, or positions and a divergence that are numbers.
func FuzzEmbed(f *testing.F) {
	f.Add([]byte{}, 1, 2.0)
	f.Add(make([]byte, 40), 2, 1.0)
	f.Add([]byte("\x00\x00\x00\x00\xff\xff\x7f\x7f\xff\xff\x7f\xff\x01\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x00\x80"), 1, 2.5)
	f.Add([]byte("\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00"), 1, 1.0)
	f.Fuzz(func(t *testing.T, data []byte, d int, perplexity float64) {
		if len(data) > 4*64 || d < 1 || d > 64 {
			return
		}
		var x []float32
		for ; len(data) >= 4; data = data[4:] {
			x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(data)))
		}
		n := len(x) / d
		at, divergence, err := Embed(context.Background(), x[:n*d], n, d, Options{Perplexity: perplexity, Rate: 10, Iterations: 300, Workers: 1})
		if err != nil {
			for _, v := range x {
				if v != v || v-v != 0 {
					return
				}
			}
			if n >= 3 && perplexity >= 1 && perplexity < float64(n-1) {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		if len(at) != 2*n || math.IsNaN(divergence) || math.IsInf(divergence, 0) {
			t.Fatalf("%d positions of %d points, divergence %v", len(at), n, divergence)
		}
		for _, v := range at {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("positions %v", at)
			}
		}
	})
}

func BenchmarkStep(b *testing.B) {
	const n, d = 2708, 16 // Cora's
	x, _ := blobs(n, d, 7)
	p, err := affinities(context.Background(), crew{1}, x, n, d, 20)
	if err != nil {
		b.Fatal(err)
	}
	l := newLayout(p, n, 1, crew{1})
	for b.Loop() {
		l.step(1000, 100)
	}
}
