package bench

import (
	"context"
	"slices"
	"sync"
	"time"

	"graft/runtime"
)

// peakSize is the size of the square matrices whose product shows the machine's arithmetic at its best.
const peakSize = 1024

// MeasureMachine measures what the workers of a pool can do at best: the fastest of several runs each.
func MeasureMachine(ctx context.Context, pool *runtime.Pool) (Machine, error) {
	g, err := newGemm(Shape{peakSize, peakSize, peakSize}, false, false, pool)
	if err != nil {
		return Machine{}, err
	}
	times, err := timed(ctx, 20, time.Second, g.step)
	if err != nil {
		return Machine{}, err
	}
	return Machine{FLOPS: float64(g.flops()) / slices.Min(times).Seconds(), Bandwidth: bandwidth(pool.Workers())}, nil
}

// bandwidth returns the bytes a second that so many goroutines move: by the triad a = b + s c of STREAM (McCalpin 1995), or by a
// copy where that is faster. Written memory counts once, although a cache may have to read it first.
func bandwidth(workers int) float64 {
	const (
		elements = 8 << 20 // 64 MiB an array, more than a cache holds
		repeats  = 8
	)
	a, b, c := make([]float64, elements), make([]float64, elements), make([]float64, elements)
	for i := range b {
		a[i], b[i], c[i] = 0, float64(i), 1
	}
	sweep := func(do func(lo, hi int)) time.Duration {
		began := time.Now()
		var wait sync.WaitGroup
		for w := range workers {
			wait.Go(func() { do(elements*w/workers, elements*(w+1)/workers) })
		}
		wait.Wait()
		return time.Since(began)
	}
	best := 0.0
	for range repeats {
		triad := sweep(func(lo, hi int) {
			x, y, z := a[lo:hi], b[lo:hi], c[lo:hi]
			for i := range x {
				x[i] = y[i] + 3*z[i]
			}
		})
		move := sweep(func(lo, hi int) { copy(a[lo:hi], b[lo:hi]) })
		best = max(best, 3*8*elements/triad.Seconds(), 2*8*elements/move.Seconds())
	}
	return best
}
