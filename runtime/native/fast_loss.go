package native

import "math"

func addFastLosses(t Table) {
	t["softmax"] = t["softmax"].faster(perRow, softmax32)
	t["softmax_cross_entropy_grad"] = t["softmax_cross_entropy_grad"].faster(perLabel, crossEntropyGrad32)
	t["softmax_cross_entropy"] = summed(perRow, largest, crossEntropyPart[float32], crossEntropyPart[float64], identity)
	t["sigmoid_cross_entropy"] = summed(perLogit, largest, binaryEntropyPart[float32], binaryEntropyPart[float64], identity)
}

func identity(x float64) float64 { return x }

// exp32Sum sets dst to exp(x - largest) and returns the sum. dst may be x.
func exp32Sum(dst, x []float32) float64 {
	largest := float32(math.Inf(-1))
	for _, v := range x {
		largest = max(largest, v)
	}
	sum := 0.0
	for i, v := range x {
		e := math.Exp(float64(v - largest))
		dst[i] = float32(e)
		sum += e
	}
	return sum
}

func softmax32(c *Call, lo, hi int) error {
	n := width(c.In[0])
	for r := lo; r < hi; r++ {
		dst := c.Out[0].F32[r*n : (r+1)*n]
		scale32(dst, dst, float32(1/exp32Sum(dst, c.In[0].F32[r*n:(r+1)*n])))
	}
	return nil
}

func crossEntropyGrad32(c *Call, lo, hi int) error {
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
		sum := exp32Sum(dx, s.row(r))
		others := sum - float64(dx[l]) // 1 - p without cancellation where p is almost 1
		scale32(dx, dx, float32(scale*w/sum))
		dx[l] = float32(-scale * w * others / sum)
	}
	return nil
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
