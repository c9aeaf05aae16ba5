package native

import (
	"fmt"
	"math"
)

func normReference() Table {
	batch := floats(perFeatureBlock, batchNorm[float32], batchNorm[float64]).inPlace(0, -1, -1, 3, 4)
	batch.Prepare = func(c *Call) error {
		if rows := perRow(c); rows < 2 {
			return fmt.Errorf("a batch of %d rows has no unbiased variance", rows)
		}
		return nil
	}
	return Table{
		"batch_norm":      batch,
		"batch_norm_grad": floats(perFeatureBlock, batchNormGrad[float32], batchNormGrad[float64]).inPlace(0, -1, -1),
		"batch_norm_eval": floats(perRow, batchNormEval[float32], batchNormEval[float64]).inPlace(0),
		"layer_norm":      floats(perRow, layerNorm[float32], layerNorm[float64]).inPlace(0, -1, -1),
		// A part has its rows of dx and its features of dgamma and dbeta, so that each sum is made in one place. The features
		// are read after other parts have written dx: it cannot lie in dy's place.
		"layer_norm_grad": both(
			floats(perRow, layerNormGrad[float32], layerNormGrad[float64]),
			floats(perFeature, layerNormSums[float32], layerNormSums[float64])),
	}
}

// both returns the kernel whose parts run a part of each.
func both(first, second Kernel) Kernel {
	return Kernel{Run: func(c *Call, part, parts int) error {
		if err := first.Run(c, part, parts); err != nil {
			return err
		}
		return second.Run(c, part, parts)
	}}
}

// featureBlock is the number of features whose sums over the rows are made together: a cache line of float32.
const featureBlock = 16

func perFeature(c *Call) int { return width(c.In[0]) }

func perFeatureBlock(c *Call) int { return (perFeature(c) + featureBlock - 1) / featureBlock }

// features holds a number for each feature of a block.
type features [featureBlock]float64

// moments returns the mean and the biased variance of the features from to to of rows of n, in two passes.
func moments[T float](x []T, rows, n, from, to int) (mean, variance features) {
	for r := range rows {
		for j, v := range x[r*n+from : r*n+to] {
			mean[j] += float64(v)
		}
	}
	for j := range mean {
		mean[j] /= float64(rows)
	}
	for r := range rows {
		for j, v := range x[r*n+from : r*n+to] {
			d := float64(v) - mean[j]
			variance[j] += d * d
		}
	}
	for j := range variance {
		variance[j] /= float64(rows)
	}
	return mean, variance
}

func batchNorm[T float](c *Call, lo, hi int) error {
	x, gamma, beta, oldMean, oldVar := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2]), data[T](c.In[3]), data[T](c.In[4])
	y, outMean, outVar, newMean, newVar := data[T](c.Out[0]), data[T](c.Out[1]), data[T](c.Out[2]), data[T](c.Out[3]), data[T](c.Out[4])
	n, rows, eps, momentum := width(c.In[0]), perRow(c), c.Node.Float("eps"), c.Node.Float("momentum")
	unbiased := float64(rows) / float64(rows-1)
	for ; lo < hi; lo++ {
		from, to := lo*featureBlock, min(n, (lo+1)*featureBlock)
		mean, variance := moments(x, rows, n, from, to)
		var scale, shift features
		for j := range to - from {
			f := from + j
			scale[j], shift[j] = float64(gamma[f])/math.Sqrt(variance[j]+eps), float64(beta[f])
			outMean[f], outVar[f] = T(mean[j]), T(variance[j])
			newMean[f] = T((1-momentum)*float64(oldMean[f]) + momentum*mean[j])
			newVar[f] = T((1-momentum)*float64(oldVar[f]) + momentum*variance[j]*unbiased)
		}
		for r := range rows {
			dst := y[r*n+from : r*n+to]
			for j, v := range x[r*n+from : r*n+to] {
				dst[j] = T((float64(v)-mean[j])*scale[j] + shift[j])
			}
		}
	}
	return nil
}

