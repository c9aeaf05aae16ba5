package bench

import (
	"context"
	goruntime "runtime"
	"slices"
	"time"
)

const (
	fewest   = 5    // runs that are timed even if they take long
	most     = 1000 // runs that are timed even if they take no time
	warmRuns = 3    // or as many as fit into a budget, but one at least
)

// timed warms up and takes the time of runs; with 0, of as many as fit into the budget.
func timed(ctx context.Context, runs int, budget time.Duration, run func(context.Context) error) ([]time.Duration, error) {
	return timedAfter(ctx, runs, budget, run, func() {})
}

// timedAfter calls begin between the warm-up and the timing.
func timedAfter(ctx context.Context, runs int, budget time.Duration, run func(context.Context) error, begin func()) ([]time.Duration, error) {
	goruntime.GC() // so that none falls due in the meantime, and before the warm-up, since it empties pools of scratch memory
	var last time.Duration
	for i, began := 0, time.Now(); i < warmRuns && (i == 0 || time.Since(began) < budget); i++ {
		started := time.Now()
		if err := run(ctx); err != nil {
			return nil, err
		}
		last = time.Since(started)
	}
	if runs == 0 {
		runs = min(most, max(fewest, int(budget/max(1, last))))
	}
	times := make([]time.Duration, runs)
	begin()
	for i := range times {
		started := time.Now()
		if err := run(ctx); err != nil {
			return nil, err
		}
		times[i] = time.Since(started)
	}
	return times, nil
}

// Median returns the middle of the times.
func Median(times []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(times))
	n := len(s)
	if n == 0 {
		return 0
	}
	return (s[(n-1)/2] + s[n/2]) / 2
}

// Spread returns the distance between the quartiles of the times.
func Spread(times []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(times))
	if len(s) == 0 {
		return 0
	}
	return s[len(s)*3/4] - s[len(s)/4]
}
