package native

import (
	"math"

	"graft/graph"
	"graft/runtime/buffer"
)

func optimizerReference() Table {
	return Table{
		"sgd":         floats(perElement, sgd[float32], sgd[float64]).inPlace(0, 3),
		"adam":        floats(perElement, dense(newAdamStep, adam[float32]), dense(newAdamStep, adam[float64])).inPlace(0, 1, 2),
		"radam":       floats(perElement, dense(newRadamStep, radam[float32]), dense(newRadamStep, radam[float64])).inPlace(0, 1, 2),
		"adam_rows":   updateRows(newAdamStep, adam[float32], adam[float64]),
		"radam_rows":  updateRows(newRadamStep, radam[float32], radam[float64]),
		"global_norm": floats(whole, globalNorm[float32], globalNorm[float64]),
	}
}

func sgd[T float](c *Call, lo, hi int) error {
	w, g, out := data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0])
	rate := float64(data[T](c.In[2])[0]) * c.Node.Float("lr_scale")
	decay, momentum := c.Node.Float("weight_decay"), c.Node.Float("momentum")
	factor := factorOf(c)
	var m, outM []T
	if len(c.Out) > 1 {
		m, outM = data[T](c.In[3]), data[T](c.Out[1])
	}
	for i := lo; i < hi; i++ {
		x := float64(w[i])
		step := clipped(g[i], factor) + decay*x
		if m != nil {
			step += momentum * float64(m[i])
			outM[i] = T(step)
		}
		out[i] = T(x - rate*step)
	}
	return nil
}

// adamStep holds what adam's elements have in common at one step. Its denominator is sqrt(v)/root + eps, as PyTorch's.
type adamStep struct {
	beta1, beta2, eps float64
	coupled           float64 // weight decay added to the gradient
	shrink            float64 // share of the weight that decoupled decay takes
	rate              float64 // learning rate over the first moment's bias correction
	root              float64 // square root of the second moment's bias correction
}

func newAdamStep(n *graph.Node, lr float64, step int32) adamStep {
	t := float64(step) + 1
	s := adamStep{beta1: n.Float("beta1"), beta2: n.Float("beta2"), eps: n.Float("eps")}
	lr *= n.Float("lr_scale")
	if decay := n.Float("weight_decay"); n.Bool("decoupled") {
		s.shrink = lr * decay
	} else {
		s.coupled = decay
	}
	s.rate = lr / (1 - math.Pow(s.beta1, t))
	s.root = math.Sqrt(1 - math.Pow(s.beta2, t))
	return s
}

// adam updates the elements from lo on, whose gradients are g.
func adam[T float](s adamStep, c *Call, lo int, g []T) {
	w, m, v := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2])
	outW, outM, outV := data[T](c.Out[0]), data[T](c.Out[1]), data[T](c.Out[2])
	factor := factorOf(c)
	for i := lo; i < lo+len(g); i++ {
		x := float64(w[i])
		grad := clipped(g[i-lo], factor) + s.coupled*x
		first := s.beta1*float64(m[i]) + (1-s.beta1)*grad
		second := s.beta2*float64(v[i]) + (1-s.beta2)*grad*grad
		outW[i] = T(x - s.shrink*x - s.rate*first/(math.Sqrt(second)/s.root+s.eps))
		outM[i], outV[i] = T(first), T(second)
	}
}

// radamStep holds what radam's elements have in common at one step.
type radamStep struct {
	beta1, beta2, eps float64
	decay             float64 // weight decay added to the gradient
	rate              float64 // learning rate with the bias corrections and the rectification
	rectified         bool    // whether the variance of the adaptive rate is defined
}

func newRadamStep(n *graph.Node, lr float64, step int32) radamStep {
	t := float64(step) + 1
	s := radamStep{beta1: n.Float("beta1"), beta2: n.Float("beta2"), eps: n.Float("eps"), decay: n.Float("weight_decay")}
	s.rate = lr * n.Float("lr_scale") / (1 - math.Pow(s.beta1, t))
	power, limit := math.Pow(s.beta2, t), 2/(1-s.beta2)-1
	rho := limit - 2*t*power/(1-power)
	if s.rectified = rho >= 5; s.rectified {
		s.rate *= math.Sqrt((1 - power) * (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
	}
	return s
}

func radam[T float](s radamStep, c *Call, lo int, g []T) {
	w, m, v := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2])
	outW, outM, outV := data[T](c.Out[0]), data[T](c.Out[1]), data[T](c.Out[2])
	factor := factorOf(c)
	for i := lo; i < lo+len(g); i++ {
		x := float64(w[i])
		grad := clipped(g[i-lo], factor) + s.decay*x
		first := s.beta1*float64(m[i]) + (1-s.beta1)*grad
		second := s.beta2*float64(v[i]) + (1-s.beta2)*grad*grad
		change := s.rate * first
		if s.rectified {
			change /= math.Sqrt(second) + s.eps
		}
		outW[i], outM[i], outV[i] = T(x-change), T(first), T(second)
	}
}

// factorOf returns what the gradient of an update is multiplied by.
func factorOf(c *Call) float64 {
	if c.Node.Bool("clipped") {
		return numberOf(c.In[len(c.In)-1])
	}
	return 1
}

// clipped multiplies an element of a gradient, and rounds as mul does.
func clipped[T float](g T, factor float64) float64 { return float64(T(float64(g) * factor)) }

// numberOf returns the only element of b.
func numberOf(b *buffer.Buffer) float64 { return b.At(0) }

// dense returns the body of an update with a gradient for each element. S is what its elements have in common.
func dense[S any, T float](at func(n *graph.Node, lr float64, step int32) S, update func(s S, c *Call, lo int, g []T)) body {
	return func(c *Call, lo, hi int) error {
		update(at(c.Node, numberOf(c.In[4]), c.In[5].I32[0]), c, lo, data[T](c.In[3])[lo:hi])
		return nil
	}
}

// updateRows returns the kernel of an update whose gradients are merged rows.
func updateRows[S any](at func(n *graph.Node, lr float64, step int32) S, f32 func(s S, c *Call, lo int, g []float32), f64 func(s S, c *Call, lo int, g []float64)) Kernel {
	return floats(perRowOfResult, rowBody(at, f32), rowBody(at, f64)).inPlace(0, 1, 2)
}

func rowBody[S any, T float](at func(n *graph.Node, lr float64, step int32) S, update func(s S, c *Call, lo int, g []T)) body {
	free := new(spare[[strip]T])
	return func(c *Call, lo, hi int) error {
		x, n := data[T](c.In[3]), rowLen(c.Out[0])
		s, zeros := at(c.Node, numberOf(c.In[4]), c.In[5].I32[0]), free.take()
		defer free.give(zeros)
		next := lo * n
		without := func(end int) { // updates the elements before end that have no gradient
			for ; next < end; next += strip {
				update(s, c, next, zeros[:min(strip, end-next)])
			}
		}
		err := eachMerged(c.In[6].I32, lo, hi, func(row, place int) {
			without(row * n)
			update(s, c, row*n, x[place*n:(place+1)*n])
			next = (row + 1) * n
		})
		without(hi * n)
		return err
	}
}

func globalNorm[T float](c *Call, _, _ int) error {
	total := 0.0
	for _, in := range c.In {
		for _, v := range data[T](in) {
			total += float64(v) * float64(v)
		}
	}
	data[T](c.Out[0])[0] = T(math.Sqrt(total))
	return nil
}
