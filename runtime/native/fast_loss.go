package native

import "math"

func addFastLosses(t Table, f *family, v *vectors) {
	free := new(spare[columnBlocks])
	for name, long := range map[string]body{
		"softmax": softmax32(v, math.Inf(-1)), "restricted_softmax": softmax32(v, 0), "log_softmax": logSoftmax32(v),
		"softmax_grad": softmaxGradOf(v), "log_softmax_grad": logSoftmaxGradOf(v),
	} {
		t[name] = t[name].faster(perRow, shortRows(f, free, v.column[name], long))
	}
	t["softmax_cross_entropy"] = summed(perRow, largest, crossEntropyPart32(v), crossEntropyPart[float64], identity)
	t["softmax_cross_entropy_grad"] = t["softmax_cross_entropy_grad"].faster(perLabel, crossEntropyGrad32(v))
	t["sigmoid_cross_entropy"] = summed(perLogit, largest, binaryEntropyPart32(v), binaryEntropyPart[float64], identity)
	t["sigmoid_cross_entropy_grad"] = t["sigmoid_cross_entropy_grad"].faster(perElement, binaryEntropyGradOf(v))
}

func identity(x float64) float64 { return x }

// softmax32 gives its share to one more score: none where that is minus infinity.
func softmax32(v *vectors, more float64) body {
	scale := v.point["scale"]
	return func(c *Call, lo, hi int) error {
		n, x, out := width(c.In[0]), c.In[0].F32, c.Out[0].F32
		for r := lo; r < hi; r++ {
			dst := out[r*n : (r+1)*n]
			largest, sum := v.expRow(dst, x[r*n:(r+1)*n], float32(more))
			sum += math.Exp(more - float64(largest))
			scale(dst, dst, float32(1/sum))
		}
		return nil
	}
}

func softmaxGradOf(v *vectors) body {
	finish := v.pair["softmax_grad"]
	return func(c *Call, lo, hi int) error {
		n, dy, y, out := width(c.In[0]), c.In[0].F32, c.In[1].F32, c.Out[0].F32
		for r := lo; r < hi; r++ {
			dys, ys := dy[r*n:(r+1)*n], y[r*n:(r+1)*n]
			finish(out[r*n:(r+1)*n], dys, ys, float32(v.dot(dys, ys)))
		}
		return nil
	}
}

// logSoftmax32 subtracts twice, since the largest element may dwarf the logarithm.
func logSoftmax32(v *vectors) body {
	shift := v.point["shift"]
	return func(c *Call, lo, hi int) error {
		n, x, out := width(c.In[0]), c.In[0].F32, c.Out[0].F32
		for r := lo; r < hi; r++ {
			dst, row := out[r*n:(r+1)*n], x[r*n:(r+1)*n]
			largest, sum := v.expSum(row, float32(math.Inf(-1)))
			shift(dst, row, -largest)
			shift(dst, dst, -float32(math.Log(sum)))
		}
		return nil
	}
}

func logSoftmaxGradOf(v *vectors) body {
	finish := v.pair["log_softmax_grad"]
	return func(c *Call, lo, hi int) error {
		n, dy, y, out := width(c.In[0]), c.In[0].F32, c.In[1].F32, c.Out[0].F32
		for r := lo; r < hi; r++ {
			dys := dy[r*n : (r+1)*n]
			finish(out[r*n:(r+1)*n], dys, y[r*n:(r+1)*n], float32(v.sum(dys)))
		}
		return nil
	}
}

func crossEntropyGrad32(v *vectors) body {
	multiply := v.point["scale"]
	return func(c *Call, lo, hi int) error {
		s, out := classesOf[float32](c, 1), c.Out[0].F32
		divisor, err := s.divisor(c)
		if err != nil {
			return err
		}
		scale := float64(c.In[0].F32[0]) / divisor
		for r := lo; r < hi; r++ {
			dx, w := out[r*s.n:(r+1)*s.n], s.weightOf(r)
			if w == 0 {
				clear(dx)
				continue
			}
			l, err := s.labelOf(r)
			if err != nil {
				return err
			}
			crossEntropyGradRow(v, multiply, dx, s.row(r), l, scale*w)
		}
		return nil
	}
}

// crossEntropyGradRow makes dx, scale times the gradient of a row x with the given label; dx may be x. It returns what the loss
// is made of: the largest element and the sum of exp(x - largest).
func crossEntropyGradRow(v *vectors, multiply point32, dx, x []float32, label int, scale float64) (largest float32, sum float64) {
	largest, sum = v.expRow(dx, x, float32(math.Inf(-1)))
	others := sum - float64(dx[label]) // 1 - p without cancellation where p is almost 1
	multiply(dx, dx, float32(scale/sum))
	dx[label] = float32(-scale * others / sum)
	return largest, sum
}

// crossEntropyPart32 is [crossEntropyPart] over vectors.
func crossEntropyPart32(v *vectors) func(c *Call, lo, hi int) (float64, error) {
	return func(c *Call, lo, hi int) (float64, error) {
		s := classesOf[float32](c, 0)
		divisor, err := s.divisor(c)
		if err != nil {
			return 0, err
		}
		total := 0.0
		for r := lo; r < hi; r++ {
			w := s.weightOf(r)
			if w == 0 {
				continue
			}
			l, err := s.labelOf(r)
			if err != nil {
				return 0, err
			}
			x := s.row(r)
			largest, sum := v.expSum(x, float32(math.Inf(-1)))
			total += w * (math.Log(sum) + float64(largest) - float64(x[l]))
		}
		return total / divisor, nil
	}
}

func binaryEntropyPart32(v *vectors) func(c *Call, lo, hi int) (float64, error) {
	return func(c *Call, lo, hi int) (float64, error) {
		divisor, err := binaryDivisor(c)
		if err != nil {
			return 0, err
		}
		return v.binaryEntropy(c.In[0].F32[lo:hi], c.In[1].F32[lo:hi]) / divisor, nil
	}
}

func binaryEntropyGradOf(v *vectors) body {
	finish := v.pair["sigmoid_cross_entropy_grad"]
	return func(c *Call, lo, hi int) error {
		scale := float64(c.In[0].F32[0])
		if c.Node.Str("reduce") == "mean" {
			scale /= float64(c.In[1].Len())
		}
		finish(c.Out[0].F32[lo:hi], c.In[1].F32[lo:hi], c.In[2].F32[lo:hi], float32(scale))
		return nil
	}
}

// crossEntropyPart returns the loss of some rows, divided by the total weight for a mean.
func crossEntropyPart[T float](c *Call, lo, hi int) (float64, error) {
	s := classesOf[T](c, 0)
	divisor, err := s.divisor(c)
	if err != nil {
		return 0, err
	}
	total := 0.0
	for r := lo; r < hi; r++ {
		l, err := s.loss(r)
		if err != nil {
			return 0, err
		}
		total += l
	}
	return total / divisor, nil
}
