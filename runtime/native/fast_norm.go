package native

import "math"

// norms are a family's functions for layer and batch norms. They compute in float64, as the reference does: what a norm
// subtracts may be far larger than what is left.
//
// Columns are taken by tiles: some rows, which lie stride elements apart, of up to panelColumns columns. Sums go on from tile to
// tile, from the first row to the last. The coefficients of a panel are the rows of coef, panelColumns elements each.
type norms struct {
	moments   func(x []float32) (mean, squares float64)                                   // squares is the sum of (x-mean)^2
	normalize func(dst, x, gamma, beta []float32, mean, rstd float64)                     // (x-mean)*rstd*gamma + beta
	dots      func(dy, x, gamma []float32, mean float64) (sum, dot float64)               // of dy*gamma, and times x-mean
	grad      func(dst, dy, x, gamma []float32, mean, rstd, sum, slope float64)           // rstd*(dy*gamma - sum - (x-mean)*slope)
	rowDots   func(coef []float64, dy, x, means, rstds []float32, cols, rows, stride int) // adds dy, and dy*(x-mean)*rstd, to rows 0 and 1

	columnSums    func(coef []float64, x []float32, cols, rows, stride int)                    // added to row 0
	columnSquares func(coef []float64, x []float32, cols, rows, stride int)                    // (x - row 0)^2, added to row 1
	columnAffine  func(dst []float32, coef []float64, x []float32, cols, rows, stride int)     // (x - row 0)*row 1 + row 2
	columnDots    func(coef []float64, dy, x []float32, cols, rows, stride int)                // dy, and dy*(x - row 0), added to rows 1 and 2
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
	grad.Parts = t["layer_norm_grad"].Parts
	t["layer_norm_grad"] = grad
	for name, body := range map[string]body{
		"batch_norm": batchNorm32(f), "batch_norm_grad": batchNormGrad32(f), "batch_norm_eval": batchNormEval32(f),
	} {
		t[name] = t[name].faster(perFeatureBlock, body).divided(perPanel, largest)
	}
}

const (
	panelColumns = 256 // columns whose coefficients are kept together: memory gives a long piece of a row sooner than many short ones
	tileRows     = 16  // rows of a tile; the next tile is asked for while this one is read
)

// perPanel counts parts of as many features as a panel has, or of fewer where there would not be four.
func perPanel(c *Call) int {
	blocks := perFeatureBlock(c)
	return max(min(blocks, 4), (blocks*featureBlock+panelColumns-1)/panelColumns)
}

// coefficients are those of a panel's columns.
type coefficients [4 * panelColumns]float64

func (k *coefficients) row(i, cols int) []float64 { return k[i*panelColumns:][:cols] }

// A panel is the columns from from on of the rows of matrices of n columns, and their coefficients.
type panel struct {
	*coefficients
	from, cols, rows, n int
}

// panels calls do for each panel of the features in blocks lo to hi.
func panels(c *Call, free *spare[coefficients], lo, hi int, do func(p panel)) {
	p := panel{coefficients: free.take(), rows: perRow(c), n: width(c.In[0])}
	defer free.give(p.coefficients)
	for p.from = lo * featureBlock; p.from < min(p.n, hi*featureBlock); p.from += panelColumns {
		p.cols = min(panelColumns, min(p.n, hi*featureBlock)-p.from)
		do(p)
	}
}

// tiles calls do for each tile with the number of its rows and its place in the matrices.
func (p *panel) tiles(do func(at, rows int)) {
	for r := 0; r < p.rows; r += tileRows {
		do(r*p.n+p.from, min(tileRows, p.rows-r))
	}
}

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
	free := new(spare[coefficients])
	return func(c *Call, lo, hi int) error {
		dy, x, means, rstds := c.In[0].F32, c.In[1].F32, c.In[3].F32, c.In[4].F32
		panels(c, free, lo, hi, func(p panel) {
			sum, dot := p.row(0, p.cols), p.row(1, p.cols)
			clear(sum)
			clear(dot)
			p.tiles(func(at, rows int) {
				f.rowDots(p.coefficients[:], dy[at:], x[at:], means[at/p.n:], rstds[at/p.n:], p.cols, rows, p.n)
			})
			round(c.Out[1].F32[p.from:], dot)
			round(c.Out[2].F32[p.from:], sum)
		})
		return nil
	}
}

