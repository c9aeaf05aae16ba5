package native

import "graft/runtime/buffer"

func shapeReference() Table {
	return Table{
		"reshape":   copying(),
		"broadcast": picking(aligned),
		"spread":    spreading(),
		"transpose": picking(transposed),
		"slice":     picking(sliced),
		"repeat":    picking(repeated),
		"pad":       elements(perBlock, pad[float32], pad[float64], pad[int32], pad[bool]),
		"concat":    elements(perBlock, concat[float32], concat[float64], concat[int32], concat[bool]),
	}
}

// picking returns the kernel of ops that pick each element of the result out of the operand.
func picking(of func(c *Call) *layout) Kernel {
	k := elements(perElement, pick[float32], pick[float64], pick[int32], pick[bool])
	k.Prepare = prepareWith(of)
	return k
}

func pick[T element](c *Call, lo, hi int) error {
	l, x, out := c.Data.(*layout), data[T](c.In[0]), data[T](c.Out[0])
	for i := lo; i < hi; i++ {
		out[i] = x[l.at(0, i)]
	}
	return nil
}

func spreading() Kernel {
	k := floats(perElement, spread[float32], spread[float64])
	k.Prepare = prepareWith(aligned)
	return k
}

// copies is how often each element of the operand stands in the result.
func copies(c *Call) float64 { return float64(c.Out[0].Len()) / float64(c.In[0].Len()) }

func spread[T float](c *Call, lo, hi int) error {
	l, x, out, n := c.Data.(*layout), data[T](c.In[0]), data[T](c.Out[0]), copies(c)
	for i := lo; i < hi; i++ {
		out[i] = T(float64(x[l.at(0, i)]) / n)
	}
	return nil
}

// perBlock counts the positions of the axes before the op's axis.
func perBlock(c *Call) int { return buffer.Size(c.Out[0].Shape[:c.Node.Int("axis")]) }

// blockLen is the number of elements of b below one position of the axes before axis.
func blockLen(b *buffer.Buffer, axis int) int { return buffer.Size(b.Shape[axis:]) }

func pad[T element](c *Call, lo, hi int) error {
	axis := c.Node.Int("axis")
	x, out := data[T](c.In[0]), data[T](c.Out[0])
	from, to := blockLen(c.In[0], axis), blockLen(c.Out[0], axis)
	before := c.Node.Int("before") * buffer.Size(c.In[0].Shape[axis+1:])
	for b := lo; b < hi; b++ {
		block := out[b*to : (b+1)*to]
		clear(block[:before])
		copy(block[before:], x[b*from:(b+1)*from])
		clear(block[before+from:])
	}
	return nil
}

func concat[T element](c *Call, lo, hi int) error {
	axis := c.Node.Int("axis")
	out := data[T](c.Out[0])
	to := blockLen(c.Out[0], axis)
	for b := lo; b < hi; b++ {
		block := out[b*to : (b+1)*to]
		for _, in := range c.In {
			n := blockLen(in, axis)
			copy(block, data[T](in)[b*n:(b+1)*n])
			block = block[n:]
		}
	}
	return nil
}
