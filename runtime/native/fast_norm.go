package native

import "math"

// norms are a family's functions for layer and batch norms. They compute in float64, as the reference does: what a norm
// subtracts may be far larger than what is left.
//
// Columns are taken by blocks of up to 16, of rows that lie stride elements apart, and summed from the first row to the last.
// Coefficients of a block's columns are the rows of coef, 16 elements each.
type norms struct {
	moments   func(x []float32) (mean, squares float64)                                   // squares is the sum of (x-mean)^2
	normalize func(dst, x, gamma, beta []float32, mean, rstd float64)                     // (x-mean)*rstd*gamma + beta
	dots      func(dy, x, gamma []float32, mean float64) (sum, dot float64)               // of dy*gamma, and times x-mean
	grad      func(dst, dy, x, gamma []float32, mean, rstd, sum, slope float64)           // rstd*(dy*gamma - sum - (x-mean)*slope)
	rowDots   func(coef []float64, dy, x, means, rstds []float32, cols, rows, stride int) // sums dy, and dy*(x-mean)*rstd, into rows 0 and 1

	columnSums    func(coef []float64, x []float32, cols, rows, stride int)                    // into row 0
	columnSquares func(coef []float64, x []float32, cols, rows, stride int)                    // (x - row 0)^2 into row 1
	columnAffine  func(dst []float32, coef []float64, x []float32, cols, rows, stride int)     // (x - row 0)*row 1 + row 2
	columnDots    func(coef []float64, dy, x []float32, cols, rows, stride int)                // dy, and dy*(x - row 0), into rows 1 and 2
	columnGrad    func(dst []float32, coef []float64, dy, x []float32, cols, rows, stride int) // row 3 * (dy - row 1 - (x - row 0)*row 2)
}

// addFastNorms leaves the reference where a family has no such functions.
func addFastNorms(t Table, f *norms) {
	if f == nil {
		return
	}
	t["layer_norm"] = t["layer_norm"].faster(perRow, layerNorm32(f))
	grad := both(
		floats(perRow, layerNormGrad32(f), layerNormGrad[float64]),
		floats(perFeatureBlock, layerNormSums32(f), layerNormBlocks))
	grad.Parts, grad.Prepare = t["layer_norm_grad"].Parts, prepareCoefficients
	t["layer_norm_grad"] = grad
	for name, body := range map[string]body{
		"batch_norm": batchNorm32(f), "batch_norm_grad": batchNormGrad32(f), "batch_norm_eval": batchNormEval32(f),
	} {
		k, check := t[name], t[name].Prepare
		k.Prepare = func(c *Call) error {
			if check != nil {
				if err := check(c); err != nil {
					return err
				}
			}
			return prepareCoefficients(c)
		}
		t[name] = k.faster(perFeatureBlock, body)
	}
	t["batch_norm_eval"] = t["batch_norm_eval"].divided(perFeatureBlock, largest)
}

// coefficientRows is the number of coefficients of a feature.
const coefficientRows = 4

// prepareCoefficients makes the call's data: the coefficients of each block of features.
func prepareCoefficients(c *Call) error {
	c.Data = make([]float64, coefficientRows*featureBlock*perFeatureBlock(c))
	return nil
}

// blockOf returns the features of a block and its coefficients.
func blockOf(c *Call, block int) (from, to int, coef []float64) {
	const size = coefficientRows * featureBlock
	return block * featureBlock, min(perFeature(c), (block+1)*featureBlock), c.Data.([]float64)[block*size:][:size]
}

// columns returns a matrix from a column of its first row on, of which there is none where the matrix has no rows.
func columns(x []float32, from int) []float32 { return x[min(from, len(x)):] }

func layerNorm32(f *norms) body {
	return func(c *Call, lo, hi int) error {
		x, gamma, beta, n, eps := c.In[0].F32, c.In[1].F32, c.In[2].F32, width(c.In[0]), c.Node.Float("eps")
		for r := lo; r < hi; r++ {
			row := x[r*n : (r+1)*n]
			mean, squares := f.moments(row)
			rstd := 1 / math.Sqrt(squares/float64(n)+eps)
			f.normalize(c.Out[0].F32[r*n:(r+1)*n], row, gamma, beta, mean, rstd)
			c.Out[1].F32[r], c.Out[2].F32[r] = float32(mean), float32(rstd)
		}
		return nil
	}
}

func layerNormGrad32(f *norms) body {
	return func(c *Call, lo, hi int) error {
		dy, x, gamma, n := c.In[0].F32, c.In[1].F32, c.In[2].F32, width(c.In[0])
		for r := lo; r < hi; r++ {
			dys, xs, mean, rstd := dy[r*n:(r+1)*n], x[r*n:(r+1)*n], float64(c.In[3].F32[r]), float64(c.In[4].F32[r])
			sum, dot := f.dots(dys, xs, gamma, mean)
			f.grad(c.Out[0].F32[r*n:(r+1)*n], dys, xs, gamma, mean, rstd, sum/float64(n), dot/float64(n)*rstd*rstd)
		}
		return nil
	}
}

