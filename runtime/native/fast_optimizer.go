package native

import "math"

func addFastOptimizers(t Table) {
	t["sgd"] = t["sgd"].faster(perElement, sgd32).divided(perElement, largest)
	t["adam"] = t["adam"].faster(perElement, adam32).divided(perElement, largest)
	t["radam"] = t["radam"].faster(perElement, radam32).divided(perElement, largest)
	t["global_norm"] = summed(perOperandElement, perOperandElement, squares[float32], squares[float64], math.Sqrt)
}

func sgd32(c *Call, lo, hi int) error {
	w, g, out := c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], c.Out[0].F32[lo:hi]
	rate := float32(float64(c.In[2].F32[0]) * c.Node.Float("lr_scale"))
	decay, momentum := float32(c.Node.Float("weight_decay")), float32(c.Node.Float("momentum"))
	g, out = g[:len(w)], out[:len(w)]
	if len(c.In) == 3 {
		for i, x := range w {
			out[i] = x - rate*(g[i]+decay*x)
		}
		return nil
	}
	m, outM := c.In[3].F32[lo:hi][:len(w)], c.Out[1].F32[lo:hi][:len(w)]
	for i, x := range w {
		step := momentum*m[i] + g[i] + decay*x
		outM[i] = step
		out[i] = x - rate*step
	}
	return nil
}

func adam32(c *Call, lo, hi int) error {
	w, m, v, g := c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], c.In[2].F32[lo:hi], c.In[3].F32[lo:hi]
	outW, outM, outV := c.Out[0].F32[lo:hi], c.Out[1].F32[lo:hi], c.Out[2].F32[lo:hi]
	s := newAdamStep(c.Node, float64(c.In[4].F32[0]), c.In[5].I32[0])
	beta1, beta2, rest1, rest2 := float32(s.beta1), float32(s.beta2), float32(1-s.beta1), float32(1-s.beta2)
	coupled, shrink, rate, root, eps := float32(s.coupled), float32(s.shrink), float32(s.rate), float32(1/s.root), float32(s.eps)
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	outW, outM, outV = outW[:len(w)], outM[:len(w)], outV[:len(w)]
	for i, x := range w {
		grad := g[i] + coupled*x
		first := beta1*m[i] + rest1*grad
		second := beta2*v[i] + rest2*grad*grad
		outM[i], outV[i] = first, second
		outW[i] = x - shrink*x - rate*first/(float32(math.Sqrt(float64(second)))*root+eps)
	}
	return nil
}

func radam32(c *Call, lo, hi int) error {
	w, m, v, g := c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], c.In[2].F32[lo:hi], c.In[3].F32[lo:hi]
	outW, outM, outV := c.Out[0].F32[lo:hi], c.Out[1].F32[lo:hi], c.Out[2].F32[lo:hi]
	s := newRadamStep(c.Node, float64(c.In[4].F32[0]), c.In[5].I32[0])
	beta1, beta2, rest1, rest2 := float32(s.beta1), float32(s.beta2), float32(1-s.beta1), float32(1-s.beta2)
	decay, rate, eps := float32(s.decay), float32(s.rate), float32(s.eps)
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	outW, outM, outV = outW[:len(w)], outM[:len(w)], outV[:len(w)]
	for i, x := range w {
		grad := g[i] + decay*x
		first := beta1*m[i] + rest1*grad
		second := beta2*v[i] + rest2*grad*grad
		outM[i], outV[i] = first, second
		change := rate * first
		if s.rectified {
			change /= float32(math.Sqrt(float64(second))) + eps
		}
		outW[i] = x - change
	}
	return nil
}

// perOperandElement counts the elements of all operands.
func perOperandElement(c *Call) int {
	n := 0
	for _, in := range c.In {
		n += in.Len()
	}
	return n
}

// squares sums the squares of the elements lo to hi of all operands, one operand after the other.
func squares[T float](c *Call, lo, hi int) (float64, error) {
	total := 0.0
	for _, in := range c.In {
		x := data[T](in)
		if lo < len(x) {
			for _, v := range x[lo:min(hi, len(x))] {
				total += float64(v) * float64(v)
			}
		}
		lo, hi = max(0, lo-len(x)), hi-len(x)
		if hi <= 0 {
			break
		}
	}
	return total, nil
}
