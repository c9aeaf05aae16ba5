package runtime

import (
	goruntime "runtime"
	"sync"
)

// Pool is a set of worker goroutines that executables share. The caller of Step is one of the workers, so that a pool of one
// has no goroutines. Any number of executables may use a pool, also at the same time.
type Pool struct {
	workers int
	mu      sync.Mutex
	sleep   sync.Cond
	idle    int         // workers asleep that have not been called
	runs    []*schedule // what is running, oldest first
	closed  bool
	wait    sync.WaitGroup
}

// NewPool starts a pool of that many workers; with 0, one for every processor that Go may use.
func NewPool(workers int) *Pool {
	if workers < 1 {
		workers = goruntime.GOMAXPROCS(0)
	}
	p := &Pool{workers: workers}
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
	p.sleep.Broadcast()
	p.mu.Unlock()
	p.wait.Wait()
}

func (p *Pool) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed {
		s := p.pick()
		if s == nil {
			p.idle++
			p.sleep.Wait()
			continue
		}
		// Staying with a run as long as it has work is what lets light calls be left to whoever is awake.
		for s.ready.n > 0 {
			s.advance()
		}
	}
}

// pick returns a run that has parts to hand out, or nil.
func (p *Pool) pick() *schedule {
	for _, s := range p.runs {
		if s.ready.n > 0 {
			return s
		}
	}
	return nil
}

// rouse calls a worker that sleeps, if there is one.
func (p *Pool) rouse() {
	if p.idle > 0 {
		p.idle--
		p.sleep.Signal()
	}
}
