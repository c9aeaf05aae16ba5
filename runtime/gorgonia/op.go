package gorgonia

import (
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// op is the gorgonia.Op of every node that is not a leaf. It runs one of Gorgonia's own ops or a reference kernel.
type op struct {
	id     uint32 // no two ops of a graph have the same
	name   string
	place  string // the graft node and the line that made it
	args   []hm.Type
	result hm.Type
	shape  tensor.Shape
	do     func(in ...G.Value) (G.Value, error)
}

// placed is an error of one node.
type placed struct {
	place string
	err   error
}

func (e *placed) Error() string { return fmt.Sprintf("%s: %v", e.place, e.err) }
func (e *placed) Unwrap() error { return e.err }

// Do runs on a goroutine of the tape machine's, where nobody could recover from a panic.
func (o *op) Do(in ...G.Value) (out G.Value, err error) {
	defer rescue(o.place, &err)
	out, err = o.do(in...)
	if err == nil && !out.Shape().Eq(o.shape) {
		err = fmt.Errorf("%s gave shape %v where %v was expected", o.name, out.Shape(), o.shape)
	}
	return out, err
}

// rescue makes an error, or a panic, one of the node at place. It is to be deferred.
func rescue(place string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("gorgonia panics: %v", r)
	}
	if *err != nil {
		*err = &placed{place, *err}
	}
}

// Type is made anew at every call, since Gorgonia recycles function types.
func (o *op) Type() hm.Type { return hm.NewFnType(append(append([]hm.Type{}, o.args...), o.result)...) }

func (o *op) InferShape(...G.DimSizer) (tensor.Shape, error) { return o.shape.Clone(), nil }

func (o *op) Arity() int            { return len(o.args) }
func (o *op) ReturnsPtr() bool      { return false }
func (o *op) CallsExtern() bool     { return false }
func (o *op) OverwritesInput() int  { return -1 }
func (o *op) WriteHash(h hash.Hash) { fmt.Fprintf(h, "graft %d", o.id) }
func (o *op) Hashcode() uint32      { return o.id }
func (o *op) String() string        { return o.name }
