package native

import "sync"

// spare is scratch memory that no part of a call uses right now. There comes to be as much of it as there are workers; unlike a
// sync.Pool's, it survives collections, and other processors find it.
type spare[T any] struct {
	mu   sync.Mutex
	list []*T
}

func (s *spare[T]) take() *T {
	s.mu.Lock()
	defer s.mu.Unlock()
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
