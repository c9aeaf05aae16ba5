package tsne

import (
	"math"
	"math/rand/v2"
)

// The course of the descent.
const (
	// The first iterations attract points by exaggeration times their probabilities, so that clusters form while they can still pass
	// through one another (section 3.4 of the paper). It has a factor of 4 for 50 iterations; these are of van der Maaten, Accelerating
	// t-SNE using tree-based algorithms, JMLR 15, 2014, section 5, and of the program that figure 2 was made with.
	exaggeration = 12
	early        = 250
	// The momentum of the early iterations, and of the others (section 3.4 of the paper).
	earlyMomentum, momentum = 0.5, 0.8
	// A coordinate's rate has a gain, which grows by a step while the gradient opposes the last move's direction and shrinks by a
	// factor while it does not (Jacobs 1988); the constants are those of the paper's code.
	gainStep, gainFactor, leastGain = 0.2, 0.8, 0.01
	// spread is the standard deviation of the start.
	spread = 1e-4
)

// layout is a layout in the making.
type layout struct {
	n     int
	p     []float32 // [n, n], joint probabilities
	x, y  axis
	parts []part
	crew  crew
}

// axis holds one coordinate of all points.
type axis struct{ at, move, gain, gradient []float64 }

// newLayout returns the start: points near the origin, normally distributed. The principal components would make a start without a
// seed, but one that puts equal points, such as units that are all silent, on one place, where equal forces hold them together for
// good.
func newLayout(p []float32, n int, seed uint64, c crew) *layout {
	const stream = 0x74736e65
	rng := rand.New(rand.NewPCG(seed, stream))
	l := &layout{n: n, p: p, parts: newParts(n), crew: c}
	for _, a := range []*axis{&l.x, &l.y} {
		*a = axis{make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)}
		for i := range n {
			a.at[i], a.gain[i] = spread*rng.NormFloat64(), 1
		}
	}
	return l
}

// step makes iteration i.
func (l *layout) step(i int, rate float64) {
	strength, inertia := 1.0, momentum
	if i < early {
		strength, inertia = exaggeration, earlyMomentum
	}
	l.gradients(strength)
	l.x.step(rate, inertia)
	l.y.step(rate, inertia)
}

func (a *axis) step(rate, inertia float64) {
	mean := 0.0
	for i, g := range a.gradient {
		if math.Signbit(g) != math.Signbit(a.move[i]) {
			a.gain[i] += gainStep
		} else {
			a.gain[i] = max(leastGain, gainFactor*a.gain[i])
		}
		a.move[i] = inertia*a.move[i] - rate*a.gain[i]*g
		a.at[i] += a.move[i]
		mean += a.at[i]
	}
	mean /= float64(len(a.at))
	for i := range a.at {
		a.at[i] -= mean
	}
}
