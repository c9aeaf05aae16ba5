package native

import (
	"slices"

	"graft/runtime/buffer"
)

func reduceReference() Table {
	reducing := func(f32, f64 body) Kernel {
		k := floats(perElement, f32, f64)
		k.Prepare = func(c *Call) error {
			c.Data = newReduction(c)
			return nil
		}
		return k
	}
	return Table{
		"sum":    reducing(sum[float32], sum[float64]),
		"mean":   reducing(sum[float32], sum[float64]),
		"argmax": floats(perRow, argmax[float32], argmax[float64]),
	}
}

// reduction says which elements of the operand each element of the result is the sum of.
type reduction struct {
	kept, summed layout
	count        int     // elements summed into one
	divisor      float64 // count for a mean, 1 for a sum
	// Where the summed axes are neighbours, inner is the size of the axes behind them; else 0.
	inner int
}

func newReduction(c *Call) *reduction {
	r := reductionOf(c.In[0].Shape, c.Node.Ints("axes"))
	if c.Node.Op.Name == "mean" {
		r.divisor = float64(r.count)
	}
	return r
}

func reductionOf(x, axes []int) *reduction {
	r := &reduction{divisor: 1}
	for a, step := range rowMajor(x) {
		l := &r.kept
		if slices.Contains(axes, a) {
			l = &r.summed
		}
		l.dims = append(l.dims, x[a])
		l.strides[0] = append(l.strides[0], step)
	}
	r.inner = innerOf(x, axes)
	r.count = buffer.Size(r.summed.dims)
	return r
}

func innerOf(shape, axes []int) int {
	if len(axes) == 0 {
		return 0
	}
	first, last := axes[0], axes[len(axes)-1]
	for a := first; a < last; a++ {
		if shape[a] != 1 && !slices.Contains(axes, a) {
			return 0
		}
	}
	return buffer.Size(shape[last+1:])
}

func sum[T float](c *Call, lo, hi int) error {
	r, x, out := c.Data.(*reduction), data[T](c.In[0]), data[T](c.Out[0])
	for i := lo; i < hi; i++ {
		first, total := r.kept.at(0, i), 0.0
		for j := range r.count {
			total += float64(x[first+r.summed.at(0, j)])
		}
		out[i] = T(total / r.divisor)
	}
	return nil
}

func argmax[T float](c *Call, lo, hi int) error {
	n, x, out := width(c.In[0]), data[T](c.In[0]), c.Out[0].I32
	for row := lo; row < hi; row++ {
		best := 0
		for j, v := range x[row*n : (row+1)*n] {
			if v > x[row*n+best] {
				best = j
			}
		}
		out[row] = int32(best)
	}
	return nil
}
