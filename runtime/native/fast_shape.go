package native

func addFastShape(t Table, f *family, l *loops) {
	for name, of := range map[string]func(c *Call) *layout{
		"broadcast": aligned, "transpose": transposed, "slice": sliced, "repeat": repeated,
	} {
		k := elements(perElement, pickRows32(f, l), pickRows[float64], pickRows[int32], pickRows[bool]).divided(perElement, largest)
		k.Prepare = prepareWith(collapsed(of))
		t[name] = k
	}
	spread := t["spread"].faster(perElement, spread32(f, l)).divided(perElement, largest)
	spread.Prepare = prepareWith(collapsed(aligned))
	t["spread"] = spread
	t["pad"] = elements(perBlock, padBlocks[float32], padBlocks[float64], padBlocks[int32], padBlocks[bool]).divided(perBlock, largest)
	t["concat"] = elements(perBlock, concatBlocks[float32], concatBlocks[float64], concatBlocks[int32], concatBlocks[bool]).divided(perBlock, largest)
}

// A rows is what a collapsed layout's last two axes say of neighbouring rows of the result: count rows of n elements, the first of
// which is x[from]; the next row lies down behind, the next element of a row right.
type rows struct{ count, n, from, down, right int }

// eachRows calls f for the elements lo to hi of the result, in pieces of whole rows wherever it can.
func (l *layout) eachRows(lo, hi int, f func(lo int, r rows)) {
	last := len(l.dims) - 1
	inner, above := l.dims[last], 1
	r := rows{right: l.strides[0][last]}
	if last > 0 {
		above, r.down = l.dims[last-1], l.strides[0][last-1]
	}
	for lo < hi {
		r.from = l.at(0, lo)
		if lo%inner == 0 && hi-lo >= inner {
			r.count, r.n = min(above-lo/inner%above, (hi-lo)/inner), inner
		} else {
			r.count, r.n = 1, min(inner-lo%inner, hi-lo)
		}
		f(lo, r)
		lo += r.count * r.n
	}
}

// pickRows copies rows.
func pickRows[T element](c *Call, lo, hi int) error {
	x, out := data[T](c.In[0]), data[T](c.Out[0])
	c.Data.(*layout).eachRows(lo, hi, func(lo int, r rows) {
		for i := range r.count {
			pickRow(out[lo+i*r.n:][:r.n], x, r.from+i*r.down, r.right)
		}
	})
	return nil
}

func pickRow[T element](dst, x []T, from, right int) {
	switch right {
	case 1:
		copy(dst, x[from:])
	case 0:
		v := x[from]
		for i := range dst {
			dst[i] = v
		}
	default:
		for i := range dst {
			dst[i] = x[from]
			from += right
		}
	}
}

// wholeRows moves the ends of a part to those of rows, unless rows are as long as parts.
func (l *layout) wholeRows(lo, hi int) (int, int) {
	n := l.dims[len(l.dims)-1]
	if n > grain/4 {
		return lo, hi
	}
	return roundUp(lo, n), roundUp(hi, n)
}

// pickRows32 transposes with the family's function where columns lie in a row.
func pickRows32(f *family, l *loops) body {
	return func(c *Call, lo, hi int) error {
		places, x, out := c.Data.(*layout), c.In[0].F32, c.Out[0].F32
		lo, hi = places.wholeRows(lo, hi)
		places.eachRows(lo, hi, func(lo int, r rows) {
			switch dst := out[lo:][:r.count*r.n]; {
			case r.right == 0:
				l.fillRows(dst, x[r.from:], r.down, r.n, r.count)
			case r.right == 1 && r.n < shortRow:
				l.copyShort(dst, x[r.from:], r.down, r.n, r.count)
			case r.down == 1 && r.count > 1 && r.n >= 4:
				f.transposeBlocks(dst, x, r)
			default:
				for i := range r.count {
					pickRow(dst[i*r.n:][:r.n], x, r.from+i*r.down, r.right)
				}
			}
		})
		return nil
	}
}

// shortRow is the length from which on a call for each row costs little.
const shortRow = 64

// blockSide is the length of the sides of a block that is transposed in the first-level cache.
const blockSide = 64

// transposeBlocks makes rows of what lies in columns. Columns beyond a multiple of four are done one by one, since the family's
// function would write behind them.
func (f *family) transposeBlocks(out, x []float32, r rows) {
	whole := r.n &^ 3
	for i := 0; i < r.count; i += blockSide {
		count := min(blockSide, r.count-i)
		for j := 0; j < whole; j += blockSide {
			n := min(blockSide, whole-j)
			from := r.from + i + j*r.right
			f.transpose(out[i*r.n+j:][:(count-1)*r.n+n], r.n, x[from:][:(n-1)*r.right+count], r.right, n, count)
		}
		for j := whole; j < r.n; j++ {
			for k, v := range x[r.from+i+j*r.right:][:count] {
				out[(i+k)*r.n+j] = v
			}
		}
	}
}

func spread32(f *family, l *loops) body {
	pick := pickRows32(f, l)
	return func(c *Call, lo, hi int) error {
		lo, hi = c.Data.(*layout).wholeRows(lo, hi)
		if err := pick(c, lo, hi); err != nil {
			return err
		}
		over32(c.Out[0].F32[lo:hi], c.Out[0].F32[lo:hi], float32(copies(c)))
		return nil
	}
}

func padBlocks[T element](c *Call, lo, hi int) error {
	axis := c.Node.Int("axis")
	from, to := blockLen(c.In[0], axis), blockLen(c.Out[0], axis)
	before := c.Node.Int("before") * blockLen(c.In[0], axis+1)
	x, out := data[T](c.In[0])[lo*from:hi*from], data[T](c.Out[0])[lo*to:hi*to]
	if to <= 64 { // one call, and the cache holds what is then written twice
		clear(out)
	} else {
		for b := range hi - lo {
			clear(out[b*to:][:before])
			clear(out[b*to+before+from : (b+1)*to])
		}
	}
	copyBlocks(out, before, to, x, from, hi-lo)
	return nil
}

func concatBlocks[T element](c *Call, lo, hi int) error {
	axis, at := c.Node.Int("axis"), 0
	to := blockLen(c.Out[0], axis)
	out := data[T](c.Out[0])[lo*to : hi*to]
	for _, in := range c.In {
		n := blockLen(in, axis)
		copyBlocks(out, at, to, data[T](in)[lo*n:hi*n], n, hi-lo)
		at += n
	}
	return nil
}

// copyBlocks copies blocks of n elements to places that lie step apart, the first at an offset. Small blocks would be cheaper than
// the calls that copy them.
func copyBlocks[T element](dst []T, offset, step int, x []T, n, blocks int) {
	switch {
	case n == 1:
		for b, v := range x[:blocks] {
			dst[offset+b*step] = v
		}
	case n == 3: // points and colours
		for b := range blocks {
			*(*[3]T)(dst[offset+b*step:]) = *(*[3]T)(x[b*3:])
		}
	case n <= 8:
		for b := range blocks {
			to, from := dst[offset+b*step:][:n], x[b*n:][:n]
			for i := range n {
				to[i] = from[i]
			}
		}
	default:
		for b := range blocks {
			copy(dst[offset+b*step:][:n], x[b*n:])
		}
	}
}
