package native

// columnSums are the sums of the columns of a product's second factor, which weight_bias_grad makes beside the product.
type columnSums struct {
	y, out []float32 // the factor, k x len(out), as it lies in memory; without out there is nothing to do
	apart  bool      // the product does not read y by rows, since it has few columns: they are summed before
}

func newColumnSums(c *Call) columnSums {
	if len(c.Out) < 2 {
		return columnSums{}
	}
	return columnSums{y: c.In[1].F32, out: c.Out[1].F32}
}

// wanted returns the sums that are made beside the piece of the result that begins in row i and column j: each by one piece.
func (q *columnSums) wanted(i, j, cols int) []float32 {
	if i > 0 || j >= len(q.out) {
		return nil
	}
	return q.out[j:min(j+cols, len(q.out))]
}

// beside has the sums of k rows of y, from row l on, made beside the next product of p.
func (q *columnSums) beside(p *blocking, l, k int, sums []float32, s *packs) {
	p.sums = nil
	if len(q.out) == 0 || len(sums) == 0 {
		return
	}
	clear(sums)
	if !q.apart {
		p.sums = sums
		return
	}
	n := len(q.out)
	for end := l + k; l < end; l += p.k {
		p.sumBlock(s, min(p.k, end-l), n, q.y[l*n:], n, p.tile, sums)
	}
}

// sumBlock adds the columns of a block of B, k x n, to sums. That is one more row of the product, whose row of A is ones: a single
// one, read again at every step. A block that has just been packed is in the cache.
func (p *blocking) sumBlock(s *packs, k, n int, block []float32, stepB, nextB int, sums []float32) {
	s.one[0] = 1
	for j, q := 0, 0; j < n; j, q = j+p.tile, q+nextB {
		w := min(p.tile, n-j)
		p.family.tile(1, w, k, s.one[:], 0, 0, block[q:][:(k-1)*stepB+w], stepB, sums[j:][:w], w, 1, true, nil, 0)
	}
}