func batchNormGrad[T float](c *Call, lo, hi int) error {
	dy, x, gamma, mean, variance := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2]), data[T](c.In[3]), data[T](c.In[4])
	dx, dgamma, dbeta := data[T](c.Out[0]), data[T](c.Out[1]), data[T](c.Out[2])
	n, rows, eps := width(c.In[0]), perRow(c), c.Node.Float("eps")
	for ; lo < hi; lo++ {
		from, to := lo*featureBlock, min(n, (lo+1)*featureBlock)
		var center, rstd, scale, sum, dot features
		for j := range to - from {
			f := from + j
			center[j], rstd[j] = float64(mean[f]), 1/math.Sqrt(float64(variance[f])+eps)
			scale[j] = float64(gamma[f]) * rstd[j]
		}
		for r := range rows {
			xs := x[r*n+from : r*n+to]
			for j, d := range dy[r*n+from : r*n+to] {
				sum[j] += float64(d)
				dot[j] += float64(d) * (float64(xs[j]) - center[j]) * rstd[j]
			}
		}
		for j := range to - from {
			dgamma[from+j], dbeta[from+j] = T(dot[j]), T(sum[j])
			sum[j], dot[j] = sum[j]/float64(rows), dot[j]/float64(rows)
		}
		for r := range rows {
			xs, dst := x[r*n+from:r*n+to], dx[r*n+from:r*n+to]
			for j, d := range dy[r*n+from : r*n+to] {
				dst[j] = T(scale[j] * (float64(d) - sum[j] - (float64(xs[j])-center[j])*rstd[j]*dot[j]))
			}
		}
	}
	return nil
}

func batchNormEval[T float](c *Call, lo, hi int) error {
	x, gamma, beta, mean, variance := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2]), data[T](c.In[3]), data[T](c.In[4])
	y, n, eps := data[T](c.Out[0]), width(c.In[0]), c.Node.Float("eps")
	for from := 0; from < n; from += featureBlock {
		to := min(n, from+featureBlock)
		var center, scale, shift features
		for j := range to - from {
			f := from + j
			center[j], scale[j], shift[j] = float64(mean[f]), float64(gamma[f])/math.Sqrt(float64(variance[f])+eps), float64(beta[f])
		}
		for r := lo; r < hi; r++ {
			dst := y[r*n+from : r*n+to]
			for j, v := range x[r*n+from : r*n+to] {
				dst[j] = T((float64(v)-center[j])*scale[j] + shift[j])
			}
		}
	}
	return nil
}

func layerNorm[T float](c *Call, lo, hi int) error {
	x, gamma, beta := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2])
	y, outMean, outRstd := data[T](c.Out[0]), data[T](c.Out[1]), data[T](c.Out[2])
	n, eps := width(c.In[0]), c.Node.Float("eps")
	for r := lo; r < hi; r++ {
		row, dst := x[r*n:(r+1)*n], y[r*n:(r+1)*n]
		mean, variance := 0.0, 0.0
		for _, v := range row {
			mean += float64(v)
		}
		mean /= float64(n)
		for _, v := range row {
			d := float64(v) - mean
			variance += d * d
		}
		rstd := 1 / math.Sqrt(variance/float64(n)+eps)
		for j, v := range row {
			dst[j] = T((float64(v)-mean)*rstd*float64(gamma[j]) + float64(beta[j]))
		}
		outMean[r], outRstd[r] = T(mean), T(rstd)
	}
	return nil
}

func layerNormGrad[T float](c *Call, lo, hi int) error {
	dy, x, gamma, means, rstds := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2]), data[T](c.In[3]), data[T](c.In[4])
	dx, n := data[T](c.Out[0]), width(c.In[0])
	for r := lo; r < hi; r++ {
		ds, xs, dst := dy[r*n:(r+1)*n], x[r*n:(r+1)*n], dx[r*n:(r+1)*n]
		mean, rstd, sum, dot := float64(means[r]), float64(rstds[r]), 0.0, 0.0
		for j, d := range ds {
			g := float64(d) * float64(gamma[j])
			sum += g
			dot += g * (float64(xs[j]) - mean) * rstd
		}
		sum, dot = sum/float64(n), dot/float64(n)
		for j, d := range ds {
			dst[j] = T(rstd * (float64(d)*float64(gamma[j]) - sum - (float64(xs[j])-mean)*rstd*dot))
		}
	}
	return nil
}

// layerNormSums makes the features lo to hi of dgamma and dbeta.
func layerNormSums[T float](c *Call, lo, hi int) error {
	dy, x, means, rstds := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[3]), data[T](c.In[4])
	dgamma, dbeta, n, rows := data[T](c.Out[1]), data[T](c.Out[2]), width(c.In[0]), perRow(c)
	for from := lo; from < hi; from += featureBlock {
		to := min(hi, from+featureBlock)
		var sum, dot features
		for r := range rows {
			mean, rstd, xs := float64(means[r]), float64(rstds[r]), x[r*n+from:r*n+to]
			for j, d := range dy[r*n+from : r*n+to] {
				sum[j] += float64(d)
				dot[j] += float64(d) * (float64(xs[j]) - mean) * rstd
			}
		}
		for j := range to - from {
			dgamma[from+j], dbeta[from+j] = T(dot[j]), T(sum[j])
		}
	}
	return nil
}
