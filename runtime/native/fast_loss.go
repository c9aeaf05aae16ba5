package native

import "math"

func addFastLosses(t Table, f *family, v *vectors, e *entropies) {
	free := new(spare[columnBlocks])
	for name, long := range map[string]body{
		"softmax": softmax32(v, math.Inf(-1)), "restricted_softmax": softmax32(v, 0), "log_softmax": logSoftmax32(v),
		"softmax_grad": softmaxGradOf(v), "log_softmax_grad": logSoftmaxGradOf(v),
	} {
		t[name] = t[name].faster(perRow, shortRows(f, free, v.column[name], long)).divided(perRow, twice(largest))
	}
	t["softmax_cross_entropy"] = summed(perRow, largest, e.part, crossEntropyPart[float64], identity)
	t["softmax_cross_entropy_grad"] = t["softmax_cross_entropy_grad"].faster(perLabel, e.grad).divided(perLabel, twice(largest))
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
