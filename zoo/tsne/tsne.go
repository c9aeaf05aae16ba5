package tsne

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
)

// maxPoints bounds the matrix of joint probabilities to 4 GB.
const maxPoints = 1 << 15

// Options say how a layout is made.
type Options struct {
	// Perplexity is the effective number of neighbours that a point is placed by: 2 to the entropy in bits of the neighbours'
	// probabilities. At least 1 and below the number of other points.
	Perplexity float64
	// Rate is the learning rate η. As in the Barnes-Hut code (van der Maaten 2014) and in the program that the paper of figure 2 used, it
	// multiplies a quarter of the gradient of the paper's equation 5, so that a rate found elsewhere may have to be multiplied by 4.
	Rate       float64
	Iterations int
	Seed       uint64 // of the start
	Workers    int    // goroutines that work side by side; 0 is one for every processor that Go may use
	// Progress is told the Kullback-Leibler divergence every 100 iterations and after the last; nil is told nothing.
	Progress func(iteration int, divergence float64)
}

// Figure2 returns the options of figure 2 of Launay et al. (2020): perplexity 20, learning rate 100 and 5000 iterations.
func Figure2() Options { return Options{Perplexity: 20, Rate: 100, Iterations: 5000} }

// Embed lays out the n points of x [n, d]. It returns their positions [n, 2], which have mean 0, and the Kullback-Leibler
// divergence, in nats, between the joint probabilities of the points and those of their positions (equation 2 of the paper).
//
// Equal points are allowed. Where a point has so many at its least distance that the perplexity cannot be had, it is placed by those
// alone, evenly. Errors are of the options, of sizes, of a value that is not finite, of a rate so large that positions leave the
// range of numbers, and of the context.
func Embed(ctx context.Context, x []float32, n, d int, o Options) (positions []float64, divergence float64, err error) {
	if err := o.check(x, n, d); err != nil {
		return nil, 0, fmt.Errorf("t-SNE: %w", err)
	}
	c := crew{o.Workers}
	if c.workers == 0 {
		c.workers = runtime.GOMAXPROCS(0)
	}
	p, err := affinities(ctx, c, x, n, d, o.Perplexity)
	if err != nil {
		return nil, 0, fmt.Errorf("t-SNE: %w", err)
	}
	l := newLayout(p, n, o.Seed, c)
	for i := range o.Iterations {
		if err := ctx.Err(); err != nil {
			return nil, 0, fmt.Errorf("t-SNE, iteration %d: %w", i, err)
		}
		l.step(i, o.Rate)
		if last := i == o.Iterations-1; last || o.Progress != nil && (i+1)%100 == 0 {
			divergence = l.divergence()
			if math.IsNaN(divergence) || math.IsInf(divergence, 0) {
				return nil, 0, fmt.Errorf("t-SNE, iteration %d: the positions diverge; the rate %v is too large", i+1, o.Rate)
			}
			if o.Progress != nil {
				o.Progress(i+1, divergence)
			}
		}
	}
	positions = make([]float64, 0, 2*n)
	for i := range n {
		positions = append(positions, l.x.at[i], l.y.at[i])
	}
	return positions, divergence, nil
}

func (o Options) check(x []float32, n, d int) error {
	switch {
	case n < 3 || n > maxPoints:
		return fmt.Errorf("%d points; there must be 3 to %d", n, maxPoints)
	case d < 1:
		return fmt.Errorf("points of %d dimensions", d)
	case len(x)/d != n || len(x)%d != 0:
		return fmt.Errorf("%d values are not %d points of %d dimensions", len(x), n, d)
	case !(o.Perplexity >= 1 && o.Perplexity < float64(n-1)):
		return fmt.Errorf("perplexity %v; with %d points it must be at least 1 and below %d", o.Perplexity, n, n-1)
	case !(o.Rate > 0) || math.IsInf(o.Rate, 0):
		return fmt.Errorf("learning rate %v is not a positive number", o.Rate)
	case o.Iterations < 1:
		return errors.New("not a single iteration")
	case o.Workers < 0:
		return fmt.Errorf("%d workers", o.Workers)
	}
	for k, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("coordinate %d of point %d is %v", k%d, k/d, v)
		}
	}
	return nil
}
