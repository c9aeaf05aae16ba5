package native

// addFastElementwise puts loops over vectors in place of loops over elements.
func addFastElementwise(t Table, v *vectors) {
	for name, f := range map[string]segment{
		"add": {v.pair["add"], v.point["shift"], v.point["shift"]},
		"sub": {v.pair["sub"], v.point["less"], negated(v.point["shift"])},
		"mul": {v.pair["mul"], v.point["scale"], v.point["scale"]},
		"div": {v.pair["div"], v.point["under"], v.point["over"]},
	} {
		k := t[name].faster(perElement, broadcasting(f)).divided(perElement, largest)
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
		f := v.point[name]
		t[name] = t[name].faster(perElement, func(c *Call, lo, hi int) error {
			f(c.Out[0].F32[lo:hi], c.In[0].F32[lo:hi], float32(param(c.Node, attr)))
			return nil
		}).divided(perElement, largest)
	}
	t["dropout_given"] = t["dropout_given"].faster(perElement, func(c *Call, lo, hi int) error {
		v.drop(c.Out[0].F32[lo:hi], c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], c.Node.Float("rate"))
		return nil
	}).divided(perElement, largest)
	t["dropout"] = dropoutIn(Kernel{}.divided(perElement, perElement).Parts, v.drop)
	t["bias_act"] = t["bias_act"].faster(perElement, biasAct32(v)).divided(perElement, largest)
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

// broadcasting returns the body that takes each run of elements along the last axis of the collapsed layout. Along the axis
// before it, places are found by steps, since runs may be short.
func broadcasting(s segment) body {
	return func(c *Call, lo, hi int) error {
		l, x, y, out := c.Data.(*layout), c.In[0].F32, c.In[1].F32, c.Out[0].F32
		last := len(l.dims) - 1
		inner, strideX, strideY := l.dims[last], l.strides[0][last], l.strides[1][last]
		rows, stepX, stepY := 1, 0, 0
		if last > 0 {
			rows, stepX, stepY = l.dims[last-1], l.strides[0][last-1], l.strides[1][last-1]
		}
		for lo < hi {
			row, col := lo/inner%rows, lo%inner
			atX, atY := l.at(0, lo-col), l.at(1, lo-col)
			for ; row < rows && lo < hi; row++ {
				n := min(inner-col, hi-lo)
				s.run(out[lo:lo+n], x[atX+col*strideX:], y[atY+col*strideY:], strideX, strideY)
				lo, col, atX, atY = lo+n, 0, atX+stepX, atY+stepY
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
