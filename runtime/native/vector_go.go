package native

import "math"

// goVectors are plain loops over float32 without a call for each element.
func goVectors() *vectors {
	return &vectors{
		point: map[string]point32{
			"neg": neg32, "scale": scale32, "shift": shift32, "less": less32, "over": over32, "under": under32,
			"square": square32, "sqrt": sqrt32, "abs": abs32, "relu": relu32, "leaky_relu": leakyRelu32, "elu": elu32,
			"sigmoid": sigmoid32, "tanh": tanh32, "exp": through(math.Exp), "log": through(math.Log),
			"log1p": through(math.Log1p), "expm1": through(math.Expm1), "sin": through(math.Sin), "cos": through(math.Cos),
		},
		pair: map[string]pair32{
			"add": add32, "sub": sub32, "mul": mul32, "div": div32,
			"relu_grad": reluGrad32, "elu_grad": eluGrad32, "leaky_relu_grad": leakyReluGrad32, "abs_grad": absGrad32,
			"sigmoid_grad": sigmoidGrad32, "tanh_grad": tanhGrad32, "softmax_grad": softmaxGrad32,
			"log_softmax_grad": logSoftmaxGrad32, "sigmoid_cross_entropy_grad": binaryEntropyGrad32,
		},
		drop: drop32, dropout: dropDrawn(drop32), sum: sumOf32, dot: dot32, binaryEntropy: binaryEntropy32, expRow: expRow32, expSum: expSum32,
	}
}

func add32(dst, x, y []float32, _ float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

func sub32(dst, x, y []float32, _ float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] - y[i]
	}
}

func mul32(dst, x, y []float32, _ float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

func div32(dst, x, y []float32, _ float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] / y[i]
	}
}

func less32(dst, x []float32, from float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = from - v
	}
}

func over32(dst, x []float32, by float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = v / by
	}
}

func under32(dst, x []float32, of float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = of / v
	}
}

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
			dst[i] = float32(u * (1 - u*u/3)) // keeps the sign of 0
		} else {
			dst[i] = float32(1 - 2/(1+math.Exp(2*u)))
		}
	}
}

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

func sumOf32(x []float32) (total float64) {
	for _, v := range x {
		total += float64(v)
	}
	return total
}

func dot32(x, y []float32) (total float64) {
	for i, v := range x {
		total += float64(v) * float64(y[i])
	}
	return total
}

func expRow32(dst, x []float32, floor float32) (largest float32, sum float64) {
	largest = floor
	for _, v := range x {
		largest = max(largest, v)
	}
	for i, v := range x {
		e := math.Exp(float64(v - largest))
		dst[i] = float32(e)
		sum += e
	}
	return largest, sum
}

func expSum32(x []float32, floor float32) (largest float32, sum float64) {
	largest = floor
	for _, v := range x {
		largest = max(largest, v)
	}
	for _, v := range x {
		sum += math.Exp(float64(v - largest))
	}
	return largest, sum
}

func softmaxGrad32(dst, dy, y []float32, dot float32) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = y[i] * (dy[i] - dot)
	}
}

func logSoftmaxGrad32(dst, dy, y []float32, total float32) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = float32(float64(dy[i]) - math.Exp(float64(y[i]))*float64(total))
	}
}

func binaryEntropy32(x, target []float32) (total float64) {
	for i, v := range x {
		u := float64(v)
		total += max(u, 0) - u*float64(target[i]) + math.Log1p(math.Exp(-math.Abs(u)))
	}
	return total
}

func binaryEntropyGrad32(dst, x, target []float32, scale float32) {
	for i := range dst {
		dst[i] = float32(float64(scale) * (sigmoid(float64(x[i]), 0) - float64(target[i])))
	}
}
