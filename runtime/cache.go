package runtime

import (
	"maps"

	"graft/graph"
)

// Cache holds the executables of one State by program and binding. It makes one at the first use of a binding, and serves one
// goroutine at a time, as its executables do.
type Cache struct {
	state   *State
	options Options
	loaded  map[*graph.Graph][]*Executable
}

// NewCache returns an empty cache for s.
func NewCache(s *State, o Options) *Cache {
	return &Cache{s, o, map[*graph.Graph][]*Executable{}}
}

// Load returns the executable of p under b.
func (c *Cache) Load(p *graph.Graph, b graph.Binding) (*Executable, error) {
	for _, e := range c.loaded[p] { // a program has few bindings
		if maps.Equal(e.binding, b) {
			return e, nil
		}
	}
	e, err := Load(p, b, c.state, c.options)
	if err != nil {
		return nil, err
	}
	c.loaded[p] = append(c.loaded[p], e)
	return e, nil
}
