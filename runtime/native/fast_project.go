package native

import (
	"math"

	"graft/graph"
	"graft/runtime/rng"
)

// addFastProjections adds the projections whose matrix is generated. They are cut into the pieces of the same product by a matrix in
// memory, and sum in the same order: they have its bits.
func addFastProjections(t Table, f *family, v *vectors, pool *spare[packs]) {
	slabs, stored := new(spare[slab]), t["project"]
	generated := func(c *Call, lo, hi int) error {
		s, b := pool.take(), slabs.take()
		generatedPieces(c, f, v, lo, hi, s, b)
		pool.give(s)
		slabs.give(b)
		return nil
	}
	fast := Kernel{Prepare: stored.Prepare, Parts: stored.Parts, Run: split(perPiece, func(*Call) body { return generated })}
	for _, name := range []string{"project_generated", "fused_project_generated"} {
		t[name] = t[name].orInF32(fast)
	}
}

// orInF32 returns a kernel that is k but in f32.
func (k Kernel) orInF32(fast Kernel) Kernel {
	pick := func(c *Call) *Kernel {
		if c.Out[0].DType == graph.F32 {
			return &fast
		}
		return &k
	}
	return Kernel{
		Prepare: func(c *Call) error { return pick(c).Prepare(c) },
		Parts: func(c *Call) int {
			if parts := pick(c).Parts; parts != nil {
				return parts(c)
			}
			return 1
		},
		Run: func(c *Call, part, parts int) error { return pick(c).Run(c, part, parts) },
	}
}

// slab is scratch memory for rows of a block of B.
type slab struct{ x []float32 }

// of returns memory for n elements; it grows at first.
func (s *slab) of(n int) []float32 {
	if len(s.x) < n {
		s.x = make([]float32, n)
	}
	return s.x[:n]
}

// generatedPieces computes pieces of the result.
func generatedPieces(c *Call, f *family, v *vectors, lo, hi int, s *packs, rows *slab) {
	p := c.Data.(*productShape)
	b := generated{columns: p.n, stream: rng.New(c.In[1].I32[0], 0, c.Node.Str("stream")), dist: c.Node.Str("dist"), vectors: v, slab: rows}
	e, out, g := matrix{c.In[0].F32, p.k, 1}, c.Out[0].F32, p.grid
	var whole epilogue
	if p.tail != plain {
		whole = newEpilogue(c, &p.tail, v)
	}
	if p.n == 1 { // the grid is that of the transposed product
		g.down, g.across, g.rows, g.cols = g.across, g.down, g.cols, g.rows
	}
	for piece := lo; piece < hi; piece++ {
		if g.deep > 1 {
			l := piece * g.depth
			e.x = c.In[0].F32[l:]
			f.multiplyGenerated(p.m, p.n, min(g.depth, p.k-l), g.depth, float32(p.scale), e, &b, l, 0, p.sum.begin(piece), whole, s)
			p.sum.end(piece, out)
			continue
		}
		i, j := piece/g.across*g.rows, piece%g.across*g.cols
		first := i*p.n + j
		e.x = c.In[0].F32[i*p.k:]
		f.multiplyGenerated(min(g.rows, p.m-i), min(g.cols, p.n-j), p.k, p.k, float32(p.scale), e, &b, 0, j, out[first:], whole.from(first, j), s)
	}
}

// multiplyGenerated computes C = scale * A B for m rows of A and the n columns of B from column j on, over k terms from term l on; B's
// rows are generated a block at a time. The products of the blocks are added in order, each to the sum of those before it, which
// blocking.product takes for the z of an epilogue: those are the blocks and the order in which it sums itself. whole is the epilogue of
// the sum; inner is the length that the blocks are chosen by.
func (f *family) multiplyGenerated(m, n, k, inner int, scale float32, a matrix, b *generated, l, j int, c []float32, whole epilogue, s *packs) {
	if m == 0 || k == 0 {
		empty(c, m, n, b.columns, &whole)
		return
	}
	length := even(inner, depth, 4)
	var here epilogue
	for left := 0; left < n; left += breadth {
		cols, dst, x := min(breadth, n-left), c[left:], a
		for done := 0; done < k; done += length {
			terms, by := min(length, k-done), float32(1)
			here = epilogue{}
			if done+terms == k {
				here, by = whole.from(left, left), scale
			}
			if done > 0 {
				here.z = dst
			}
			block := matrix{b.rows(l+done, terms, j+left, cols), cols, 1}
			blocking := f.blocks(m, cols, terms, &x, &block)
			blocking.product(m, cols, terms, by, &x, &block, dst, b.columns, &here, s)
			x.x = x.x[min(length, len(x.x)):]
		}
	}
}

// generated is a feedback matrix whose rows are generated when they are asked for.
type generated struct {
	columns int
	stream  rng.Stream
	dist    string
	vectors *vectors
	slab    *slab
}

// rows returns the elements of so many rows and columns, from the given ones on, row by row.
func (b *generated) rows(row, rows, col, cols int) []float32 {
	x := b.slab.of(rows * cols)
	if cols == b.columns { // they lie together
		rows, cols = 1, rows*cols
	}
	for r := range rows {
		b.draw(x[r*cols:(r+1)*cols], (row+r)*b.columns+col)
	}
	return x
}

// draw does what [independent] does.
func (b *generated) draw(dst []float32, first int) {
	b.stream.Uniform32(dst, first)
	if b.dist == "uniform" { // exact, as draws have 24 bits
		b.vectors.point["scale"](dst, dst, 2)
		b.vectors.point["shift"](dst, dst, -1)
		return
	}
	for i, u := range dst { // the sign of u - 1/2, without a branch that nobody could predict
		dst[i] = math.Float32frombits(math.Float32bits(1) | math.Float32bits(u-0.5)&(1<<31))
	}
}
