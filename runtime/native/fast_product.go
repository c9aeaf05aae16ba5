package native

import (
	"sync"

	"gonum.org/v1/gonum/blas/gonum"
)

func addFastProducts(t Table) {
	matmul32 := newMatmul32()
	for _, name := range []string{"matmul", "project"} {
		t[name] = t[name].faster(perTile, matmul32).divided(perTile, productWork)
	}
	t["spmm"] = t["spmm"].faster(perRowOfResult, spmm32).divided(perRowOfResult, sparseWork)
	t["sddmm"] = t["sddmm"].faster(perElement, sddmm32).divided(perElement, sparseWork)
}

// perTile counts the tiles of all matrices of a product's result, of which sgemm makes each in one block of C.
func perTile(c *Call) int {
	p := c.Data.(*productShape)
	return p.batch * blocks(p.m, blockM) * blocks(p.n, blockN)
}

func blocks(n, size int) int { return (n + size - 1) / size }

// productWork counts multiplications, sixteen of which cost about as much as one element of other ops.
func productWork(c *Call) int {
	p := c.Data.(*productShape)
	return p.batch * p.m * p.n * p.k / 16
}

// newMatmul32 returns the body of dense products. All its calls share the scratch memory for transposed blocks, so there is
// as much of it as there are workers.
func newMatmul32() body {
	pool := &sync.Pool{New: func() any { return new(packs) }}
	return func(c *Call, lo, hi int) error {
		p := c.Data.(*productShape)
		if !p.transA && !p.transB {
			matmulTiles(c, p, lo, hi, nil)
			return nil
		}
		pack := pool.Get().(*packs)
		matmulTiles(c, p, lo, hi, pack)
		pool.Put(pack)
		return nil
	}
}

func matmulTiles(c *Call, p *productShape, lo, hi int, pack *packs) {
	tilesM, tilesN := blocks(p.m, blockM), blocks(p.n, blockN)
	lda, ldb := p.k, p.n
	if p.transA {
		lda = p.m
	}
	if p.transB {
		ldb = p.k
	}
	for tile := lo; tile < hi; tile++ {
		batch, i, j := tile/(tilesM*tilesN), tile/tilesN%tilesM*blockM, tile%tilesN*blockN
		a, b, out := c.In[0].F32[batch*p.m*p.k:], c.In[1].F32[batch*p.k*p.n:], c.Out[0].F32[batch*p.m*p.n+i*p.n+j:]
		if p.k > 0 {
			a, b = a[rowStart(p.transA, i, lda):], b[rowStart(!p.transB, j, ldb):]
		}
		sgemm(p.transA, p.transB, min(blockM, p.m-i), min(blockN, p.n-j), p.k, float32(p.scale), a, lda, b, ldb, 0, out, p.n, pack)
	}
}

// rowStart is the place of row i of a matrix, or of row i of its transpose.
func rowStart(trans bool, i, ld int) int {
	if trans {
		return i
	}
	return i * ld
}

// sparseWork counts the multiplications of spmm and sddmm, whose last operand has a row for each column of the pattern, or
// for each row.
func sparseWork(c *Call) int { return c.In[0].Pattern.NNZ() * rowLen(c.In[2]) }

// spmm32 adds the rows of x to the row of the result, entry by entry.
func spmm32(c *Call, lo, hi int) error {
	p, entries, x, out := c.In[0].Pattern, c.In[1].F32, c.In[2].F32, c.Out[0].F32
	heads, n, trans := headsOf(c.In[1], 2), width(c.In[2]), c.Node.Bool("trans")
	for r := lo; r < hi; r++ {
		dst := out[r*heads*n : (r+1)*heads*n]
		clear(dst)
		first, end, other := line(p, trans, r)
		for q := first; q < end; q++ {
			entry, row := entries[entryAt(p, trans, q)*heads:], x[int(other[q])*heads*n:]
			for h := range heads {
				gonum.Implementation{}.Saxpy(n, entry[h], row[h*n:], 1, dst[h*n:], 1)
			}
		}
	}
	return nil
}

// sddmm32 sums each inner product in four strands.
func sddmm32(c *Call, lo, hi int) error {
	p, heads, n := c.In[0].Pattern, headsOf(c.In[1], 3), width(c.In[1])
	for i := lo; i < hi; i++ {
		k, h := i/heads, i%heads
		a, b := c.In[1].F32[(int(p.Row[k])*heads+h)*n:][:n], c.In[2].F32[(int(p.Col[k])*heads+h)*n:][:n]
		var s0, s1, s2, s3 float32
		for len(a) >= 4 && len(b) >= 4 {
			s0 += a[0] * b[0]
			s1 += a[1] * b[1]
			s2 += a[2] * b[2]
			s3 += a[3] * b[3]
			a, b = a[4:], b[4:]
		}
		for j, v := range a {
			s0 += v * b[j]
		}
		c.Out[0].F32[i] = (s0 + s1) + (s2 + s3)
	}
	return nil
}
