package tsne

import (
	"sync"
	"sync/atomic"
)

// crew is how many goroutines work side by side.
type crew struct{ workers int }

// each calls do for 0 to n-1, whoever is free for the next. do must write nothing that another's call reads or writes.
func (c crew) each(n int, do func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	var wait sync.WaitGroup
	for range c.workers - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
}
