package native

func addFastShape(t Table) {
	for name, of := range map[string]func(c *Call) *layout{
		"broadcast": aligned, "transpose": transposed, "slice": sliced, "repeat": repeated,
	} {
		k := elements(perElement, pickRuns[float32], pickRuns[float64], pickRuns[int32], pickRuns[bool]).divided(perElement, largest)
		k.Prepare = prepareWith(collapsed(of))
		t[name] = k
	}
	spread := t["spread"].faster(perElement, spread32).divided(perElement, largest)
	spread.Prepare = prepareWith(collapsed(aligned))
	t["spread"] = spread
	for _, name := range []string{"sum", "mean"} {
		t[name] = t[name].faster(perElement, sum32).divided(perElement, largest)
	}
}

// pickRuns copies runs along the last axis of the collapsed layout.
func pickRuns[T element](c *Call, lo, hi int) error {
	l, x, out := c.Data.(*layout), data[T](c.In[0]), data[T](c.Out[0])
	last := len(l.dims) - 1
	inner, stride := l.dims[last], l.strides[0][last]
	for lo < hi {
		n := min(inner-lo%inner, hi-lo)
		dst, from := out[lo:lo+n], l.at(0, lo)
		switch stride {
		case 1:
			copy(dst, x[from:from+n])
		case 0:
			v := x[from]
			for i := range dst {
				dst[i] = v
			}
		default:
			for i := range dst {
				dst[i] = x[from]
				from += stride
			}
		}
		lo += n
	}
	return nil
}

func spread32(c *Call, lo, hi int) error {
	if err := pickRuns[float32](c, lo, hi); err != nil {
		return err
	}
	div32(c.Out[0].F32[lo:hi], c.Out[0].F32[lo:hi], []float32{float32(copies(c))}, 1, 0)
	return nil
}

// sum32 sums in the reference's order, and so to the same bits, but passes over the operand in the order of memory.
func sum32(c *Call, lo, hi int) error {
	r, x, out := c.Data.(*reduction), c.In[0].F32, c.Out[0].F32
	switch r.inner {
	case 0:
		return sum[float32](c, lo, hi)
	case 1:
		for i := lo; i < hi; i++ {
			total := 0.0
			for _, v := range x[i*r.count : (i+1)*r.count] {
				total += float64(v)
			}
			out[i] = float32(total / r.divisor)
		}
		return nil
	}
	var block [128]float64
	for lo < hi {
		col := lo % r.inner
		n := min(r.inner-col, hi-lo, len(block))
		totals := block[:n]
		clear(totals)
		from := lo/r.inner*r.count*r.inner + col
		for range r.count {
			for j, v := range x[from : from+n] {
				totals[j] += float64(v)
			}
			from += r.inner
		}
		for j, total := range totals {
			out[lo+j] = float32(total / r.divisor)
		}
		lo += n
	}
	return nil
}
