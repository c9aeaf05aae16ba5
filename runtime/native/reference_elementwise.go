package native

import (
	"math"

	"graft/graph"
)

// elementwiseReference computes every function in float64 and rounds its result once.
func elementwiseReference() Table {
	return Table{
		"add": pairwise("", func(x, y, _ float64) float64 { return x + y }),
		"sub": pairwise("", func(x, y, _ float64) float64 { return x - y }),
		"mul": pairwise("", func(x, y, _ float64) float64 { return x * y }),
		"div": pairwise("", func(x, y, _ float64) float64 { return x / y }),

		"neg":        pointwise("", func(x, _ float64) float64 { return -x }),
		"scale":      pointwise("by", func(x, by float64) float64 { return by * x }),
		"shift":      pointwise("by", func(x, by float64) float64 { return x + by }),
		"square":     pointwise("", func(x, _ float64) float64 { return x * x }),
		"sqrt":       pointwise("", func(x, _ float64) float64 { return math.Sqrt(x) }),
		"exp":        pointwise("", func(x, _ float64) float64 { return math.Exp(x) }),
		"log":        pointwise("", func(x, _ float64) float64 { return math.Log(x) }),
		"log1p":      pointwise("", func(x, _ float64) float64 { return math.Log1p(x) }),
		"expm1":      pointwise("", func(x, _ float64) float64 { return math.Expm1(x) }),
		"sin":        pointwise("", func(x, _ float64) float64 { return math.Sin(x) }),
		"cos":        pointwise("", func(x, _ float64) float64 { return math.Cos(x) }),
		"abs":        pointwise("", func(x, _ float64) float64 { return math.Abs(x) }),
		"relu":       pointwise("", relu),
		"elu":        pointwise("alpha", elu),
		"leaky_relu": pointwise("slope", leakyRelu),
		"sigmoid":    pointwise("", sigmoid),
		"tanh":       pointwise("", tanh),

		"relu_grad":       pairwise("", reluGrad),
		"elu_grad":        pairwise("alpha", eluGrad),
		"leaky_relu_grad": pairwise("slope", leakyReluGrad),
		"abs_grad":        pairwise("", absGrad),
		"sigmoid_grad":    pairwise("", sigmoidGrad),
		"tanh_grad":       pairwise("", tanhGrad),

		"dropout_given": pairwise("rate", dropped),
		"clip_factor":   pointwise("max", func(norm, limit float64) float64 { return min(1, limit/(norm+1e-6)) }),

		"equal": elements(perElement, equal[float32], equal[float64], equal[int32], equal[bool]),
		"cast":  {Run: split(perElement, func(*Call) body { return cast })},
	}
}

func relu(x, _ float64) float64 { return max(x, 0) } // NaN stays NaN

func elu(x, alpha float64) float64 {
	if x > 0 {
		return x
	}
	return alpha * math.Expm1(x)
}

func leakyRelu(x, slope float64) float64 {
	if x > 0 {
		return x
	}
	return slope * x
}

func sigmoid(x, _ float64) float64 { return 1 / (1 + math.Exp(-x)) }

func tanh(x, _ float64) float64 { return math.Tanh(x) }

func reluGrad(dy, y, _ float64) float64 {
	if y > 0 {
		return dy
	}
	return 0
}

func eluGrad(dy, y, alpha float64) float64 {
	if y > 0 {
		return dy
	}
	return dy * (y + alpha)
}

func sigmoidGrad(dy, y, _ float64) float64 { return dy * y * (1 - y) }

func tanhGrad(dy, y, _ float64) float64 { return dy * (1 - y*y) }

func leakyReluGrad(dy, y, slope float64) float64 {
	if y > 0 {
		return dy
	}
	return slope * dy
}

func absGrad(dy, x, _ float64) float64 {
	switch {
	case x > 0:
		return dy
	case x < 0:
		return -dy
	}
	return 0
}

// dropped is x / (1-rate) where the uniform draw u keeps it, with the bits of a scale by the quotient.
func dropped(x, u, rate float64) float64 {
	if u >= rate {
		return x * (1 / (1 - rate))
	}
	return 0
}

// param returns the float attribute of that name, or 0 when there is none to read.
func param(n *graph.Node, attr string) float64 {
	if attr == "" {
		return 0
	}
	return n.Float(attr)
}

// pointwise returns the kernel of a function of one element and an attribute.
func pointwise(attr string, f func(x, p float64) float64) Kernel {
	return floats(perElement, apply[float32](attr, f), apply[float64](attr, f)).inPlace(0)
}

func apply[T float](attr string, f func(x, p float64) float64) body {
	return func(c *Call, lo, hi int) error {
		p, x, out := param(c.Node, attr), data[T](c.In[0]), data[T](c.Out[0])
		for i := lo; i < hi; i++ {
			out[i] = T(f(float64(x[i]), p))
		}
		return nil
	}
}

// pairwise returns the kernel of a function of two elements, broadcasting, and an attribute.
func pairwise(attr string, f func(x, y, p float64) float64) Kernel {
	k := floats(perElement, applyPair[float32](attr, f), applyPair[float64](attr, f)).inPlace(0)
	k.Prepare = prepareWith(aligned)
	return k
}

func applyPair[T float](attr string, f func(x, y, p float64) float64) body {
	return func(c *Call, lo, hi int) error {
		p, x, y, out := param(c.Node, attr), data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0])
		l := c.Data.(*layout)
		for i := lo; i < hi; i++ {
			out[i] = T(f(float64(x[l.at(0, i)]), float64(y[l.at(1, i)]), p))
		}
		return nil
	}
}

func equal[T element](c *Call, lo, hi int) error {
	x, y, out := data[T](c.In[0]), data[T](c.In[1]), c.Out[0].Bool
	for i := lo; i < hi; i++ {
		out[i] = x[i] == y[i]
	}
	return nil
}

// cast passes through float64, which holds every value of every dtype.
func cast(c *Call, lo, hi int) error {
	x, out := c.In[0], c.Out[0]
	for i := lo; i < hi; i++ {
		v := x.At(i)
		switch out.DType {
		case graph.F32:
			out.F32[i] = float32(v)
		case graph.F64:
			out.F64[i] = v
		case graph.I32:
			out.I32[i] = truncated(v)
		case graph.Bool:
			out.Bool[i] = v != 0
		}
	}
	return nil
}

// truncated converts towards zero. What an int32 cannot hold becomes its nearest end, and NaN becomes 0, since Go leaves
// that to the processor.
func truncated(v float64) int32 {
	switch {
	case v != v:
		return 0
	case v <= math.MinInt32:
		return math.MinInt32
	case v >= math.MaxInt32:
		return math.MaxInt32
	}
	return int32(v)
}

// convert returns v as an element.
func convert[T element](v float64) (x T) {
	switch p := any(&x).(type) {
	case *float32:
		*p = float32(v)
	case *float64:
		*p = v
	case *int32:
		*p = truncated(v)
	case *bool:
		*p = v != 0
	}
	return x
}
