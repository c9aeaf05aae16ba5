package native

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"graft/graph"
)

// exactly are the functions that vectors approximates, with their bounds as stated there.
var exactly = map[string]struct {
	f        func(float64) float64
	ulps     float64
	denormal float64 // the error, in denormal steps, of results that are not normal
}{
	"exp": {math.Exp, 1, 1}, "log": {math.Log, 1, 0}, "sin": {math.Sin, 1.5, 1}, "cos": {math.Cos, 1.5, 0},
	"expm1": {math.Expm1, 2, 1}, "log1p": {math.Log1p, 2, 1}, "tanh": {math.Tanh, 2, 1}, "sqrt": {math.Sqrt, 0.5, 0.5},
	"sigmoid": {func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 2.5, 1},
}

// samples are float32 of every exponent and sign, and those near which a function changes its course.
func samples() []float32 {
	var s []float32
	for bits := uint64(0); bits < 1<<32; bits += 4999 { // a prime: all parts of the significand are met
		s = append(s, math.Float32frombits(uint32(bits)))
	}
	inf := float32(math.Inf(1))
	for _, at := range []float32{0, 0x1p-149, 0x1p-126, 1e-4, 0.5, math.Ln2 / 2, math.Sqrt2 / 2, math.Pi / 4, 1, math.Sqrt2, math.Pi / 2, 2, math.Pi,
		9, 17, 18, 20, 87.33655, 88, 88.72284, 89, 103.278, 103.97208, 104, 1e5, 0x1p24, 0x1p25, 0x1p127, math.MaxFloat32, inf} {
		up, down := at, at
		for range 200 {
			s = append(s, up, -up, down, -down)
			up, down = math.Nextafter32(up, inf), math.Nextafter32(down, 0)
		}
	}
	for k := 1; k < 64000; k += 7 { // around zeros of sine and cosine
		s = append(s, float32(float64(k)*math.Pi/2), -float32(float64(k)*math.Pi/2))
	}
	return append(s, float32(math.NaN()))
}

// TestVectorErrors compares with float64. The functions of package math err by less than 1e-7 of a float32's last place.
func TestVectorErrors(t *testing.T) {
	x := samples()
	got := make([]float32, len(x))
	for _, f := range families() {
		v := vectorsOf(f)
		for name, want := range exactly {
			v.point[name](got, x, 0)
			worst, at := 0.0, float32(0)
			for i, g := range got {
				w := want.f(float64(x[i]))
				switch r := float32(w); {
				case w != w || math.IsInf(float64(r), 0) || r == 0 && want.denormal == 0:
					if g != r && !(g != g && r != r) {
						t.Errorf("%s: %s(%v) is %v, want %v", f.name, name, x[i], g, r)
					}
				default:
					_, e := math.Frexp(w)
					ulp := math.Ldexp(1, max(e-24, -149))
					err := math.Abs(float64(g)-w) / ulp
					if math.Abs(w) < 0x1p-125 && err <= want.denormal {
						continue
					}
					if !(err <= worst) {
						worst, at = err, x[i]
					}
				}
			}
			t.Logf("%s: %s errs by at most %.3f ulp, at %v", f.name, name, worst, at)
			if !(worst <= want.ulps) {
				t.Errorf("%s: %s errs by %v ulp at %v, more than %v", f.name, name, worst, at, want.ulps)
			}
		}
	}
}

// TestVectorSigns checks that assembly keeps the sign of 0.
func TestVectorSigns(t *testing.T) {
	all := families()
	for _, f := range all[:len(all)-1] {
		for _, name := range []string{"expm1", "log1p", "tanh", "sqrt"} {
			x := []float32{float32(math.Copysign(0, -1)), 0}
			vectorsOf(f).point[name](x, x, 0)
			if !math.Signbit(float64(x[0])) || math.Signbit(float64(x[1])) {
				t.Errorf("%s: %s(-0), %s(0) are %v", f.name, name, name, x)
			}
		}
	}
}

