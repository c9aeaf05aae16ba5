package native

import "math"

// The functions of this file are loops over float32 without a call for each element; dst may be one of the operands.

func addFastElementwise(t Table) {
	for name, f := range map[string]segment{"add": add32, "sub": sub32, "mul": mul32, "div": div32} {
		k := t[name].faster(perElement, broadcasting(f)).divided(perElement, largest)
		k.Prepare = prepareWith(collapsed(aligned))
		t[name] = k
	}
	for name, f := range map[string]pair32{
		"relu_grad": reluGrad32, "elu_grad": eluGrad32, "sigmoid_grad": sigmoidGrad32, "tanh_grad": tanhGrad32,
		"leaky_relu_grad": leakyReluGrad32, "abs_grad": absGrad32,
	} {
		attr := map[string]string{"elu_grad": "alpha", "leaky_relu_grad": "slope"}[name]
		k := t[name].faster(perElement, func(c *Call, lo, hi int) error {
			f(c.Out[0].F32[lo:hi], c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], float32(param(c.Node, attr)))
			return nil
		}).divided(perElement, largest)
		k.Prepare = prepareWith(collapsed(aligned))
		t[name] = k
	}
	for name, f := range map[string]point32{
		"neg": neg32, "scale": scale32, "shift": shift32, "square": square32, "sqrt": sqrt32, "exp": through(math.Exp), "log": through(math.Log),
		"relu": relu32, "elu": elu32, "sigmoid": sigmoid32, "tanh": tanh32, "leaky_relu": leakyRelu32, "abs": abs32,
		"log1p": through(math.Log1p), "expm1": through(math.Expm1), "sin": through(math.Sin), "cos": through(math.Cos),
	} {
		attr := map[string]string{"scale": "by", "shift": "by", "elu": "alpha", "leaky_relu": "slope"}[name]
		t[name] = t[name].faster(perElement, func(c *Call, lo, hi int) error {
			f(c.Out[0].F32[lo:hi], c.In[0].F32[lo:hi], float32(param(c.Node, attr)))
			return nil
		}).divided(perElement, largest)
	}
	t["dropout_given"] = t["dropout_given"].faster(perElement, func(c *Call, lo, hi int) error {
		drop32(c.Out[0].F32[lo:hi], c.In[0].F32[lo:hi], c.In[1].F32[lo:hi], c.Node.Float("rate"))
		return nil
	}).divided(perElement, largest)
	t["dropout"] = dropoutIn(Kernel{}.divided(perElement, perElement).Parts, drop32)
	t["bias_act"] = t["bias_act"].faster(perElement, biasAct32).divided(perElement, largest)
}

// biasAct32 adds the bias row by row and applies the activation to what lies in the cache.
func biasAct32(c *Call, lo, hi int) error {
	x, bias, out, alpha := c.In[0].F32, c.In[1].F32, c.Out[0].F32, float32(c.Node.Float("alpha"))
	var act point32
	switch c.Node.Str("act") {
	case "relu":
		act = relu32
	case "elu":
		act = elu32
	case "sigmoid":
		act = sigmoid32
	default:
		act = tanh32
	}
	for lo < hi {
		j := lo % len(bias)
		n := min(len(bias)-j, hi-lo)
		dst := out[lo : lo+n]
		add32(dst, x[lo:], bias[j:], 1, 1)
		act(dst, dst, alpha)
		lo += n
	}
	return nil
}

// segment computes dst from x and y, whose elements follow each other at stride 1, or at stride 0 stay the same.
type segment func(dst, x, y []float32, sx, sy int)

// broadcasting returns the body that calls f for each run of elements along the last axis of the collapsed layout.
func broadcasting(f segment) body {
	return func(c *Call, lo, hi int) error {
		l, x, y, out := c.Data.(*layout), c.In[0].F32, c.In[1].F32, c.Out[0].F32
		last := len(l.dims) - 1
		inner, sx, sy := l.dims[last], l.strides[0][last], l.strides[1][last]
		for lo < hi {
			n := min(inner-lo%inner, hi-lo)
			f(out[lo:lo+n], x[l.at(0, lo):], y[l.at(1, lo):], sx, sy)
			lo += n
		}
		return nil
	}
}

func add32(dst, x, y []float32, sx, sy int) {
	switch {
	case sx == 0:
		shift32(dst, y, x[0])
	case sy == 0:
		shift32(dst, x, y[0])
	default:
		x, y = x[:len(dst)], y[:len(dst)]
		for i := range dst {
			dst[i] = x[i] + y[i]
		}
	}
}

func sub32(dst, x, y []float32, sx, sy int) {
	switch {
	case sx == 0:
		for i, v := range y[:len(dst)] {
			dst[i] = x[0] - v
		}
	case sy == 0:
		shift32(dst, x, -y[0])
	default:
		x, y = x[:len(dst)], y[:len(dst)]
		for i := range dst {
			dst[i] = x[i] - y[i]
		}
	}
}

