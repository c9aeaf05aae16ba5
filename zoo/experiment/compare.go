package experiment

import (
	"context"
	"fmt"
	goruntime "runtime"
	"sync"

	"golang.org/x/sync/errgroup"
	"graft/passes"
	"graft/runtime"
	"graft/zoo/entry"
)

// Cell is one training of a comparison.
type Cell struct {
	Plan    *Plan
	Seed    int32
	Outcome *Outcome
}

// Comparison resolves the choices for the three modes: bp, dfa once for each of the routes, and shallow.
func Comparison(e entry.Entry, task *entry.Task, c Choices, routes []int) ([]*Plan, error) {
	var plans []*Plan
	for _, pipeline := range passes.Modes() {
		c.Mode, c.Feedback.Route = pipeline.Mode, 0
		hops := routes
		if pipeline.Mode != "dfa" {
			hops = []int{0}
		}
		for _, c.Feedback.Route = range hops {
			p, err := NewPlan(e, task, c)
			if err != nil {
				return nil, err
			}
			plans = append(plans, p)
		}
	}
	return plans, nil
}

// Compare trains every plan for seeds 0 to n-1. Cells run side by side on so many workers (0: as many as Go
// may use processors), one each: they share nothing, and their results do not depend on it. done is called, one call at a time, as cells end.
func Compare(ctx context.Context, plans []*Plan, seeds, workers int, done func(Cell)) ([]Cell, error) {
	cells := make([]Cell, 0, len(plans)*seeds)
	programs := map[*Plan]*Programs{}
	for _, p := range plans {
		var err error
		if programs[p], err = p.Programs(); err != nil {
			return nil, err
		}
		for s := range seeds {
			cells = append(cells, Cell{Plan: p, Seed: int32(s)})
		}
	}
	var mu sync.Mutex
	return cells, SideBySide(ctx, len(cells), workers, func(ctx context.Context, i int, pool *runtime.Pool) (err error) {
		c := &cells[i]
		if c.Outcome, err = programs[c.Plan].Train(ctx, c.Seed, Settings{Pool: pool, Align: true, Views: c.Seed == 0}); err != nil {
			return fmt.Errorf("mode %s, seed %d: %w", c.Plan.Pipeline.Mode, c.Seed, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if done != nil {
			done(*c)
		}
		return nil
	})
}

// SideBySide trains n cells on so many workers (0: as many as Go may use processors), one each, in order but for those that run at the
// same time. The first error ends the others.
func SideBySide(ctx context.Context, n, workers int, train func(ctx context.Context, i int, pool *runtime.Pool) error) error {
	if workers < 1 {
		workers = goruntime.GOMAXPROCS(0)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range n {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			pool := runtime.NewPool(1)
			defer pool.Close()
			return train(ctx, i, pool)
		})
	}
	return group.Wait()
}
