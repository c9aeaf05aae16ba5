package rng

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestPhiloxKnownAnswers compares with the philox4x32-10 lines of Random123's kat_vectors.
func TestPhiloxKnownAnswers(t *testing.T) {
	const f = 0xffffffff
	cases := []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{f, f, f, f}, [2]uint32{f, f}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	}
	for _, c := range cases {
		a, k := c.counter, c.key
		var got [4]uint32
		got[0], got[1], got[2], got[3] = philox(a[0], a[1], a[2], a[3], k[0], k[1])
		if got != c.want {
			t.Errorf("philox(%08x, %08x) = %08x, want %08x", c.counter, c.key, got, c.want)
		}
	}
}

// TestLayout pins what goes where in key and counter: checkpoints of older builds must resume with the same numbers.
func TestLayout(t *testing.T) {
	s := New(5, -1, "a")
	const hash = 0xaf63dc4c8601ec8c // FNV-1a 64 of "a", from the FNV authors' test vectors
	first := 1<<34 + 3
	_, _, _, want := philox(0, 1, hash&0xffffffff, hash>>32, 5, 0xffffffff)
	if got := s.Uint32(first); got != want {
		t.Errorf("Uint32(%d) = %08x, want %08x", first, got, want)
	}
	var u [1]float32
	s.Uniform32(u[:], first)
	if got, want := u[0], float32(want>>8)/(1<<24); got != want {
		t.Errorf("Uniform32(%d) = %v, want %v", first, got, want)
	}
}

// TestChunks checks that any cut of a range gives the bits of the whole, and that float64 draws are the float32 draws.
func TestChunks(t *testing.T) {
	s := New(1, 2, "chunks")
	const n, base = 67, 1 << 20
	for _, f := range []struct {
		name string
		f32  func([]float32, int)
		f64  func([]float64, int)
	}{{"uniform", s.Uniform32, s.Uniform64}, {"normal", s.Normal32, s.Normal64}} {
		whole := make([]float32, n)
		f.f32(whole, base)
		for from := range n {
			for to := from; to <= n; to++ {
				part, wide := make([]float32, to-from), make([]float64, to-from)
				f.f32(part, base+from)
				f.f64(wide, base+from)
				if !slices.Equal(part, whole[from:to]) {
					t.Fatalf("%s: [%d, %d) differs from the same range of the whole", f.name, from, to)
				}
				for j := range wide {
					if wide[j] != float64(part[j]) {
						t.Fatalf("%s: float64 draw %v is not the float32 draw %v", f.name, wide[j], part[j])
					}
				}
			}
		}
	}
	u := make([]float32, n)
	s.Uniform32(u, base)
	for j, v := range u {
		if want := float32(s.Uint32(base+j)>>8) * 0x1p-24; v != want {
			t.Fatalf("Uniform32 element %d is %v, Uint32 says %v", j, v, want)
		}
	}
}

// chiSquare fails when the counts of equally likely cells are less likely than one in a million. The draws are fixed, so
// the test cannot flake; the bound says how surprising a generator may be.
func chiSquare(t *testing.T, what string, counts []int) {
	t.Helper()
	n := 0
	for _, c := range counts {
		n += c
	}
	expected := float64(n) / float64(len(counts))
	var x float64
	for _, c := range counts {
		d := float64(c) - expected
		x += d * d / expected
	}
	dist := distuv.ChiSquared{K: float64(len(counts) - 1)}
	if p := dist.Survival(x); p < 1e-6 || p > 1-1e-6 {
		t.Errorf("%s: chi-square %.1f with %v degrees of freedom, p = %g", what, x, dist.K, p)
	}
}

