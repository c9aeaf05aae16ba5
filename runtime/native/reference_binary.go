package native

import (
	"errors"
	"math"
)

// binaryReference holds the cross-entropy of independent yes-or-no targets.
func binaryReference() Table {
	return Table{
		"sigmoid_cross_entropy":      floats(whole, binaryEntropy[float32], binaryEntropy[float64]),
		"sigmoid_cross_entropy_grad": floats(perElement, binaryEntropyGrad[float32], binaryEntropyGrad[float64]).inPlace(1),
	}
}

// perLogit counts the elements of sigmoid_cross_entropy.
func perLogit(c *Call) int { return c.In[0].Len() }

func binaryEntropy[T float](c *Call, _, _ int) error {
	total, err := binaryEntropyPart[T](c, 0, perLogit(c))
	if err == nil {
		data[T](c.Out[0])[0] = T(total)
	}
	return err
}

// binaryEntropyPart returns the loss of the elements lo to hi, divided by the number of all for a mean. It takes the
// exponential of negative numbers only.
func binaryEntropyPart[T float](c *Call, lo, hi int) (float64, error) {
	divisor, err := binaryDivisor(c)
	if err != nil {
		return 0, err
	}
	x, target, total := data[T](c.In[0]), data[T](c.In[1]), 0.0
	for i := lo; i < hi; i++ {
		v := float64(x[i])
		total += max(v, 0) - v*float64(target[i]) + math.Log1p(math.Exp(-math.Abs(v)))
	}
	return total / divisor, nil
}

// binaryDivisor is the number of elements for a mean, 1 for a sum.
func binaryDivisor(c *Call) (float64, error) {
	switch n := perLogit(c); {
	case c.Node.Str("reduce") == "sum":
		return 1, nil
	case n == 0:
		return 0, errors.New("no elements have no mean")
	default:
		return float64(n), nil
	}
}

func binaryEntropyGrad[T float](c *Call, lo, hi int) error {
	x, target, out := data[T](c.In[1]), data[T](c.In[2]), data[T](c.Out[0])
	scale := float64(data[T](c.In[0])[0])
	if c.Node.Str("reduce") == "mean" {
		scale /= float64(len(x))
	}
	for i := lo; i < hi; i++ {
		out[i] = T(scale * (sigmoid(float64(x[i]), 0) - float64(target[i])))
	}
	return nil
}
