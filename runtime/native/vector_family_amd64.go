//go:build !noasm

package native

import (
	"math"

	"graft/runtime/rng"
)

//go:generate go -C avo run ./vector -out ../vector_amd64.s -stubs ../vector_stubs_amd64.go -pkg native

func vectorsOf(f *family) *vectors {
	switch f.name {
	case "avx512":
		return avx512Vectors()
	case "avx2":
		return avx2Vectors()
	}
	return goVectors()
}

// finished returns the function of an angle whose assembly leaves large ones to be done in float64. Those are recognised by
// their magnitude: results are at most 1.
func finished(f func(dst, x []float32) (beyond bool), exact func(float64) float64) point32 {
	return func(dst, x []float32, _ float32) {
		if !f(dst, x) {
			return
		}
		for i, v := range dst {
			if v > 2 || v < -2 {
				dst[i] = float32(exact(float64(v)))
			}
		}
	}
}

// dropping returns the function of a rate. No draw lies between the rate and the float32 above it.
func dropping(f func(dst, x, draws []float32, rate, scale float32)) func(dst, x, draws []float32, rate float64) {
	return func(dst, x, draws []float32, rate float64) {
		above := float32(rate)
		if float64(above) < rate {
			above = math.Nextafter32(above, 2)
		}
		f(dst, x, draws, above, float32(1/(1-rate)))
	}
}

// dropScaled has the bits of the functions of dropping.
func dropScaled(s rng.Stream, dst, x []float32, first int, rate float64) {
	s.Drop32(dst, x, first, rate, float32(1/(1-rate)))
}

func avx512Vectors() *vectors {
	return &vectors{
		point: map[string]point32{
			"neg": negAVX512, "scale": scaleAVX512, "shift": shiftAVX512, "less": lessAVX512, "over": overAVX512, "under": underAVX512,
			"square": squareAVX512, "sqrt": sqrtAVX512, "abs": absAVX512, "relu": reluAVX512, "leaky_relu": leakyReluAVX512, "elu": eluAVX512,
			"sigmoid": sigmoidAVX512, "tanh": tanhAVX512, "exp": expAVX512, "log": logAVX512, "log1p": log1pAVX512, "expm1": expm1AVX512,
			"sin": finished(sinAVX512, math.Sin), "cos": finished(cosAVX512, math.Cos),
		},
		pair: map[string]pair32{
			"add": addAVX512, "sub": subAVX512, "mul": mulAVX512, "div": divAVX512,
			"relu_grad": reluGradAVX512, "elu_grad": eluGradAVX512, "leaky_relu_grad": leakyReluGradAVX512, "abs_grad": absGradAVX512,
			"sigmoid_grad": sigmoidGradAVX512, "tanh_grad": tanhGradAVX512, "softmax_grad": dotMinusAVX512,
			"log_softmax_grad": expMinusAVX512, "sigmoid_cross_entropy_grad": binaryEntropyGradAVX512,
		},
		column: map[string]column32{
			"softmax": columnSoftmaxAVX512, "restricted_softmax": columnRestrictedSoftmaxAVX512, "log_softmax": columnLogSoftmaxAVX512,
			"softmax_grad": columnDotMinusAVX512, "log_softmax_grad": columnExpMinusAVX512,
			"softmax_cross_entropy_grad": columnEntropyGradAVX512,
		},
		drop: dropping(dropAVX512), dropout: dropScaled, sum: sumAVX512, dot: dotAVX512, binaryEntropy: binaryEntropyAVX512, expRow: expRowAVX512, expSum: expSumAVX512,
		norm: &norms{
			moments: momentsAVX512, normalize: normalizeAVX512, dots: normDotsAVX512, grad: normGradAVX512, rowDots: rowDotsAVX512,
			columnSums: columnSumsAVX512, columnSquares: columnSquaresAVX512, columnAffine: columnAffineAVX512,
			columnDots: columnDotsAVX512, columnGrad: columnGradAVX512,
		},
	}
}

func avx2Vectors() *vectors {
	return &vectors{
		point: map[string]point32{
			"neg": negAVX2, "scale": scaleAVX2, "shift": shiftAVX2, "less": lessAVX2, "over": overAVX2, "under": underAVX2,
			"square": squareAVX2, "sqrt": sqrtAVX2, "abs": absAVX2, "relu": reluAVX2, "leaky_relu": leakyReluAVX2, "elu": eluAVX2,
			"sigmoid": sigmoidAVX2, "tanh": tanhAVX2, "exp": expAVX2, "log": logAVX2, "log1p": log1pAVX2, "expm1": expm1AVX2,
			"sin": finished(sinAVX2, math.Sin), "cos": finished(cosAVX2, math.Cos),
		},
		pair: map[string]pair32{
			"add": addAVX2, "sub": subAVX2, "mul": mulAVX2, "div": divAVX2,
			"relu_grad": reluGradAVX2, "elu_grad": eluGradAVX2, "leaky_relu_grad": leakyReluGradAVX2, "abs_grad": absGradAVX2,
			"sigmoid_grad": sigmoidGradAVX2, "tanh_grad": tanhGradAVX2, "softmax_grad": dotMinusAVX2,
			"log_softmax_grad": expMinusAVX2, "sigmoid_cross_entropy_grad": binaryEntropyGradAVX2,
		},
		column: map[string]column32{
			"softmax": columnSoftmaxAVX2, "restricted_softmax": columnRestrictedSoftmaxAVX2, "log_softmax": columnLogSoftmaxAVX2,
			"softmax_grad": columnDotMinusAVX2, "log_softmax_grad": columnExpMinusAVX2,
			"softmax_cross_entropy_grad": columnEntropyGradAVX2,
		},
		drop: dropping(dropAVX2), dropout: dropScaled, sum: sumAVX2, dot: dotAVX2, binaryEntropy: binaryEntropyAVX2, expRow: expRowAVX2, expSum: expSumAVX2,
		norm: &norms{
			moments: momentsAVX2, normalize: normalizeAVX2, dots: normDotsAVX2, grad: normGradAVX2, rowDots: rowDotsAVX2,
			columnSums: columnSumsAVX2, columnSquares: columnSquaresAVX2, columnAffine: columnAffineAVX2,
			columnDots: columnDotsAVX2, columnGrad: columnGradAVX2,
		},
	}
}
