package native

import "graft/graph"

func addFastProducts(t Table, f *family, v *vectors) {
	pool, copies := new(spare[packs]), new(slabs)
	for _, name := range []string{"matmul", "project", "fused_matmul", "fused_matmul_add", "fused_project", "weight_bias_grad"} {
		k := t[name].faster(perPiece, newProduct32(f, v, pool)).divided(perPiece, productWork)
		k.Prepare = func(c *Call) error {
			p := newProduct(c)
			p.grid = newGrid(p)
			if p.grid.deep > 1 && c.Out[0].DType == graph.F32 {
				size := 0
				for _, b := range c.Out {
					size += b.Len()
				}
				p.sum = newSplitSum(p.grid.deep, size, v)
			}
			c.Data = p
			if p.shares() && c.In[1].DType == graph.F32 {
				p.grid = sharedGrid(p)
				p.shared = newSharedProduct(c, k.Parts(c), f, v, pool, copies)
			}
			return nil
		}
		k.Run = k.unlessShared()
		t[name] = k
	}
	addFastProjections(t, f, v, pool)
}

// perPiece counts the pieces of all matrices of a product's result.
func perPiece(c *Call) int {
	p := c.Data.(*productShape)
	return p.batch * p.grid.down * p.grid.across * p.grid.deep
}

// grid says how each matrix of a product is cut into pieces that workers share: its result into down x across of rows x cols
// elements, those at the edges less, or the inner dimension into deep of depth terms, the last less.
type grid struct{ down, across, deep, rows, cols, depth int }

// newGrid cuts large products. A piece packs the factors for itself, so pieces are so wide that this costs little; narrower
// ones are made only where there would be too few. They consist of whole tiles of every family. A small result of a long inner
// dimension, such as the gradient of a weight, is made of sums over pieces of it: so each factor is still packed once.
func newGrid(p *productShape) grid {
	m, n, k := p.m, p.n, p.k
	if n == 1 {
		m, n = n, m // see pieces
	}
	g := grid{1, 1, 1, m, n, k}
	if size := m * n; p.batch == 1 && p.tail == plain && size <= 1<<17 && k >= 16*max(depth, m, n) && size*k > 1<<23 {
		g.depth = roundUp((k+3)/4, depth)
		g.deep = (k + g.depth - 1) / g.depth
		return g
	}
	const small = 1 << 12 // a B that is packed in no time
	if p.batch == 1 && m >= 1024 && n*k <= small {
		g.rows = roundUp((m+3)/4, maxRows)
		g.down = ceil(m, g.rows)
		return g
	}
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
// much as some thousands, and to begin the tiles of a row as many as a thousand.
func productWork(c *Call) int {
	p := c.Data.(*productShape)
	return p.batch * (p.m*(p.n*p.k+1<<10) + 1<<12) / 64
}

// newProduct32 returns the body of dense products. All its calls share the scratch memory for packed factors, so there is
// as much of it as there are workers.
func newProduct32(f *family, v *vectors, pool *spare[packs]) body {
	return func(c *Call, lo, hi int) error {
		s := pool.take()
		pieces(c, f, v, lo, hi, s, nil)
		pool.give(s)
		return nil
	}
}

// factors returns A and B, without their elements.
func (p *productShape) factors() (a, b matrix) {
	a, b = matrix{down: p.k, right: 1}, matrix{down: p.n, right: 1}
	if p.transA {
		a.down, a.right = 1, p.m
	}
	if p.transB {
		b.down, b.right = 1, p.k
	}
	return a, b
}

// pieces computes pieces of the result. Where they share B, its packed copy is given.
func pieces(c *Call, f *family, v *vectors, lo, hi int, s *packs, packed []float32) {
	p := c.Data.(*productShape)
	m, n, k, g := p.m, p.n, p.k, &p.grid
	a, b := p.factors()
	x, y, out := c.In[0].F32, c.In[1].F32, c.Out[0].F32
	bias := newColumnSums(c)
	var whole, here epilogue
	var e *epilogue
	if p.tail != plain {
		whole, e = newEpilogue(c, &p.tail, v), &here
	}
	if n == 1 { // A column lies in memory like a row, and tiles are wide.
		m, n, a, b, x, y, whole.column = n, m, b.transposed(), a.transposed(), y, x, true
	}
	blocking := f.blocks(g.rows, g.cols, g.depth, &a, &b)
	bias.apart = whole.column || blocking.narrow
	if packed != nil {
		blocking.share(packed)
	}
	for piece := lo; piece < hi; piece++ {
		if g.deep > 1 {
			l := piece * g.depth
			a.x, b.x = x[l*a.right:], y[l*b.down:]
			depth, made := min(g.depth, k-l), p.sum.begin(piece)
			bias.beside(&blocking, l, depth, made[m*n:], s)
			blocking.product(m, n, depth, float32(p.scale), &a, &b, made, n, nil, s)
			p.sum.end(piece, out, bias.out)
			continue
		}
		batch, i, j := piece, 0, 0
		if g.down*g.across > 1 {
			batch, i, j = piece/(g.down*g.across), piece/g.across%g.down*g.rows, piece%g.across*g.cols
		}
		first := batch*m*n + i*n + j
		rows, cols, dst := min(g.rows, m-i), min(g.cols, n-j), out[first:]
		if e != nil {
			here = whole.from(first, j)
		}
		bias.beside(&blocking, 0, k, bias.wanted(i, j, cols), s)
		if k == 0 {
			empty(dst, rows, cols, n, e)
			continue
		}
		a.x, b.x = x[batch*m*k+i*a.down:], y[batch*k*n+j*b.right:]
		blocking.product(rows, cols, k, float32(p.scale), &a, &b, dst, n, e, s)
	}
}

// empty computes the product of factors without an inner dimension.
func empty(c []float32, rows, cols, rowC int, e *epilogue) {
	if e != nil && e.z != nil {
		e.begin(c, 0, rows, cols, rowC)
	} else {
		for r := range rows {
			clear(c[r*rowC:][:cols])
		}
	}
	if e != nil {
		e.finish(c, 0, rows, cols, rowC, 0)
	}
}