func TestUniformity(t *testing.T) {
	const n, cells = 1 << 20, 256
	u := make([]float32, n)
	z := make([]float32, n)
	for _, s := range []struct {
		name string
		Stream
	}{{"zero", New(0, 0, "")}, {"dropout", New(42, 1000, "block0/dropout")}, {"negative", New(-1, math.MinInt32, "x")}} {
		s.Uniform32(u, 0)
		s.Normal32(z, 0)
		high, low, pairs, bell := make([]int, cells), make([]int, cells), make([]int, cells), make([]int, cells)
		var sum, squares float64
		for i := range n {
			high[int(u[i]*cells)]++
			low[int(u[i]*(1<<24))%cells]++
			pairs[int(u[i]*16)*16+int(u[(i+1)%n]*16)]++
			bell[min(int(cells*distuv.UnitNormal.CDF(float64(z[i]))), cells-1)]++
			sum += float64(z[i])
			squares += float64(z[i]) * float64(z[i])
		}
		chiSquare(t, s.name+": upper bits", high)
		chiSquare(t, s.name+": lower bits", low)
		chiSquare(t, s.name+": neighbours", pairs)
		chiSquare(t, s.name+": normal", bell)
		// Standard errors of mean and second moment are 1/sqrt(n) and sqrt(2/n); five of them are one in a million.
		if m := sum / n; math.Abs(m) > 5/math.Sqrt(n) {
			t.Errorf("%s: mean of the normal draws %g", s.name, m)
		}
		if v := squares / n; math.Abs(v-1) > 5*math.Sqrt(2./n) {
			t.Errorf("%s: variance of the normal draws %g", s.name, v)
		}
	}
}

// TestStreamsDiffer compares streams that differ in one coordinate: equal words must be as rare as chance, and the
// correlation of the draws within five standard errors.
func TestStreamsDiffer(t *testing.T) {
	const n = 1 << 16
	base := New(7, 7, "layer0")
	a, b := make([]float64, n), make([]float64, n)
	base.Uniform64(a, 0)
	for name, s := range map[string]Stream{
		"seed": New(8, 7, "layer0"), "step": New(7, 8, "layer0"), "stream": New(7, 7, "layer1"), "swapped": New(7<<1, 7>>1, "layer0"),
	} {
		s.Uniform64(b, 0)
		equal, product := 0, 0.0
		for i := range n {
			if base.Uint32(i) == s.Uint32(i) {
				equal++
			}
			product += (a[i] - 0.5) * (b[i] - 0.5) * 12
		}
		if equal > 1 { // expected 2^-16
			t.Errorf("%s: %d equal words", name, equal)
		}
		if r := product / n; math.Abs(r) > 5/math.Sqrt(n) {
			t.Errorf("%s: correlation %g", name, r)
		}
	}
}

// TestNormalExtremes feeds the transform the words where a logarithm or a rounding could go wrong.
func TestNormalExtremes(t *testing.T) {
	const f = 0xffffffff
	for _, u := range [][2]uint32{{0, 0}, {f, f}, {0, f}, {f, 0}, {0, 1 << 31}, {f, 1 << 31}, {0, 1 << 30}, {1, 3 << 30}} {
		v, w := boxMuller(u[0], u[1])
		if r := math.Hypot(float64(v), float64(w)); !(r < 6.77) {
			t.Errorf("boxMuller(%08x) = %v, %v", u, v, w)
		}
	}
	if low, high, _, _ := uniform(0, f, 0, 0); low != 0 || high >= 1 {
		t.Errorf("uniform draws go from %v to %v, want [0, 1)", low, high)
	}
}

