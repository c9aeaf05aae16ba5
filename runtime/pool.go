package runtime

import (
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a worker watches for work before it sleeps: about as long as it takes to wake one. Many calls are much
// shorter.
const patience = 100 * time.Microsecond

// Pool is a set of worker goroutines that executables share. The caller of Step is one of the workers, so that a pool of one
// has no goroutines. Any number of executables may use a pool, also at the same time. Workers sleep between steps.
type Pool struct {
	workers int
	watch   bool // there is a processor for every worker, so that it may watch for work
	mu      sync.Mutex
	offers  atomic.Uint32 // counts what watching workers should look at; changed under the lock
	sleep   sync.Cond
	idle    int         // workers asleep that have not been called
	runs    []*schedule // what is running, oldest first
	closed  bool
	wait    sync.WaitGroup
}

// NewPool starts a pool of that many workers; with 0, one for every processor that Go may use.
func NewPool(workers int) *Pool {
	processors := goruntime.GOMAXPROCS(0)
	if workers < 1 {
		workers = processors
	}
	p := &Pool{workers: workers, watch: workers <= processors}
	p.sleep.L = &p.mu
	for range workers - 1 {
		p.wait.Go(p.work)
	}
	return p
}

// Workers returns the number of workers, the caller of Step among them.
func (p *Pool) Workers() int { return p.workers }

// Close ends the goroutines. Executables of the pool can still be used; their callers then work alone.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.offers.Add(1)
	p.sleep.Broadcast()
	p.mu.Unlock()
	p.wait.Wait()
}

func (p *Pool) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed {
		if s := p.pick(); s != nil {
			s.work()
		} else if !p.await() && !p.closed {
			p.idle++
			p.sleep.Wait()
		}
	}
}

// pick returns a run that may have parts to hand out, or nil.
func (p *Pool) pick() *schedule {
	for _, s := range p.runs {
		if s.hasWork() {
			return s
		}
	}
	return nil
}

// offer tells those who wait that a run has work, or has ended. If they all sleep, the caller of the run or else a worker is woken
// where that pays.
func (p *Pool) offer(s *schedule, pays bool) {
	p.offers.Add(1)
	switch {
	case !pays:
	case s.asleep:
		s.rouse()
	case p.idle > 0:
		p.idle--
		p.sleep.Signal()
	}
}

// await gives up the lock and watches for an offer. It reports whether there was one before its patience ended.
func (p *Pool) await() bool {
	if !p.watch {
		return false
	}
	seen := p.offers.Load()
	p.mu.Unlock()
	for end := time.Now().Add(patience); p.offers.Load() == seen && time.Now().Before(end); {
		for i := 0; i < 200 && p.offers.Load() == seen; i++ {
		}
	}
	p.mu.Lock()
	return p.offers.Load() != seen
}
