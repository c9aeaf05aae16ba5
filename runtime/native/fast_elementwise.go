package native

// addFastElementwise puts loops over vectors in place of loops over elements.
func addFastElementwise(t Table, v *vectors, l *loops) {
	free := new(spare[shortBlocks])
	for name, f := range map[string]segment{
		"add": {v.pair["add"], v.point["shift"], v.point["shift"]},
		"sub": {v.pair["sub"], v.point["less"], negated(v.point["shift"])},
		"mul": {v.pair["mul"], v.point["scale"], v.point["scale"]},
		"div": {v.pair["div"], v.point["under"], v.point["over"]},
	} {
		k := t[name].faster(perElement, broadcasting(f, l, free)).divided(perElement, largest)
		k.Prepare = prepareWith(collapsed(aligned))
		t[name] = k
	}
	for name, attr := range map[string]string{
		"relu_grad": "", "elu_grad": "alpha", "sigmoid_grad": "", "tanh_grad": "", "leaky_relu_grad": "slope", "abs_grad": "",
	} {
		f := v.pair[name]
		k := t[name].faster(perElement, func(c *Call, lo, hi int) error {
			f(c.Out[0].F32[lo:hi], c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], float32(param(c.Node, attr)))
			return nil
		}).divided(perElement, largest)
		k.Prepare = prepareWith(collapsed(aligned))
		t[name] = k
	}
	for name, attr := range map[string]string{
		"neg": "", "scale": "by", "shift": "by", "square": "", "sqrt": "", "abs": "", "exp": "", "expm1": "", "log": "", "log1p": "",
		"sin": "", "cos": "", "relu": "", "leaky_relu": "slope", "elu": "alpha", "sigmoid": "", "tanh": "",
	} {
		f, work := v.point[name], largest
		switch name {
		case "exp", "expm1", "log", "log1p", "sin", "cos", "elu", "sigmoid", "tanh":
			work = twice(work)
		}
		t[name] = t[name].faster(perElement, func(c *Call, lo, hi int) error {
			f(c.Out[0].F32[lo:hi], c.In[0].F32[lo:hi], float32(param(c.Node, attr)))
			return nil
		}).divided(perElement, work)
	}
	t["dropout_given"] = t["dropout_given"].faster(perElement, func(c *Call, lo, hi int) error {
		v.drop(c.Out[0].F32[lo:hi], c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], c.Node.Float("rate"))
		return nil
	}).divided(perElement, largest)
	t["dropout"] = dropoutIn(Kernel{}.divided(perElement, twice(perElement)).Parts, v.dropout)
	t["bias_act"] = t["bias_act"].faster(perElement, biasAct32(v)).divided(perElement, twice(largest))
}

// biasRows are many short biases in a row.
type biasRows [2048]float32

// biasAct32 adds the bias row by row, of short rows many at a time, and applies the activation to what lies in the cache.
func biasAct32(v *vectors) body {
	add, free := v.pair["add"], new(spare[biasRows])
	return func(c *Call, lo, hi int) error {
		x, bias, out, alpha := c.In[0].F32, c.In[1].F32, c.Out[0].F32, float32(c.Node.Float("alpha"))
		act := v.point[c.Node.Str("act")]
		if n := len(bias); n <= len(biasRows{})/8 && hi-lo > n {
			b := free.take()
			defer free.give(b)
			many := b[:min(len(b), hi-lo)/n*n]
			for at := copy(many, bias); at < len(many); at *= 2 {
				copy(many[at:], many[:at])
			}
			bias = many
		}
		for lo < hi {
			j := lo % len(bias)
			n := min(len(bias)-j, hi-lo)
			dst := out[lo : lo+n]
			add(dst, x[lo:], bias[j:], 0)
			act(dst, dst, alpha)
			lo += n
		}
		return nil
	}
}

// A segment is a function of two runs of elements of which one may be a single element, repeated: the first or the second.
type segment struct {
	both          pair32
	first, second point32
}

func (s *segment) run(dst, x, y []float32, strideX, strideY int) {
	switch {
	case strideX == 0:
		s.first(dst, y, x[0])
	case strideY == 0:
		s.second(dst, x, y[0])
	default:
		s.both(dst, x, y, 0)
	}
}

func negated(f point32) point32 {
	return func(dst, x []float32, p float32) { f(dst, x, -p) }
}

// shortBlocks hold both operands of some short rows.
type shortBlocks [2]struct {
	rows [2048]float32
	held stretch // what lies there
}

// stretch is count rows of an operand from place at on.
type stretch struct{ at, count int }

// lay returns count rows of n elements of an operand, which lie from at on, down and right apart, as the result's rows lie: in
// place if they do, and written out in block k if elements or rows repeat.
func (b *shortBlocks) lay(k int, l *loops, x []float32, at, down, right, n, count int) []float32 {
	if right == 1 && down == n {
		return x[at:]
	}
	block := &b[k]
	all := block.rows[:count*n]
	switch {
	case right == 0:
		l.fillRows(all, x[at:], down, n, count)
	case down != 0 || block.held.at != at || block.held.count < count: // one row, written out once, serves as long as it repeats
		l.copyShort(all, x[at:], down, n, count)
		block.held = stretch{at, count}
	}
	return all
}

// broadcasting returns the body that takes each run of elements along the last axis of the collapsed layout, and short ones many
// at a time. Along the axis before it, places are found by steps.
func broadcasting(s segment, l *loops, free *spare[shortBlocks]) body {
	return func(c *Call, lo, hi int) error {
		places, x, y, out := c.Data.(*layout), c.In[0].F32, c.In[1].F32, c.Out[0].F32
		last := len(places.dims) - 1
		inner, strideX, strideY := places.dims[last], places.strides[0][last], places.strides[1][last]
		rows, stepX, stepY := 1, 0, 0
		var blocks *shortBlocks
		if last > 0 {
			rows, stepX, stepY = places.dims[last-1], places.strides[0][last-1], places.strides[1][last-1]
			if inner < shortRow {
				blocks = free.take()
				defer free.give(blocks)
				blocks[0].held, blocks[1].held = stretch{}, stretch{}
			}
		}
		for lo < hi {
			row, col := lo/inner%rows, lo%inner
			atX, atY := places.at(0, lo-col), places.at(1, lo-col)
			for row < rows && lo < hi {
				n, count := min(inner-col, hi-lo), 1
				if blocks != nil && n == inner {
					count = min(rows-row, (hi-lo)/inner, len(blocks[0].rows)/inner)
				}
				if count == 1 {
					s.run(out[lo:lo+n], x[atX+col*strideX:], y[atY+col*strideY:], strideX, strideY)
				} else {
					n *= count
					s.both(out[lo:lo+n], blocks.lay(0, l, x, atX, stepX, strideX, inner, count),
						blocks.lay(1, l, y, atY, stepY, strideY, inner, count), 0)
				}
				lo, col, row, atX, atY = lo+n, 0, row+count, atX+count*stepX, atY+count*stepY
			}
		}
		return nil
	}
}

// collapsed returns the layouts of another function with as few axes as they can have.
func collapsed(of func(c *Call) *layout) func(c *Call) *layout {
	return func(c *Call) *layout {
		l := of(c)
		l.collapse()
		return l
	}
}
