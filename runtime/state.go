package runtime

import (
	"fmt"
	"maps"
	"slices"

	"graft/graph"
	"graft/runtime/buffer"

	"gorgonia.org/tensor"
)

// State holds tensors by name: the parameters and states of one or more programs. It is owned by the caller; executables
// read it and change it in place. The memory of a tensor stays where it is for as long as the State exists.
type State struct {
	entries map[string]*entry
}

// entry is one tensor. Its generation counts the changes, so that what was computed from it once is known to be stale.
type entry struct {
	buf        *buffer.Buffer
	dense      *tensor.Dense // the same memory
	generation uint64
}

func newEntry(b *buffer.Buffer) *entry { return &entry{buf: b, dense: b.Dense()} }

// NewState returns a State without tensors.
func NewState() *State { return &State{entries: map[string]*entry{}} }

// Init allocates every param and state leaf of g that s does not hold yet and fills it as its init attribute says. Element i
// depends on (seed, name, i) only: neither on the order of leaves nor on what else there is. A leaf that exists with another
// dtype or shape is an error, and s is then unchanged.
func (s *State) Init(g *graph.Graph, b graph.Binding, seed int32) error {
	if err := graph.Check(g); err != nil {
		return err
	}
	added := map[string]*entry{}
	for _, v := range stored(g) {
		name := v.Node.Name()
		shape, err := v.Type.Shape(b)
		if err != nil {
			return fmt.Errorf("%s %q: %w", v.Node.Op.Name, name, err)
		}
		if e := s.entries[name]; e != nil {
			if err := sameKind(e.buf, v.Type.DType, shape); err != nil {
				return fmt.Errorf("%s %q: the state holds %w", v.Node.Op.Name, name, err)
			}
			continue
		}
		buf := buffer.New(v.Type.DType, shape...)
		if err := initialise(buf, v.Node.Str("init"), name, seed); err != nil {
			return fmt.Errorf("%s %q at %v: %w", v.Node.Op.Name, name, v.Node.Pos, err)
		}
		added[name] = newEntry(buf)
	}
	maps.Copy(s.entries, added)
	return nil
}

// stored returns the leaves of g that a State holds.
func stored(g *graph.Graph) []*graph.Value { return append(g.Leaves("param"), g.Leaves("state")...) }

// Names returns the names of all tensors, sorted.
func (s *State) Names() []string { return slices.Sorted(maps.Keys(s.entries)) }

// Tensor returns the tensor of that name, or nil. It shares the State's memory. Write to it only through [State.Set]:
// values computed once from a leaf would not notice.
func (s *State) Tensor(name string) *tensor.Dense {
	if e := s.entries[name]; e != nil {
		return e.dense
	}
	return nil
}

// Buffer returns the buffer of that name, or nil. Like [State.Tensor] it shares the State's memory.
func (s *State) Buffer(name string) *buffer.Buffer {
	if e := s.entries[name]; e != nil {
		return e.buf
	}
	return nil
}

// Set copies t into the tensor of that name, which must have its dtype and shape. A name that is not held yet is added.
func (s *State) Set(name string, t *tensor.Dense) error {
	from, err := buffer.FromDense(t)
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	e := s.entries[name]
	if e == nil {
		e = newEntry(buffer.New(from.DType, from.Shape...))
		s.entries[name] = e
	} else if err := sameKind(from, e.buf.DType, e.buf.Shape); err != nil {
		return fmt.Errorf("%q: given %w", name, err)
	}
	e.buf.CopyFrom(from)
	e.generation++
	return nil
}

// Clone returns a copy that shares no memory with s.
func (s *State) Clone() *State {
	c := NewState()
	for name, e := range s.entries {
		b := buffer.New(e.buf.DType, e.buf.Shape...)
		b.CopyFrom(e.buf)
		c.entries[name] = newEntry(b)
	}
	return c
}

// CopyFrom copies every tensor of src into the one of the same name, which must have its dtype and shape; after an error s
// is unchanged. Tensors that s alone holds stay as they are, those that src alone holds are an error.
func (s *State) CopyFrom(src *State) error {
	for _, name := range src.Names() {
		from, to := src.entries[name], s.entries[name]
		if to == nil {
			return fmt.Errorf("%q: the state holds no such tensor", name)
		}
		if err := sameKind(from.buf, to.buf.DType, to.buf.Shape); err != nil {
			return fmt.Errorf("%q: given %w", name, err)
		}
	}
	for name, from := range src.entries {
		to := s.entries[name]
		to.buf.CopyFrom(from.buf)
		to.generation++
	}
	return nil
}

// sameKind says what b is when it is not a dense array of that dtype and shape. The message completes "given ...".
func sameKind(b *buffer.Buffer, dt graph.DType, shape []int) error {
	if b.DType == dt && slices.Equal(b.Shape, shape) {
		return nil
	}
	return fmt.Errorf("%v%v, want %v%v", b.DType, b.Shape, dt, shape)
}
