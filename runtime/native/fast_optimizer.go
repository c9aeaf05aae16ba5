package native

import "math"

func addFastOptimizers(t Table, l *loops, v *vectors) {
	t["sgd"] = t["sgd"].faster(perElement, sgd32(l)).divided(perElement, largest)
	t["adam"] = t["adam"].faster(perElement, adam32(l)).divided(perElement, largest)
	t["radam"] = t["radam"].faster(perElement, radam32(l)).divided(perElement, largest)
	t["global_norm"] = summed(perOperandElement, perOperandElement, squares32(v), squares64, math.Sqrt)
}

func sgd32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		w, g, out := c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], c.Out[0].F32[lo:hi]
		rate := float32(float64(c.In[2].F32[0]) * c.Node.Float("lr_scale"))
		decay, momentum := float32(c.Node.Float("weight_decay")), float32(c.Node.Float("momentum"))
		if len(c.In) == 3 {
			l.sgd(out, w, g, rate, decay)
		} else {
			l.momentum(out, c.Out[1].F32[lo:hi], w, c.In[3].F32[lo:hi], g, rate, decay, momentum)
		}
		return nil
	}
}

func adam32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		s := newAdamStep(c.Node, float64(c.In[4].F32[0]), c.In[5].I32[0])
		runAdam(l, c, lo, hi, adamNumbers(s.coupled, s.beta1, s.beta2, s.shrink, s.rate, 1/s.root, s.eps))
		return nil
	}
}

// radam32 is adam without the root's correction, which is in the rate, or with a denominator of 1 while there is no
// rectification.
func radam32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		s := newRadamStep(c.Node, float64(c.In[4].F32[0]), c.In[5].I32[0])
		root, eps := 1.0, s.eps
		if !s.rectified {
			root, eps = 0, 1
		}
		runAdam(l, c, lo, hi, adamNumbers(s.decay, s.beta1, s.beta2, 0, s.rate, root, eps))
		return nil
	}
}

// adamNumbers are what loops.adam takes: with grad = g + coupled*w the moments m = beta1*m + (1-beta1)*grad and v = beta2*v +
// (1-beta2)*grad^2, and the weights w - shrink*w - rate*m/(sqrt(v)*root + eps).
func adamNumbers(coupled, beta1, beta2, shrink, rate, root, eps float64) (c [9]float32) {
	for i, x := range [...]float64{coupled, beta1, 1 - beta1, beta2, 1 - beta2, shrink, rate, root, eps} {
		c[i] = float32(x)
	}
	return c
}

func runAdam(l *loops, c *Call, lo, hi int, numbers [9]float32) {
	in, out := c.In, c.Out
	l.adam(out[0].F32[lo:hi], out[1].F32[lo:hi], out[2].F32[lo:hi], in[0].F32[lo:hi], in[1].F32[lo:hi], in[2].F32[lo:hi], in[3].F32[lo:hi], numbers)
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