func TestNoAllocation(t *testing.T) {
	f32, f64 := make([]float32, 37), make([]float64, 37)
	var word uint32
	if n := testing.AllocsPerRun(100, func() {
		s := New(1, 2, "block0/dropout")
		s.Uniform32(f32, 3)
		s.Uniform64(f64, 3)
		s.Normal32(f32, 3)
		s.Normal64(f64, 3)
		word += s.Uint32(9)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestInit(t *testing.T) {
	const rows, cols = 100, 50
	s := New(3, 0, "dense0/weight")
	cases := []struct {
		init       string
		bound, std float64 // of the draws
		mean       float64
	}{
		{"zeros", 0, 0, 0},
		{"ones", 1, 0, 1},
		{"constant(-2.5)", 2.5, 0, -2.5},
		{"uniform(0.0357)", 0.0357, 0.0357 / math.Sqrt(3), 0},
		{"lecun_uniform", 0.1, 0.1 / math.Sqrt(3), 0},
		{"glorot_uniform", 0.2, 0.2 / math.Sqrt(3), 0},
		{"normal(0.02)", 0.02 * 6.77, 0.02, 0},
	}
	for _, c := range cases {
		t.Run(c.init, func(t *testing.T) {
			in, err := ParseInit(c.init)
			if err != nil {
				t.Fatal(err)
			}
			if in.String() != c.init {
				t.Errorf("printed as %v", in)
			}
			f32, f64 := make([]float32, rows*cols), make([]float64, rows*cols)
			for i := range f32 { // what lay there before must not matter
				f32[i], f64[i] = float32(math.NaN()), math.Inf(1)
			}
			if err := Fill(f32, c.init, []int{rows, cols}, s); err != nil {
				t.Fatal(err)
			}
			if err := Fill64(f64, c.init, []int{rows, cols}, s); err != nil {
				t.Fatal(err)
			}
			var sum, squares float64
			for i, v := range f64 {
				if float64(f32[i]) != v {
					t.Fatalf("element %d: float32 %v, float64 %v", i, f32[i], v)
				}
				if math.Abs(v) > float64(float32(c.bound)) {
					t.Fatalf("element %d is %v, outside of ±%v", i, v, c.bound)
				}
				sum += v
				squares += (v - c.mean) * (v - c.mean)
			}
			n := float64(len(f64))
			if m := sum / n; math.Abs(m-c.mean) > 5*c.std/math.Sqrt(n) {
				t.Errorf("mean %v, want %v", m, c.mean)
			}
			// The variance estimate of a normal has relative error sqrt(2/n), of a uniform less.
			if v := squares / n; math.Abs(v-c.std*c.std) > 5*math.Sqrt(2/n)*c.std*c.std {
				t.Errorf("variance %v, want %v", v, c.std*c.std)
			}
		})
	}
}

func TestInitStacks(t *testing.T) {
	// The fans of a stack of matrices are those of one matrix.
	for _, init := range []string{"lecun_uniform", "glorot_uniform"} {
		in, err := ParseInit(init)
		if err != nil {
			t.Fatal(err)
		}
		one, err1 := in.bound([]int{6, 10})
		stack, err2 := in.bound([]int{3, 6, 10})
		if err1 != nil || err2 != nil || one != stack {
			t.Errorf("%s: bound %v (%v) for a matrix, %v (%v) for a stack", init, one, err1, stack, err2)
		}
	}
}

func TestInitErrors(t *testing.T) {
	parse := map[string]string{
		"xavier":        `unknown initialiser "xavier"; there are zeros, ones`,
		"":              "unknown initialiser",
		"uniform":       "needs an argument: uniform(bound)",
		"zeros(1)":      "takes no argument",
		"normal()":      "finite number",
		"normal(0.1":    "finite number",
		"normal(0.1))":  "finite number",
		"normal(inf)":   "finite number",
		"constant(nan)": "finite number",
		"normal(1e999)": "finite number",
		"uniform(-1)":   "bound must not be negative",
	}
	for text, want := range parse {
		if _, err := ParseInit(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseInit(%q): %v; want an error that says %q", text, err, want)
		}
	}
	s := New(0, 0, "x")
	if err := Fill(make([]float32, 3), "zeros", []int{2, 2}, s); err == nil || !strings.Contains(err.Error(), "has 4 elements, the tensor 3") {
		t.Errorf("wrong size: %v", err)
	}
	if err := Fill(make([]float32, 3), "lecun_uniform", []int{3}, s); err == nil || !strings.Contains(err.Error(), "write uniform(bound)") {
		t.Errorf("bias: %v", err)
	}
	if err := Fill64(nil, "what", nil, s); err == nil {
		t.Error("Fill64 takes an unknown initialiser")
	}
	if err := Fill(make([]float32, 1), "constant(2)", nil, s); err != nil {
		t.Errorf("scalar: %v", err)
	}
}

func BenchmarkUniform32(b *testing.B) {
	dst := make([]float32, 1<<16)
	b.SetBytes(4 << 16)
	for b.Loop() {
		New(1, 2, "bench").Uniform32(dst, 0)
	}
}

func BenchmarkNormal32(b *testing.B) {
	dst := make([]float32, 1<<16)
	b.SetBytes(4 << 16)
	for b.Loop() {
		New(1, 2, "bench").Normal32(dst, 0)
	}
}
