package runtime

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"graft/graph"
	"graft/runtime/native"
)

// call is a task bound to its buffers.
type call struct {
	native.Call
	run   func(c *native.Call, part, parts int) error
	parts int
	cost  float64 // estimated nanoseconds of one worker
}

// heavy reports whether it pays to wake a worker for a call, or to let several share its parts.
func (c *call) heavy() bool { return c.cost > 2000 }

// schedule runs a graph of calls, any number of times, without allocating.
//
// A worker that looks for work takes the most urgent call that nobody has begun: the one from which the longest way, in time,
// leads to the end of the program. So calls that do not depend on each other run side by side, such as the backward parts of regions and
// the updates behind them. Only where all that can run has been begun do workers share a call's parts.
type schedule struct {
	program *graph.Graph
	calls   []call    // in an order in which one worker may run them
	next    [][]int32 // the calls that wait for each
	waits   []int32   // the number of calls that each waits for
	pool    *Pool     // nil when the caller works alone

	// The rest is one run, under the pool's lock.
	waiting []int32        // calls that each still waits for
	fresh   queue          // calls that can run and have not been begun
	heavies int            // of those, the heavy ones
	shared  []int32        // heavy calls that have been begun and may have parts to hand out
	taken   []atomic.Int32 // parts of each that have been handed out, or more; also without the lock
	ended   []int32        // parts of each that have finished
	left    int            // calls that have not finished
	active  int            // workers that run parts
	asleep  bool           // the caller waits on done
	done    sync.Cond
	failed  int // the call that failed, if err is not nil
	err     error
}

func newSchedule(p *graph.Graph, calls []call, after [][]int, pool *Pool) *schedule {
	n := len(calls)
	s := &schedule{program: p, calls: calls, next: make([][]int32, n), waits: make([]int32, n)}
	for i, list := range after {
		slices.Sort(list)
		list = slices.Compact(list)
		s.waits[i] = int32(len(list))
		for _, w := range list {
			s.next[w] = append(s.next[w], int32(i))
		}
	}
	heavy := slices.ContainsFunc(calls, func(c call) bool { return c.heavy() })
	if heavy && pool != nil && pool.workers > 1 {
		s.pool = pool
		s.done.L = &pool.mu
		s.waiting, s.ended, s.taken = make([]int32, n), make([]int32, n), make([]atomic.Int32, n)
		s.shared = make([]int32, 0, n)
		s.fresh = newQueue(s.byUrgency())
	}
	return s
}

// byUrgency returns the calls, the most urgent first.
func (s *schedule) byUrgency() []int32 {
	way := make([]float64, len(s.calls))
	order := make([]int32, len(s.calls))
	for i := range slices.Backward(s.calls) {
		for _, j := range s.next[i] {
			way[i] = max(way[i], way[j])
		}
		way[i] += s.calls[i].cost
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(way[b], way[a]) })
	return order
}

func (s *schedule) countParts() int {
	sum := 0
	for i := range s.calls {
		sum += s.calls[i].parts
	}
	return sum
}

// scratchBytes returns what the calls' kernels keep.
func (s *schedule) scratchBytes() (sum int64) {
	for i := range s.calls {
		sum += s.calls[i].ScratchBytes()
	}
	return sum
}

func (s *schedule) run() error {
	if s.pool != nil {
		return s.runShared()
	}
	for i := range s.calls {
		c := &s.calls[i]
		for part := range c.parts {
			if err := c.run(&c.Call, part, c.parts); err != nil {
				return s.explain(i, err)
			}
		}
	}
	return nil
}

// explain says which node an error comes from.
func (s *schedule) explain(i int, err error) error {
	n := s.calls[i].Node
	return fmt.Errorf("%s: %s at %v: %w", s.program.Name, graph.FormatNode(n, graph.Names(s.program)), n.Pos, err)
}

// runShared lets the pool's workers help. The caller works on this run only.
func (s *schedule) runShared() error {
	p := s.pool
	p.mu.Lock()
	s.begin()
	p.runs = append(p.runs, s)
	for s.work(); !s.finished(); s.work() {
		if !p.await() && !s.finished() && !s.hasWork() {
			s.asleep = true
			s.done.Wait()
		}
	}
	i := slices.Index(p.runs, s)
	p.runs = slices.Delete(p.runs, i, i+1)
	err := s.err
	p.mu.Unlock()
	if err != nil {
		return s.explain(s.failed, err)
	}
	return nil
}

func (s *schedule) begin() {
	copy(s.waiting, s.waits)
	clear(s.ended)
	s.fresh.clear()
	s.shared = s.shared[:0]
	s.heavies, s.left, s.active, s.err = 0, len(s.calls), 0, nil
	for i, w := range s.waits {
		if w == 0 {
			s.release(int32(i))
		}
	}
}

// finished: after a failure the parts that run are still waited for, and nothing new begins.
func (s *schedule) finished() bool { return s.active == 0 && (s.left == 0 || s.err != nil) }

// release makes a call ready to run.
func (s *schedule) release(i int32) {
	s.fresh.push(i)
	if s.calls[i].heavy() {
		s.heavies++
	}
}

// hasWork reports whether there may be parts to hand out.
func (s *schedule) hasWork() bool { return s.err == nil && (s.fresh.n > 0 || len(s.shared) > 0) }

// work runs parts as long as there are some to hand out. It is called with the lock held, and gives it up while they run.
func (s *schedule) work() {
	for {
		i, part := s.take()
		if i < 0 {
			return
		}
		c := &s.calls[i]
		if s.hasWork() {
			// Light work can wait for whoever is awake, unless that one has got something heavy to do.
			s.pool.offer(s, c.heavy() || s.heavies > 0)
		}
		s.active++
		s.pool.mu.Unlock()
		var err error
		did := int32(0)
		for part < c.parts && err == nil {
			err = c.run(&c.Call, part, c.parts)
			did++
			part = int(s.taken[i].Add(1)) - 1
		}
		s.pool.mu.Lock()
		s.active--
		s.settle(i, did, err)
	}
}

// take hands out a part of a call, with leave to go on with the parts that nobody has taken; or -1.
func (s *schedule) take() (i int32, part int) {
	if s.err != nil {
		return -1, 0
	}
	if s.fresh.n > 0 {
		i := s.fresh.pop()
		c := &s.calls[i]
		s.taken[i].Store(1)
		if c.heavy() {
			s.heavies--
			if c.parts > 1 {
				s.shared = append(s.shared, i)
			}
		}
		return i, 0
	}
	for len(s.shared) > 0 {
		i := s.shared[0]
		if part := int(s.taken[i].Add(1)) - 1; part < s.calls[i].parts {
			return i, part
		}
		s.shared = slices.Delete(s.shared, 0, 1)
	}
	return -1, 0
}

// settle notes that parts have ended.
func (s *schedule) settle(i, did int32, err error) {
	switch {
	case err != nil:
		if s.err == nil || int(i) < s.failed {
			s.failed, s.err = int(i), err
		}
	case s.err != nil:
	default:
		s.ended[i] += did
		if int(s.ended[i]) < s.calls[i].parts {
			break
		}
		s.left--
		for _, j := range s.next[i] {
			if s.waiting[j]--; s.waiting[j] == 0 {
				s.release(j)
			}
		}
	}
	if s.finished() {
		s.pool.offer(s, false)
		if s.asleep {
			s.rouse()
		}
	}
}

// rouse wakes the caller.
func (s *schedule) rouse() {
	s.asleep = false
	s.done.Signal()
}
