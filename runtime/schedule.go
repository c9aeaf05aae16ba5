package runtime

import (
	"fmt"
	"slices"
	"sync"

	"graft/graph"
	"graft/runtime/native"
)

// call is a task bound to its buffers.
type call struct {
	native.Call
	run   func(c *native.Call, part, parts int) error
	parts int
	heavy bool // worth waking a worker for
}

// schedule runs a graph of calls, any number of times, without allocating.
type schedule struct {
	program *graph.Graph
	calls   []call    // in an order in which one worker may run them
	next    [][]int32 // the calls that wait for each
	waits   []int32   // the number of calls that each waits for
	pool    *Pool     // nil when the caller works alone

	// The rest is one run, under the pool's lock.
	waiting []int32 // calls that each still waits for
	begun   []int32 // parts of each that have been handed out
	ended   []int32 // parts of each that have finished
	ready   ring    // calls with parts to hand out
	heavies int     // of those, the heavy ones
	left    int     // calls that have not finished
	active  int     // parts that are running
	asleep  bool    // the caller waits on done
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
	shared := slices.ContainsFunc(calls, func(c call) bool { return c.heavy })
	if shared && pool != nil && pool.workers > 1 {
		s.pool = pool
		s.done.L = &pool.mu
		s.waiting, s.begun, s.ended = make([]int32, n), make([]int32, n), make([]int32, n)
		s.ready.items = make([]int32, n)
	}
	return s
}

func (s *schedule) countParts() int {
	sum := 0
	for i := range s.calls {
		sum += s.calls[i].parts
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
	for !s.finished() {
		if s.ready.n > 0 {
			s.advance()
			continue
		}
		s.asleep = true
		s.done.Wait()
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
	clear(s.begun)
	clear(s.ended)
	s.ready.head, s.ready.n, s.heavies = 0, 0, 0
	s.left, s.active, s.err = len(s.calls), 0, nil
	for i, w := range s.waits {
		if w == 0 {
			s.offer(int32(i))
		}
	}
}

// finished: after a failure the parts that run are still waited for, and nothing new begins.
func (s *schedule) finished() bool { return s.active == 0 && (s.left == 0 || s.err != nil) }

func (s *schedule) offer(i int32) {
	s.ready.push(i)
	if s.calls[i].heavy {
		s.heavies++
	}
}

// advance runs one part. It is called with the lock held and parts to hand out, and gives the lock up while the part runs.
func (s *schedule) advance() {
	i := s.ready.first()
	c := &s.calls[i]
	part := s.begun[i]
	s.begun[i]++
	if int(s.begun[i]) == c.parts {
		s.ready.pop()
		if c.heavy {
			s.heavies--
		}
	}
	// Light work that is left over can wait for whoever is awake, unless that one has got something heavy to do.
	if s.ready.n > 0 && (c.heavy || s.heavies > 0) {
		s.wake()
	}
	s.active++
	s.pool.mu.Unlock()
	err := c.run(&c.Call, int(part), c.parts)
	s.pool.mu.Lock()
	s.active--
	s.settle(i, err)
}

// settle notes that a part has ended.
func (s *schedule) settle(i int32, err error) {
	switch {
	case err != nil:
		if s.err == nil || int(i) < s.failed {
			s.failed, s.err = int(i), err
		}
		s.ready.n = 0
	case s.err != nil:
	default:
		s.ended[i]++
		if int(s.ended[i]) < s.calls[i].parts {
			break
		}
		s.left--
		for _, j := range s.next[i] {
			if s.waiting[j]--; s.waiting[j] == 0 {
				s.offer(j)
			}
		}
	}
	if s.asleep && s.finished() {
		s.rouse()
	}
}

// wake lets one more goroutine help: the caller, or else a worker of the pool.
func (s *schedule) wake() {
	if s.asleep {
		s.rouse()
	} else {
		s.pool.rouse()
	}
}

func (s *schedule) rouse() {
	s.asleep = false
	s.done.Signal()
}

// ring is a queue of calls. It has room for all of them.
type ring struct {
	items   []int32
	head, n int
}

func (r *ring) first() int32 { return r.items[r.head] }

func (r *ring) push(i int32) {
	r.items[(r.head+r.n)%len(r.items)] = i
	r.n++
}

func (r *ring) pop() {
	r.head = (r.head + 1) % len(r.items)
	r.n--
}
