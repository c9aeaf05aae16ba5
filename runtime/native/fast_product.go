package native

import "sync"

func addFastProducts(t Table, f *family) {
	for _, name := range []string{"matmul", "project"} {
		t[name] = t[name].faster(perPiece, newMatmul32(f)).divided(perPiece, productWork)
	}
}

// perPiece counts the pieces of all matrices of a product's result.
func perPiece(c *Call) int {
	p := c.Data.(*productShape)
	g := newGrid(p.m, p.n, p.k)
	return p.batch * g.down * g.across
}

// grid says how each matrix of a product's result is cut into pieces that workers share: down x across of them, of rows x cols
// elements, those at the edges less.
type grid struct{ down, across, rows, cols int }

// newGrid cuts large products. A piece packs the factors for itself, so pieces are so wide that this costs little; narrower
// ones are made only where there would be too few. They consist of whole tiles of every family.
func newGrid(m, n, k int) grid {
	if n == 1 {
		m, n = n, m // see matmulPieces
	}
	g := grid{1, 1, m, n}
	for {
		work, side := g.rows*g.cols*k, max(g.rows, g.cols)
		if !(work > 1<<22 && side > 512 || work > 1<<23 && side >= 128 && g.down*g.across < 4) {
			return g
		}
		if g.rows >= g.cols {
			g.rows = roundUp((g.rows+1)/2, 12)
		} else {
			g.cols = roundUp((g.cols+1)/2, 32)
		}
		g.down, g.across = roundUp(m, g.rows)/g.rows, roundUp(n, g.cols)/g.cols
	}
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

// productWork counts multiplications, 64 of which cost about as much as one element of other ops. To begin a product costs as
// much as some thousands.
func productWork(c *Call) int {
	p := c.Data.(*productShape)
	return p.batch * (p.m*p.n*p.k + 1<<12) / 64
}

// newMatmul32 returns the body of dense products. All its calls share the scratch memory for packed factors, so there is
// as much of it as there are workers.
func newMatmul32(f *family) body {
	pool := &sync.Pool{New: func() any { return new(packs) }}
	return func(c *Call, lo, hi int) error {
		p, s := c.Data.(*productShape), pool.Get().(*packs)
		matmulPieces(c, p, f, lo, hi, s)
		pool.Put(s)
		return nil
	}
}

// matmulPieces computes pieces of the result.
func matmulPieces(c *Call, p *productShape, f *family, lo, hi int, s *packs) {
	m, n, k, scale := p.m, p.n, p.k, float32(p.scale)
	a, b := matrix{down: k, right: 1}, matrix{down: n, right: 1}
	if p.transA {
		a.down, a.right = 1, m
	}
	if p.transB {
		b.down, b.right = 1, k
	}
	x, y, out := c.In[0].F32, c.In[1].F32, c.Out[0].F32
	g := newGrid(m, n, k)
	if n == 1 { // A column lies in memory like a row, and tiles are wide.
		m, n, a, b, x, y = n, m, b.transposed(), a.transposed(), y, x
	}
	blocking := f.blocks(g.rows, g.cols, k, &a, &b)
	for piece := lo; piece < hi; piece++ {
		batch, i, j := piece, 0, 0
		if g.down*g.across > 1 {
			batch, i, j = piece/(g.down*g.across), piece/g.across%g.down*g.rows, piece%g.across*g.cols
		}
		rows, cols, out := min(g.rows, m-i), min(g.cols, n-j), out[batch*m*n+i*n+j:]
		if k == 0 {
			for r := range rows {
				clear(out[r*n:][:cols])
			}
			continue
		}
		a.x, b.x = x[batch*m*k+i*a.down:], y[batch*k*n+j*b.right:]
		blocking.product(rows, cols, k, scale, &a, &b, out, n, s)
	}
}