// TestVectorPlaces checks that an element's bits depend neither on its place nor on the vector's length or address, that
// dst may be an operand, and that nothing is written beyond the end.
func TestVectorPlaces(t *testing.T) {
	const guard = 12345
	r := rand.New(rand.NewPCG(1, 2))
	x, y := make([]float32, 90), make([]float32, 90)
	for i := range x {
		x[i], y[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	x[3], x[7], x[40], y[5], y[44] = float32(math.NaN()), float32(math.Inf(-1)), 2e5, 0, float32(math.Inf(1))
	for _, f := range families() {
		v := vectorsOf(f)
		check := func(name string, compute func(dst, x, y []float32)) {
			one := make([]float32, len(x))
			for i := range x {
				compute(one[i:i+1], x[i:i+1], y[i:i+1])
			}
			for n := range 71 {
				for shift := range 17 {
					for _, place := range []string{"apart", "in x", "in y"} {
						in1, in2 := slices.Clone(x[shift:shift+n]), slices.Clone(y[shift:shift+n])
						whole := slices.Repeat([]float32{guard}, n+shift+20)
						dst := whole[shift : shift+n]
						switch place {
						case "in x":
							copy(dst, in1)
							in1 = dst
						case "in y":
							copy(dst, in2)
							in2 = dst
						}
						compute(dst, in1, in2)
						for i, g := range whole {
							want := float32(guard)
							if i >= shift && i < shift+n {
								want = one[i]
							}
							if math.Float32bits(g) != math.Float32bits(want) && !(g != g && want != want) {
								t.Fatalf("%s: %s of %d elements, %s, shifted by %d: element %d is %v, want %v", f.name, name, n, place, shift, i-shift, g, want)
							}
						}
					}
				}
			}
		}
		for name, point := range v.point {
			check(name, func(dst, x, _ []float32) { point(dst, x, 0.7) })
		}
		for name, pair := range v.pair {
			check(name, func(dst, x, y []float32) { pair(dst, x, y, 0.7) })
		}
		check("drop", func(dst, x, y []float32) { v.drop(dst, x, y, 0.1) })
	}
}

// TestVectorSums compares with sums in float64, at all addresses, in place and not, and with the parts of a softmax that
// the functions of elements give.
func TestVectorSums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range families() {
		v := vectorsOf(f)
		for n := range 71 {
			x, y := make([]float32, n), make([]float32, n)
			for i := range x {
				x[i], y[i] = float32(3*r.NormFloat64()), float32(r.Float64())
			}
			const floor = -1
			largest := float32(floor)
			for _, v := range x {
				largest = max(largest, v)
			}
			var sum, dot, entropy, exps float64
			for i, v := range x {
				a, b := float64(v), float64(y[i])
				sum, dot, exps = sum+a, dot+a*b, exps+math.Exp(float64(v-largest))
				entropy += max(a, 0) - a*b + math.Log1p(math.Exp(-math.Abs(a)))
			}
			for shift := range 3 {
				moved := slices.Concat(make([]float32, shift), x)[shift:]
				for _, c := range []struct {
					name                 string
					got, want, tolerance float64
				}{
					// Products of two float32 are exact in float64, so the sums err by a rounding or so for each term.
					{"sum", v.sum(moved), sum, 0x1p-53 * 10 * float64(n)},
					{"dot", v.dot(moved, y), dot, 0x1p-53 * 10 * float64(n)},
					{"entropy", v.binaryEntropy(moved, y), entropy, 0x1p-22 * entropy},
				} {
					if math.Abs(c.got-c.want) > c.tolerance {
						t.Errorf("%s: %s of %d elements is %v, want %v", f.name, c.name, n, c.got, c.want)
					}
				}
				top, total := v.expSum(moved, floor)
				dst := make([]float32, n)
				top2, total2 := v.expRow(dst, x, floor)
				top3, total3 := v.expRow(moved, moved, floor)
				if top != largest || top2 != top || top3 != top || total2 != total || total3 != total || !slices.Equal(dst, moved) {
					t.Errorf("%s: %d elements: largest %v, %v, %v, sum %v, %v, %v", f.name, n, top, top2, top3, total, total2, total3)
				}
				if math.Abs(total-exps) > 0x1p-22*exps {
					t.Errorf("%s: the exponentials of %d elements add up to %v, want %v", f.name, n, total, exps)
				}
			}
		}
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			for at := range 40 {
				x := make([]float32, 40)
				x[at] = float32(bad)
				if _, sum := v.expSum(x, 0); sum == sum {
					t.Errorf("%s: %v at %d: the sum is %v", f.name, bad, at, sum)
				}
			}
		}
	}
}