// layerNormSums32 makes blocks of dgamma and dbeta.
func layerNormSums32(f *norms) body {
	return func(c *Call, lo, hi int) error {
		dy, x, means, rstds, n, rows := c.In[0].F32, c.In[1].F32, c.In[3].F32, c.In[4].F32, width(c.In[0]), perRow(c)
		for ; lo < hi; lo++ {
			from, to, coef := blockOf(c, lo)
			f.rowDots(coef, columns(dy, from), columns(x, from), means, rstds, to-from, rows, n)
			for j := range to - from {
				c.Out[1].F32[from+j], c.Out[2].F32[from+j] = float32(coef[featureBlock+j]), float32(coef[j])
			}
		}
		return nil
	}
}

func layerNormBlocks(c *Call, lo, hi int) error {
	return layerNormSums[float64](c, lo*featureBlock, min(perFeature(c), hi*featureBlock))
}

func batchNorm32(f *norms) body {
	return func(c *Call, lo, hi int) error {
		x, gamma, beta, oldMean, oldVar := c.In[0].F32, c.In[1].F32, c.In[2].F32, c.In[3].F32, c.In[4].F32
		outMean, outVar, newMean, newVar := c.Out[1].F32, c.Out[2].F32, c.Out[3].F32, c.Out[4].F32
		n, rows, eps, momentum := width(c.In[0]), perRow(c), c.Node.Float("eps"), c.Node.Float("momentum")
		unbiased := float64(rows) / float64(rows-1)
		for ; lo < hi; lo++ {
			from, to, coef := blockOf(c, lo)
			mean, scale, shift := coef[:featureBlock], coef[featureBlock:], coef[2*featureBlock:]
			f.columnSums(coef, columns(x, from), to-from, rows, n)
			for j := range mean {
				mean[j] /= float64(rows)
			}
			f.columnSquares(coef, columns(x, from), to-from, rows, n)
			for j := range to - from {
				i, variance := from+j, scale[j]/float64(rows)
				scale[j], shift[j] = float64(gamma[i])/math.Sqrt(variance+eps), float64(beta[i])
				outMean[i], outVar[i] = float32(mean[j]), float32(variance)
				newMean[i] = float32((1-momentum)*float64(oldMean[i]) + momentum*mean[j])
				newVar[i] = float32((1-momentum)*float64(oldVar[i]) + momentum*variance*unbiased)
			}
			f.columnAffine(columns(c.Out[0].F32, from), coef, columns(x, from), to-from, rows, n)
		}
		return nil
	}
}

func batchNormGrad32(f *norms) body {
	return func(c *Call, lo, hi int) error {
		dy, x, gamma, mean, variance := c.In[0].F32, c.In[1].F32, c.In[2].F32, c.In[3].F32, c.In[4].F32
		dgamma, dbeta := c.Out[1].F32, c.Out[2].F32
		n, rows, eps := width(c.In[0]), perRow(c), c.Node.Float("eps")
		for ; lo < hi; lo++ {
			from, to, coef := blockOf(c, lo)
			center, sum, dot, scale := coef[:featureBlock], coef[featureBlock:], coef[2*featureBlock:], coef[3*featureBlock:]
			for j := range to - from {
				center[j] = float64(mean[from+j])
			}
			f.columnDots(coef, columns(dy, from), columns(x, from), to-from, rows, n)
			for j := range to - from {
				i := from + j
				rstd := 1 / math.Sqrt(float64(variance[i])+eps)
				dgamma[i], dbeta[i] = float32(dot[j]*rstd), float32(sum[j])
				sum[j], dot[j], scale[j] = sum[j]/float64(rows), dot[j]/float64(rows)*rstd*rstd, float64(gamma[i])*rstd
			}
			f.columnGrad(columns(c.Out[0].F32, from), coef, columns(dy, from), columns(x, from), to-from, rows, n)
		}
		return nil
	}
}

func batchNormEval32(f *norms) body {
	return func(c *Call, lo, hi int) error {
		x, gamma, beta, mean, variance := c.In[0].F32, c.In[1].F32, c.In[2].F32, c.In[3].F32, c.In[4].F32
		n, rows, eps := width(c.In[0]), perRow(c), c.Node.Float("eps")
		for ; lo < hi; lo++ {
			from, to, coef := blockOf(c, lo)
			for j := range to - from {
				i := from + j
				coef[j], coef[featureBlock+j] = float64(mean[i]), float64(gamma[i])/math.Sqrt(float64(variance[i])+eps)
				coef[2*featureBlock+j] = float64(beta[i])
			}
			f.columnAffine(columns(c.Out[0].F32, from), coef, columns(x, from), to-from, rows, n)
		}
		return nil
	}
}