func layerNormBlocks(c *Call, lo, hi int) error {
	return layerNormSums[float64](c, lo*featureBlock, min(perFeature(c), hi*featureBlock))
}

func batchNorm32(f *norms) body {
	free := new(spare[coefficients])
	return func(c *Call, lo, hi int) error {
		x, gamma, beta, oldMean, oldVar := c.In[0].F32, c.In[1].F32, c.In[2].F32, c.In[3].F32, c.In[4].F32
		y, outMean, outVar, newMean, newVar := c.Out[0].F32, c.Out[1].F32, c.Out[2].F32, c.Out[3].F32, c.Out[4].F32
		eps, momentum := c.Node.Float("eps"), c.Node.Float("momentum")
		panels(c, free, lo, hi, func(p panel) {
			count, coef := float64(p.rows), p.coefficients[:]
			mean, scale, shift := p.row(0, p.cols), p.row(1, p.cols), p.row(2, p.cols)
			clear(mean)
			p.tiles(func(at, rows int) { f.columnSums(coef, x[at:], p.cols, rows, p.n) })
			for j := range mean {
				mean[j] /= count
			}
			clear(scale)
			p.tiles(func(at, rows int) { f.columnSquares(coef, x[at:], p.cols, rows, p.n) })
			for j := range mean {
				i, variance := p.from+j, scale[j]/count
				scale[j], shift[j] = float64(gamma[i])/math.Sqrt(variance+eps), float64(beta[i])
				outMean[i], outVar[i] = float32(mean[j]), float32(variance)
				newMean[i] = float32((1-momentum)*float64(oldMean[i]) + momentum*mean[j])
				newVar[i] = float32((1-momentum)*float64(oldVar[i]) + momentum*variance*(count/(count-1)))
			}
			p.tiles(func(at, rows int) { f.columnAffine(y[at:], coef, x[at:], p.cols, rows, p.n) })
		})
		return nil
	}
}

func batchNormGrad32(f *norms) body {
	free := new(spare[coefficients])
	return func(c *Call, lo, hi int) error {
		dy, x, gamma, mean, variance := c.In[0].F32, c.In[1].F32, c.In[2].F32, c.In[3].F32, c.In[4].F32
		dx, dgamma, dbeta, eps := c.Out[0].F32, c.Out[1].F32, c.Out[2].F32, c.Node.Float("eps")
		panels(c, free, lo, hi, func(p panel) {
			count, coef := float64(p.rows), p.coefficients[:]
			center, sum, dot, scale := p.row(0, p.cols), p.row(1, p.cols), p.row(2, p.cols), p.row(3, p.cols)
			for j := range center {
				center[j] = float64(mean[p.from+j])
			}
			clear(sum)
			clear(dot)
			p.tiles(func(at, rows int) { f.columnDots(coef, dy[at:], x[at:], p.cols, rows, p.n) })
			for j := range center {
				i := p.from + j
				rstd := 1 / math.Sqrt(float64(variance[i])+eps)
				dgamma[i], dbeta[i] = float32(dot[j]*rstd), float32(sum[j])
				sum[j], dot[j], scale[j] = sum[j]/count, dot[j]/count*rstd*rstd, float64(gamma[i])*rstd
			}
			p.tiles(func(at, rows int) { f.columnGrad(dx[at:], coef, dy[at:], x[at:], p.cols, rows, p.n) })
		})
		return nil
	}
}

func batchNormEval32(f *norms) body {
	free := new(spare[coefficients])
	return func(c *Call, lo, hi int) error {
		x, gamma, beta, mean, variance := c.In[0].F32, c.In[1].F32, c.In[2].F32, c.In[3].F32, c.In[4].F32
		y, eps := c.Out[0].F32, c.Node.Float("eps")
		panels(c, free, lo, hi, func(p panel) {
			center, scale, shift := p.row(0, p.cols), p.row(1, p.cols), p.row(2, p.cols)
			for j := range center {
				i := p.from + j
				center[j], scale[j] = float64(mean[i]), float64(gamma[i])/math.Sqrt(float64(variance[i])+eps)
				shift[j] = float64(beta[i])
			}
			p.tiles(func(at, rows int) { f.columnAffine(y[at:], p.coefficients[:], x[at:], p.cols, rows, p.n) })
		})
		return nil
	}
}
