package native

import (
	"graft/graph"
	"graft/runtime/buffer"
)

type float interface{ float32 | float64 }

type element interface{ float | int32 | bool }

// data returns the elements of b, which must be of type T.
func data[T element](b *buffer.Buffer) (s []T) {
	switch p := any(&s).(type) {
	case *[]float32:
		*p = b.F32
	case *[]float64:
		*p = b.F64
	case *[]int32:
		*p = b.I32
	case *[]bool:
		*p = b.Bool
	}
	return s
}

// A body computes the units lo to hi of a call. A unit is what the op can do independently: an element, a row, a column.
type body func(c *Call, lo, hi int) error

// split returns the Run of a kernel whose parts are ranges of units of equal size. pick chooses the body by dtype.
func split(units func(c *Call) int, pick func(c *Call) body) func(c *Call, part, parts int) error {
	return func(c *Call, part, parts int) error {
		n := units(c)
		return pick(c)(c, n*part/parts, n*(part+1)/parts)
	}
}

// floats returns a kernel for ops on one floating-point dtype: that of the result or, where the result is an integer, of
// the first operand.
func floats(units func(c *Call) int, f32, f64 body) Kernel {
	return Kernel{Run: split(units, func(c *Call) body {
		dt := c.Out[0].DType
		if !dt.IsFloat() {
			dt = c.In[0].DType
		}
		if dt == graph.F64 {
			return f64
		}
		return f32
	})}
}

// elements returns a kernel for ops that take every dtype; the first operand's decides, or of a leaf the result's.
func elements(units func(c *Call) int, f32, f64, i32, boolean body) Kernel {
	return Kernel{Run: split(units, func(c *Call) body {
		b := c.Out[0]
		if len(c.In) > 0 {
			b = c.In[0]
		}
		switch b.DType {
		case graph.F32:
			return f32
		case graph.F64:
			return f64
		case graph.I32:
			return i32
		}
		return boolean
	})}
}

// whole is the single unit of a kernel that cannot be split.
func whole(*Call) int { return 1 }

// perElement counts the elements of the first result.
func perElement(c *Call) int { return c.Out[0].Len() }

// perRow counts the rows of the first operand, along its last axis.
func perRow(c *Call) int {
	s := c.In[0].Shape
	return buffer.Size(s[:len(s)-1])
}

// width is the length of a buffer's last axis.
func width(b *buffer.Buffer) int { return b.Shape[len(b.Shape)-1] }

func (k Kernel) inPlace(operands ...int) Kernel {
	k.InPlace = operands
	return k
}
