package tsne

import (
	"sync"
	"sync/atomic"
)

// crew is how many goroutines work on the rows of a matrix side by side.
type crew struct{ workers int }

// rows calls do for all rows, a block of them at a time. do must write nothing that another row's call reads or writes.
func (c crew) rows(n int, do func(row int)) {
	const block = 32 // a worker that is held up leaves its rows to the others
	var next atomic.Int64
	work := func() {
		for {
			from := int(next.Add(block)) - block
			if from >= n {
				return
			}
			for i := from; i < min(from+block, n); i++ {
				do(i)
			}
		}
	}
	var wait sync.WaitGroup
	for range c.workers - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
}
