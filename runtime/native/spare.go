package native

import (
	"runtime"
	"sync"
)

// spare is scratch memory that no part of a call uses right now; unlike a sync.Pool's, it survives collections, and other processors
// find it. The first taker has as much made as workers may need at once: which parts run at the same time may differ from run to run,
// and none but the first is to allocate.
type spare[T any] struct {
	mu   sync.Mutex
	list []*T
}

func (s *spare[T]) take() *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil {
		for range min(runtime.GOMAXPROCS(0), 16) {
			s.list = append(s.list, new(T))
		}
	}
	last := len(s.list) - 1
	if last < 0 {
		return new(T)
	}
	x := s.list[last]
	s.list = s.list[:last]
	return x
}

func (s *spare[T]) give(x *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, x)
}
