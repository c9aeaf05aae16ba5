package mlp

import (
	"math"
	"math/rand/v2"
)

// Synthetic generates a stand-in for MNIST, "synthetic-digits": digits drawn with a pen of varying thickness, turned,
// slanted, scaled, shifted, with trembling strokes, a stray stroke and pixel noise. Classes are drawn uniformly. There are as many
// validation images as test images.
//
// The seed alone determines the images (up to how an architecture rounds fused multiply-adds), and a longer set begins with
// the images of a shorter one. A negative count is taken as 0.
func Synthetic(seed int, train, test int) *Dataset {
	return &Dataset{
		Name:  "synthetic-digits",
		Train: syntheticSplit(rand.New(rand.NewPCG(uint64(seed), 1)), train),
		Test:  syntheticSplit(rand.New(rand.NewPCG(uint64(seed), 2)), test),
		Val:   syntheticSplit(rand.New(rand.NewPCG(uint64(seed), 3)), test),
	}
}

func syntheticSplit(rng *rand.Rand, n int) Split {
	n = max(n, 0)
	templates := digits()
	raw, labels := make([]byte, n*pixels), make([]byte, n)
	for i := range n {
		labels[i] = byte(rng.IntN(classes))
		drawDigit(rng, templates[labels[i]], raw[i*pixels:(i+1)*pixels])
	}
	return newSplit(raw, labels)
}

type point struct{ x, y float64 }

// stroke is a polyline; a digit's strokes lie in [-1, 1] x [-1, 1], y pointing down.
type stroke []point

// arc returns a stroke along an ellipse, from one angle to another (in turns, clockwise from the right).
func arc(cx, cy, rx, ry, from, to float64) stroke {
	const steps = 8
	s := make(stroke, steps+1)
	for i := range s {
		sin, cos := math.Sincos(2 * math.Pi * (from + (to-from)*float64(i)/steps))
		s[i] = point{cx + rx*cos, cy + ry*sin}
	}
	return s
}

func digits() [classes][]stroke {
	return [classes][]stroke{
		{arc(0, 0, 0.6, 1, 0, 1)},
		{{{-0.3, -0.7}, {0.05, -1}, {0.05, 1}}},
		{arc(0, -0.5, 0.6, 0.5, 0.5, 1.1), {{0.45, -0.15}, {-0.6, 1}, {0.65, 1}}},
		{arc(0, -0.5, 0.55, 0.5, 0.55, 1.25), arc(0, 0.5, 0.6, 0.5, 0.75, 1.45)},
		{{{0.3, 1}, {0.3, -1}, {-0.65, 0.35}, {0.7, 0.35}}},
		{{{0.55, -1}, {-0.5, -1}, {-0.55, -0.1}}, arc(0, 0.4, 0.6, 0.6, 0.62, 1.42)},
		{arc(0.1, 0, 0.65, 1, 0.8, 0.5), arc(0, 0.45, 0.55, 0.55, 0, 1)},
		{{{-0.6, -1}, {0.6, -1}, {-0.15, 1}}},
		{arc(0, -0.5, 0.48, 0.5, 0, 1), arc(0, 0.5, 0.58, 0.5, 0, 1)},
		{arc(0, -0.45, 0.55, 0.55, 0, 1), arc(-0.1, 0, 0.65, 1, 0, 0.3)},
	}
}

// drawDigit draws one variant of the digit into img, 784 bytes.
func drawDigit(rng *rand.Rand, strokes []stroke, img []byte) {
	uniform := func(lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }
	sin, cos := math.Sincos(uniform(-0.35, 0.35))
	width, height, slant := uniform(6.5, 10), uniform(7.5, 10), uniform(-0.3, 0.3)
	cx, cy := side/2+uniform(-3, 3), side/2+uniform(-3, 3)
	pen, tremble := uniform(0.5, 1.6), 0.07

	var ink [pixels]float64
	for _, s := range strokes {
		last := point{}
		for i, p := range s {
			x := width*(p.x+tremble*rng.NormFloat64()) - slant*height*p.y
			y := height * (p.y + tremble*rng.NormFloat64())
			next := point{cx + cos*x - sin*y, cy + sin*x + cos*y}
			if i > 0 {
				drawLine(&ink, last, next, pen)
			}
			last = next
		}
	}
	// A stray stroke, so that no single pixel decides.
	stray := point{uniform(2, side-2), uniform(2, side-2)}
	drawLine(&ink, stray, point{stray.x + uniform(-5, 5), stray.y + uniform(-5, 5)}, 0.5*pen)

	for i, v := range ink {
		img[i] = byte(255 * min(1, max(0, 0.9*v+0.08*rng.NormFloat64())))
	}
}

// drawLine inks the pixels within the pen's radius of the segment from a to b, fading over one pixel.
func drawLine(ink *[pixels]float64, a, b point, pen float64) {
	reach := pen + 1
	x0, x1 := max(0, int(min(a.x, b.x)-reach)), min(side-1, int(max(a.x, b.x)+reach))
	y0, y1 := max(0, int(min(a.y, b.y)-reach)), min(side-1, int(max(a.y, b.y)+reach))
	dx, dy := b.x-a.x, b.y-a.y
	scale := 1 / max(dx*dx+dy*dy, 1e-9)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			px, py := float64(x)-a.x, float64(y)-a.y
			t := min(1, max(0, (px*dx+py*dy)*scale))
			ex, ey := px-t*dx, py-t*dy
			v := min(1, reach-math.Sqrt(ex*ex+ey*ey))
			if at := y*side + x; v > ink[at] {
				ink[at] = v
			}
		}
	}
}
