package runtime

import (
	"fmt"

	"graft/graph"
	"graft/runtime/buffer"

	"gorgonia.org/tensor"
)

// Feed is the handle of an input.
type Feed struct {
	name string
	kind graph.Type
	// buf is what the kernels hold: it stays the same object while the memory behind it changes.
	buf *buffer.Buffer
	// scalar is the input's own element, so that SetInt and SetFloat write into no tensor of the caller's.
	scalar *buffer.Buffer
	fed    bool
	// generation counts the values, for what is computed once from one.
	generation uint64
}

func newFeed(v *graph.Value, shape []int) *Feed {
	f := &Feed{name: v.Node.Name(), kind: v.Type, buf: &buffer.Buffer{DType: v.Type.DType, Shape: shape}}
	if v.Type.IsScalar() {
		f.scalar = buffer.New(v.Type.DType)
	}
	if v.Type.Sparse { // kernels are divided by shape before anything is fed
		f.buf.Pattern = &buffer.Pattern{Rows: shape[0], Cols: shape[1], Col: make([]int32, shape[2])}
	}
	return f
}

// Set makes t the input's value. It is not copied: its memory is read during every Step until another value is set. What a program
// computes of it once is computed again after Set only.
func (f *Feed) Set(t *tensor.Dense) error {
	if f.kind.Sparse {
		return fmt.Errorf("input %q is a %v: feed it with SetPattern", f.name, f.kind)
	}
	b, err := buffer.FromDense(t)
	if err != nil {
		return fmt.Errorf("input %q: %w", f.name, err)
	}
	if err := sameKind(b, f.buf.DType, f.buf.Shape); err != nil {
		return fmt.Errorf("input %q, declared as %v: given %w", f.name, f.kind, err)
	}
	f.take(b)
	return nil
}

// SetPattern makes p the input's value. It is shared, and read-only.
func (f *Feed) SetPattern(p *buffer.Pattern) error {
	switch s := f.buf.Shape; {
	case !f.kind.Sparse:
		return fmt.Errorf("input %q is a %v, not a pattern", f.name, f.kind)
	case p == nil:
		return fmt.Errorf("input %q: no pattern given", f.name)
	case p.Rows != s[0] || p.Cols != s[1] || p.NNZ() != s[2]:
		return fmt.Errorf("input %q, declared as %v: given pattern[%d, %d; %d], want pattern[%d, %d; %d]",
			f.name, f.kind, p.Rows, p.Cols, p.NNZ(), s[0], s[1], s[2])
	}
	if p != f.buf.Pattern {
		f.generation++
	}
	f.buf.Pattern, f.fed = p, true
	return nil
}

// SetInt sets an integer scalar.
func (f *Feed) SetInt(v int32) error {
	if !f.kind.IsScalar() || f.kind.DType != graph.I32 {
		return fmt.Errorf("input %q is a %v, not an i32[]", f.name, f.kind)
	}
	f.scalar.I32[0] = v
	f.take(f.scalar)
	return nil
}

// SetFloat sets a floating-point scalar, rounding to its dtype.
func (f *Feed) SetFloat(v float64) error {
	if !f.kind.IsScalar() || !f.kind.DType.IsFloat() {
		return fmt.Errorf("input %q is a %v, not a floating-point scalar", f.name, f.kind)
	}
	f.scalar.Put(0, v)
	f.take(f.scalar)
	return nil
}

func (f *Feed) take(b *buffer.Buffer) {
	f.buf.F32, f.buf.F64, f.buf.I32, f.buf.Bool = b.F32, b.F64, b.I32, b.Bool
	f.fed = true
	f.generation++
}
