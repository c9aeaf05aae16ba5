package native

import "math"

func addFastOptimizers(t Table, l *loops, v *vectors) {
	t["sgd"] = t["sgd"].faster(perElement, sgd32(l)).divided(perElement, twice(largest))
	for name, numbers := range map[string]func(c *Call) [10]float32{"adam": adam32, "radam": radam32} {
		t[name] = t[name].faster(perElement, func(c *Call, lo, hi int) error {
			runAdam(l, c, lo, c.In[3].F32[lo:hi], numbers(c))
			return nil
		}).divided(perElement, twice(largest))
		t[name+"_rows"] = t[name+"_rows"].faster(perRowOfResult, adamRows32(l, numbers)).divided(perRowOfResult, largest)
	}
	t["global_norm"] = summed(perOperandElement, perOperandElement, squares32(v), squares64, math.Sqrt)
}

func sgd32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		w, g, out := c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], c.Out[0].F32[lo:hi]
		rate := float32(float64(c.In[2].F32[0]) * c.Node.Float("lr_scale"))
		decay, momentum, factor := float32(c.Node.Float("weight_decay")), float32(c.Node.Float("momentum")), float32(factorOf(c))
		if len(c.Out) == 1 {
			l.sgd(out, w, g, rate, decay, factor)
		} else {
			l.momentum(out, c.Out[1].F32[lo:hi], w, c.In[3].F32[lo:hi], g, rate, decay, momentum, factor)
		}
		return nil
	}
}

func adam32(c *Call) [10]float32 {
	s := newAdamStep(c.Node, numberOf(c.In[4]), c.In[5].I32[0])
	return adamNumbers(s.coupled, s.beta1, s.beta2, s.shrink, s.rate, 1/s.root, s.eps, factorOf(c))
}

// radam32 is adam without the root's correction, which is in the rate, or with a denominator of 1 while there is no
// rectification.
func radam32(c *Call) [10]float32 {
	s := newRadamStep(c.Node, numberOf(c.In[4]), c.In[5].I32[0])
	root, eps := 1.0, s.eps
	if !s.rectified {
		root, eps = 0, 1
	}
	return adamNumbers(s.decay, s.beta1, s.beta2, 0, s.rate, root, eps, factorOf(c))
}

// adamNumbers are what loops.adam takes: with grad = g*factor + coupled*w, the product rounded, the moments m = beta1*m + (1-beta1)*grad and v = beta2*v +
// (1-beta2)*grad^2, and the weights w - shrink*w - rate*m/(sqrt(v)*root + eps).
func adamNumbers(coupled, beta1, beta2, shrink, rate, root, eps, factor float64) (c [10]float32) {
	for i, x := range [...]float64{coupled, beta1, 1 - beta1, beta2, 1 - beta2, shrink, rate, root, eps, factor} {
		c[i] = float32(x)
	}
	return c
}

// runAdam updates the elements from lo on, whose gradients are g.
func runAdam(l *loops, c *Call, lo int, g []float32, numbers [10]float32) {
	in, out, hi := c.In, c.Out, lo+len(g)
	l.adam(out[0].F32[lo:hi], out[1].F32[lo:hi], out[2].F32[lo:hi], in[0].F32[lo:hi], in[1].F32[lo:hi], in[2].F32[lo:hi], g, numbers)
}

// adamRows32 makes the gradients of some rows at a time, in the first-level cache, and updates these.
func adamRows32(l *loops, numbers func(c *Call) [10]float32) body {
	free := new(spare[[]float32])
	return func(c *Call, lo, hi int) error {
		x, index, n := c.In[3].F32, c.In[6].I32, rowLen(c.Out[0])
		block, g, step := nearRowsOf(n), free.take(), numbers(c)
		defer free.give(g)
		if len(*g) < block*n {
			*g = make([]float32, block*n)
		}
		for ; lo < hi; lo += block {
			end := min(lo+block, hi)
			near := (*g)[:(end-lo)*n]
			clear(near)
			err := eachMerged(index, lo, end, func(row, place int) { copy(near[(row-lo)*n:(row-lo+1)*n], x[place*n:]) })
			if err != nil {
				return err
			}
			runAdam(l, c, lo*n, near, step)
		}
		return nil
	}
}

// perOperandElement counts the elements of all operands.
func perOperandElement(c *Call) int {
	n := 0
	for _, in := range c.In {
		n += in.Len()
	}
	return n
}

func squares32(v *vectors) func(c *Call, lo, hi int) (float64, error) {
	return func(c *Call, lo, hi int) (float64, error) {
		return overOperands(c, lo, hi, func(x []float32) float64 { return v.dot(x, x) })
	}
}

func squares64(c *Call, lo, hi int) (float64, error) {
	return overOperands(c, lo, hi, func(x []float64) (total float64) {
		for _, v := range x {
			total += v * v
		}
		return total
	})
}

// overOperands adds up what f says of the elements lo to hi of all operands, one operand after the other.
func overOperands[T float](c *Call, lo, hi int, f func(x []T) float64) (total float64, err error) {
	for _, in := range c.In {
		x := data[T](in)
		if lo < len(x) {
			total += f(x[lo:min(hi, len(x))])
		}
		lo, hi = max(0, lo-len(x)), hi-len(x)
		if hi <= 0 {
			break
		}
	}
	return total, nil
}