// TestFamiliesConform runs the cases of every op but the products, which have their own tests, in the families that Kernels
// does not choose on this machine.
func TestFamiliesConform(t *testing.T) {
	for _, f := range families()[1:] {
		table := kernelsOf(f)
		for _, tc := range cases() {
			if tc.op == "matmul" || tc.op == "project" {
				continue
			}
			got, want := tc.call(t, graph.F32), tc.call(t, graph.F64)
			k, parts := prepared(t, table, got)
			if n := testing.AllocsPerRun(1, func() {
				for p := range parts {
					if err := k.Run(got, p, parts); err != nil {
						t.Fatal(err)
					}
				}
			}); n != 0 && tc.attrs["dist"] != "orthogonal" {
				t.Errorf("%s, %v: %v allocations", f.name, tc, n)
			}
			mustRun(t, tc, Reference(), want)
			bound := bounds(t, tc, want, graph.F32)
			for k := range want.Out {
				for i := range want.Out[k].Len() {
					g, w := got.Out[k].At(i), want.Out[k].At(i)
					if !(math.Abs(g-w) <= bound(k, i)) && g != w && !(g != g && w != w) {
						t.Fatalf("%s, %v: element %d of result %d is %v, want %v within %g", f.name, tc, i, k, g, w, bound(k, i))
					}
				}
			}
		}
	}
}

// TestVectorSplits checks that the bits of elements do not depend on how a range is cut.
func TestVectorSplits(t *testing.T) {
	for _, f := range families() {
		table := kernelsOf(f)
		for _, tc := range []testCase{
			{"tanh", nil, []operand{normals(3, 333)}},
			{"sub", nil, []operand{normals(31, 40), normals(40)}},
			{"div", nil, []operand{normals(31, 1), between(1, 2, 31, 40)}},
			{"sub", nil, []operand{normals(500, 7), normals(7)}},
			{"mul", nil, []operand{normals(500, 1), normals(500, 7)}},
			{"div", nil, []operand{normals(20, 30, 7), between(1, 2, 20, 1, 7)}},
			{"softmax_cross_entropy_grad", nil, []operand{constant(1), normals(500, 7), labels(7, 500), seldom(500)}},
			{"bias_act", graph.Attrs{"act": "elu"}, []operand{normals(31, 40), normals(40)}},
			{"dropout", graph.Attrs{"rate": 0.3, "stream": "s"}, []operand{normals(31, 41), keyOf(1, 2)}},
			{"dropout", graph.Attrs{"rate": 0.3, "stream": "s"}, []operand{normals(149, 70), keyOf(1, 2)}},
			{"bias_act", graph.Attrs{"act": "elu"}, []operand{normals(31, 7), normals(7)}},
			{"softmax", nil, []operand{normals(40, 37)}},
			{"softmax", nil, []operand{normals(500, 10)}},
			{"restricted_softmax", nil, []operand{normals(500, 3)}},
			{"log_softmax", nil, []operand{normals(500, 7)}},
			{"softmax_grad", nil, []operand{normals(500, 10), between(0, 1, 500, 10)}},
			{"log_softmax_grad", nil, []operand{normals(500, 2), between(-4, 0, 500, 2)}},
		} {
			whole, cut := tc.call(t, graph.F32), tc.call(t, graph.F32)
			mustRun(t, tc, table, whole)
			k, _ := prepared(t, table, cut)
			for p := range 7 {
				if err := k.Run(cut, p, 7); err != nil {
					t.Fatal(err)
				}
			}
			if err := sameBits(whole.Out, cut.Out); err != nil {
				t.Errorf("%s, %v: %v", f.name, tc, err)
			}
		}
	}
}
