package native

import "slices"

// layout says where the elements of a result, counted in row-major order, lie in one or two operands.
type layout struct {
	dims    []int
	offset  int // of element 0 in operand 0
	strides [2][]int
}

// at returns the place of the result's element i in an operand.
func (l *layout) at(operand, i int) int {
	place := 0
	if operand == 0 {
		place = l.offset
	}
	for a := len(l.dims) - 1; a >= 0; a-- {
		place += i % l.dims[a] * l.strides[operand][a]
		i /= l.dims[a]
	}
	return place
}

// collapse drops axes of length 1 and merges neighbours that are contiguous in both operands, so that the last axis is as
// long as can be.
func (l *layout) collapse() {
	n := 0
	for a, d := range l.dims {
		if d == 1 {
			continue
		}
		merge := n > 0
		for k := range l.strides {
			if n > 0 && l.strides[k] != nil && l.strides[k][n-1] != l.strides[k][a]*d {
				merge = false
			}
		}
		if !merge {
			n++
			l.dims[n-1] = 1
		}
		l.dims[n-1] *= d
		for k := range l.strides {
			if l.strides[k] != nil {
				l.strides[k][n-1] = l.strides[k][a]
			}
		}
	}
	if n == 0 { // a single element: an axis of one keeps the loops uniform
		l.dims, l.strides[0] = []int{1}, []int{1}
		if l.strides[1] != nil {
			l.strides[1] = []int{1}
		}
		return
	}
	l.dims = l.dims[:n]
	for k := range l.strides {
		if l.strides[k] != nil {
			l.strides[k] = l.strides[k][:n]
		}
	}
}

// rowMajor returns the strides of a dense array.
func rowMajor(shape []int) []int {
	s := make([]int, len(shape))
	step := 1
	for a := len(shape) - 1; a >= 0; a-- {
		s[a] = step
		step *= shape[a]
	}
	return s
}

// broadcastStrides returns the strides with which an array of the given shape is read as one of shape to.
func broadcastStrides(shape, to []int) []int {
	s := make([]int, len(to))
	off := len(to) - len(shape)
	for a, step := range rowMajor(shape) {
		if shape[a] != 1 {
			s[off+a] = step
		}
	}
	return s
}

// aligned prepares the layout of ops whose operands broadcast to the result.
func aligned(c *Call) *layout {
	out := c.Out[0].Shape
	l := &layout{dims: slices.Clone(out)}
	for k, in := range c.In[:min(2, len(c.In))] {
		l.strides[k] = broadcastStrides(in.Shape, out)
	}
	return l
}

func transposed(c *Call) *layout {
	l := &layout{dims: slices.Clone(c.Out[0].Shape)}
	x := rowMajor(c.In[0].Shape)
	for _, axis := range c.Node.Ints("perm") {
		l.strides[0] = append(l.strides[0], x[axis])
	}
	return l
}

func sliced(c *Call) *layout {
	x := rowMajor(c.In[0].Shape)
	l := &layout{dims: slices.Clone(c.Out[0].Shape), offset: c.Node.Int("start") * x[c.Node.Int("axis")]}
	l.strides[0] = x
	return l
}

// repeated reads the repeated axis as two: the operand's, and one of stride 0.
func repeated(c *Call) *layout {
	x, after := c.In[0].Shape, c.Node.Int("axis")+1
	l := &layout{dims: slices.Insert(slices.Clone(x), after, c.Node.Int("times"))}
	l.strides[0] = slices.Insert(rowMajor(x), after, 0)
	return l
}

// prepareWith makes a Prepare that keeps the layout as the call's data.
func prepareWith(of func(c *Call) *layout) func(c *Call) error {
	return func(c *Call) error {
		c.Data = of(c)
		return nil
	}
}