func mul32(dst, x, y []float32, sx, sy int) {
	switch {
	case sx == 0:
		scale32(dst, y, x[0])
	case sy == 0:
		scale32(dst, x, y[0])
	default:
		x, y = x[:len(dst)], y[:len(dst)]
		for i := range dst {
			dst[i] = x[i] * y[i]
		}
	}
}

func div32(dst, x, y []float32, sx, sy int) {
	switch {
	case sx == 0:
		for i, v := range y[:len(dst)] {
			dst[i] = x[0] / v
		}
	case sy == 0:
		by := y[0]
		for i, v := range x[:len(dst)] {
			dst[i] = v / by
		}
	default:
		x, y = x[:len(dst)], y[:len(dst)]
		for i := range dst {
			dst[i] = x[i] / y[i]
		}
	}
}

// point32 is a function of each element and an attribute.
type point32 func(dst, x []float32, p float32)

func neg32(dst, x []float32, _ float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = -v
	}
}

func scale32(dst, x []float32, by float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = by * v
	}
}

func shift32(dst, x []float32, by float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = v + by
	}
}

func square32(dst, x []float32, _ float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = v * v
	}
}

// through makes a body of a function that is computed in float64 and rounded. The call costs little beside the function.
func through(f func(float64) float64) func(dst, x []float32, _ float32) {
	return func(dst, x []float32, _ float32) {
		for i, v := range x[:len(dst)] {
			dst[i] = float32(f(float64(v)))
		}
	}
}

func sqrt32(dst, x []float32, _ float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = float32(math.Sqrt(float64(v))) // one SQRTSS
	}
}

const signBit = 1 << 31

func abs32(dst, x []float32, _ float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = math.Float32frombits(math.Float32bits(v) &^ signBit)
	}
}

func relu32(dst, x []float32, _ float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = max(v, 0)
	}
}

// leakyRelu32 chooses among integers, as reluGrad32.
func leakyRelu32(dst, x []float32, slope float32) {
	for i, v := range x[:len(dst)] {
		bits := math.Float32bits(slope * v)
		if v > 0 {
			bits = math.Float32bits(v)
		}
		dst[i] = math.Float32frombits(bits)
	}
}

// elu32 uses the series of exp(x)-1 near 0, where the difference would cancel.
func elu32(dst, x []float32, alpha float32) {
	for i, v := range x[:len(dst)] {
		if !(v > 0) {
			u := float64(v)
			if u > -1e-3 {
				u += u*u/2 + u*u*u/6
			} else {
				u = math.Exp(u) - 1
			}
			v = alpha * float32(u)
		}
		dst[i] = v
	}
}

func sigmoid32(dst, x []float32, _ float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
}

// tanh32 uses the exponential and, near 0, where that would cancel, two terms of the series.
func tanh32(dst, x []float32, _ float32) {
	for i, v := range x[:len(dst)] {
		u := float64(v)
		if math.Abs(u) < 1e-3 {
			dst[i] = float32(u - u*u*u/3)
		} else {
			dst[i] = float32(1 - 2/(1+math.Exp(2*u)))
		}
	}
}

// pair32 is a function of two elements and an attribute.
type pair32 func(dst, x, y []float32, p float32)

// reluGrad32 selects among integers, which compiles to a conditional move: the sign of an activation cannot be predicted.
func reluGrad32(dst, dy, y []float32, _ float32) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		bits := math.Float32bits(dy[i])
		if !(y[i] > 0) {
			bits = 0
		}
		dst[i] = math.Float32frombits(bits)
	}
}

func leakyReluGrad32(dst, dy, y []float32, slope float32) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		bits := math.Float32bits(slope * dy[i])
		if y[i] > 0 {
			bits = math.Float32bits(dy[i])
		}
		dst[i] = math.Float32frombits(bits)
	}
}

// absGrad32 turns dy's sign by that of x.
func absGrad32(dst, dy, x []float32, _ float32) {
	dy, x = dy[:len(dst)], x[:len(dst)]
	for i := range dst {
		bits := math.Float32bits(dy[i]) ^ math.Float32bits(x[i])&signBit
		if !(x[i] < 0 || x[i] > 0) {
			bits = 0
		}
		dst[i] = math.Float32frombits(bits)
	}
}

func eluGrad32(dst, dy, y []float32, alpha float32) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		v := dy[i]
		if !(y[i] > 0) {
			v *= y[i] + alpha
		}
		dst[i] = v
	}
}

func sigmoidGrad32(dst, dy, y []float32, _ float32) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = dy[i] * y[i] * (1 - y[i])
	}
}

func tanhGrad32(dst, dy, y []float32, _ float32) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = dy[i] * (1 - y[i]*y[i])
	}
}

// drop32 computes to the bits of the reference. As in reluGrad32, the choice is one among integers.
func drop32(dst, x, u []float32, rate float64) {
	x, u = x[:len(dst)], u[:len(dst)]
	keep := 1 - rate
	for i := range dst {
		bits := math.Float32bits(float32(float64(x[i]) / keep))
		if float64(u[i]) < rate {
			bits = 0
		}
		dst[i] = math.Float32frombits(bits)
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
