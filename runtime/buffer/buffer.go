package buffer

import (
	"fmt"
	"runtime"
	"unsafe"

	"graft/graph"

	"gorgonia.org/tensor"
)

// Buffer is a typed, row-major dense array, or a sparse pattern. Exactly the slice (or pattern) that belongs to DType and
// to the kind of value is set. A scalar has an empty Shape and one element.
type Buffer struct {
	DType   graph.DType
	Shape   []int
	F32     []float32
	F64     []float64
	I32     []int32
	Bool    []bool
	Pattern *Pattern
}

// Size returns the number of elements that shape describes; 1 for a scalar.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// New allocates a zeroed buffer.
func New(dt graph.DType, shape ...int) *Buffer {
	b := &Buffer{DType: dt, Shape: append([]int(nil), shape...)}
	n := Size(shape)
	switch dt {
	case graph.F32:
		b.F32 = fresh[float32](n)
	case graph.F64:
		b.F64 = fresh[float64](n)
	case graph.I32:
		b.I32 = fresh[int32](n)
	case graph.Bool:
		b.Bool = make([]bool, n)
	}
	return b
}

// fresh returns n elements.
func fresh[T float32 | float64 | int32](n int) []T {
	x := make([]T, n)
	wantHugePages(unsafe.Pointer(unsafe.SliceData(x)), n*int(unsafe.Sizeof(*new(T))))
	return x
}

// Len returns the number of elements.
func (b *Buffer) Len() int { return Size(b.Shape) }

// At returns element i as a float64, which holds every value of every dtype; true is 1.
func (b *Buffer) At(i int) float64 {
	switch b.DType {
	case graph.F32:
		return float64(b.F32[i])
	case graph.F64:
		return b.F64[i]
	case graph.I32:
		return float64(b.I32[i])
	}
	if b.Bool[i] {
		return 1
	}
	return 0
}

// Put sets element i; what is not 0 is true.
func (b *Buffer) Put(i int, v float64) {
	switch b.DType {
	case graph.F32:
		b.F32[i] = float32(v)
	case graph.F64:
		b.F64[i] = v
	case graph.I32:
		b.I32[i] = int32(v)
	case graph.Bool:
		b.Bool[i] = v != 0
	}
}

// CopyFrom copies the elements of src, which must have the same dtype and length; a pattern is shared.
func (b *Buffer) CopyFrom(src *Buffer) {
	copy(b.F32, src.F32)
	copy(b.F64, src.F64)
	copy(b.I32, src.I32)
	copy(b.Bool, src.Bool)
	b.Pattern = src.Pattern
}

// FromDense views a host tensor without copying. Views that are not contiguous and row-major, and dtypes other than
// float32, float64, int32 and bool, are refused.
func FromDense(d *tensor.Dense) (*Buffer, error) {
	if d == nil || d.Dtype().Type == nil {
		return nil, fmt.Errorf("no tensor given")
	}
	// The tensor package takes an empty tensor for a masked one; without elements there is nothing to materialise.
	empty := d.Shape().TotalSize() == 0
	if !empty && (d.RequiresIterator() || d.DataOrder().IsColMajor()) {
		return nil, fmt.Errorf("tensor of shape %v is not contiguous and row-major: materialise it first", d.Shape())
	}
	b := &Buffer{Shape: append([]int(nil), d.Shape()...)}
	switch d.Dtype() {
	case tensor.Float32:
		b.DType, b.F32 = graph.F32, d.Float32s()
	case tensor.Float64:
		b.DType, b.F64 = graph.F64, d.Float64s()
	case tensor.Int32:
		b.DType, b.I32 = graph.I32, d.Int32s()
	case tensor.Bool:
		b.DType, b.Bool = graph.Bool, d.Bools()
	default:
		return nil, fmt.Errorf("tensor has dtype %v; graft's are float32, float64, int32 and bool", d.Dtype())
	}
	return b, nil
}

// Dense wraps the buffer's own memory as a host tensor, without copying. A pattern has no host tensor: nil.
func (b *Buffer) Dense() *tensor.Dense {
	if b.Pattern != nil {
		return nil
	}
	var backing any
	switch b.DType {
	case graph.F32:
		backing = b.F32
	case graph.F64:
		backing = b.F64
	case graph.I32:
		backing = b.I32
	default:
		backing = b.Bool
	}
	d := tensor.New(tensor.WithShape(b.Shape...), tensor.WithBacking(backing))
	runtime.KeepAlive(b) // the tensor package holds the memory as a bare address for a moment
	return d
}
