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
	over32(c.Out[0].F32[lo:hi], c.Out[0].F32[lo:hi], float32(copies(c)))
	return nil
}
