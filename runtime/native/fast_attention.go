package native

import (
	"math"

	"graft/graph"
	"graft/runtime/rng"
)

// Sizes of the tiles in which attention makes scores.
const (
	queryRows = 64
	keyCols   = 128
)

// attender makes attention of float32 in tiles, so that no more scores are held than one tile has for each worker, however long
// sequences are. A block of queries meets the keys tile by tile, which the packed product multiplies. Its weights are relative to
// the largest score so far, with a running sum of them; where a tile has a larger one, what has been mixed is scaled down (Milakov
// and Gimelshein, Online normalizer calculation for softmax, 2018; Dao et al., FlashAttention, 2022). The gradient makes the tiles
// once more, with weights relative to the logarithm of each row's sum.
//
// Tiles above a causal diagonal are left out unless what is masked has a weight that float32 can hold.
type attender struct {
	f    *family
	v    *vectors
	free *spare[scoreTile]
}

// scoreTile is what one worker needs for a block of queries.
type scoreTile struct {
	packs               packs
	scores, kept, grads [queryRows * keyCols]float32
	drawn               [keyCols]float32
	top                 [queryRows]float32 // the largest score of each row so far, or the logarithm of the row's sum
	sum                 [queryRows]float64 // of each row's weights, or of dy times y
}

func addFastAttention(t Table, f *family, v *vectors) {
	a := &attender{f, v, new(spare[scoreTile])}
	for name, fast := range map[string]struct {
		units func(c *Call) int
		body  body
	}{"attention": {perQueryBlock, a.mixBlocks}, "attention_grad": {perHead, a.headGrads}} {
		k, prepare := t[name].faster(fast.units, fast.body), t[name].Prepare
		parts := Kernel{}.divided(fast.units, attentionWork).Parts
		k.Prepare = func(c *Call) error {
			if c.Out[0].DType != graph.F32 {
				return prepare(c)
			}
			h := newHeaded(c)
			c.Data = &h
			return nil
		}
		k.Parts = func(c *Call) int {
			if c.Out[0].DType != graph.F32 {
				return 1
			}
			return parts(c)
		}
		t[name] = k
	}
}

func perHead(c *Call) int {
	h := c.Data.(*headed)
	return h.batch * h.heads
}

func perQueryBlock(c *Call) int { return perHead(c) * c.Data.(*headed).blocks() }

func (h *headed) blocks() int { return (h.time + queryRows - 1) / queryRows }

// attentionWork counts the terms of products as productWork does.
func attentionWork(c *Call) int {
	h := c.Data.(*headed)
	return perHead(c) * h.time * h.time * h.dim / 32
}

// product adds A B, with A m x n and k inner, to C, or sets C to scale * A B.
func (a *attender) product(m, n, k int, scale float32, x, y matrix, c []float32, rowC int, add bool, s *packs) {
	p := a.f.blocks(m, n, k, &x, &y)
	if add {
		p.product(m, n, k, 1, &x, &y, c, rowC, &epilogue{z: c}, s)
	} else {
		p.product(m, n, k, scale, &x, &y, c, rowC, nil, s)
	}
}

// block is a head's queries from number from on.
type block struct {
	*headed
	first, from, rows int
	fill              float32
	draws             rng.Stream
	drawn             int // the number of the draw for the score of query and key 0
}

func (h *headed) block(head, number int, draws rng.Stream) block {
	from := number * queryRows
	return block{h, h.first(head), from, min(queryRows, h.time-from), float32(h.fill), draws, head * h.time * h.time}
}

// tile returns the width of the tile from key j on; a block that reaches no further needs no more keys.
func (b *block) tile(j int) int {
	w := min(keyCols, b.time-j)
	if seen := b.from + b.rows - j; b.causal && seen > 0 {
		w = min(w, seen)
	}
	return w
}

// done reports whether the scores from key j on are masked and have no weight in any row.
func (b *block) done(j int, t *scoreTile) bool {
	if j >= b.time {
		return true
	}
	if !b.causal || j < b.from+b.rows {
		return false
	}
	for _, top := range t.top[:b.rows] {
		if b.maskedWeight(top) != 0 {
			return false
		}
	}
	return true
}

func (b *block) maskedWeight(top float32) float32 { return float32(math.Exp(float64(b.fill - top))) }

// seen returns how many keys of the tile from key j on row r sees.
func (b *block) seen(r, j, w int) int {
	if b.causal {
		w = max(0, min(w, b.from+r+1-j))
	}
	return w
}

// rowsOf returns rows of an operand, from number i on.
func (b *block) rowsOf(x []float32, i int) matrix {
	return matrix{x[b.first+i*b.down:], b.down, 1}
}

// row returns row r of an operand.
func (b *block) row(x []float32, r int) []float32 { return x[b.first+(b.from+r)*b.down:][:b.dim] }

// scores makes the block's products with the rows of y from j on.
func (a *attender) scores(b *block, x, y []float32, j, w int, scale float64, dst []float32, t *scoreTile) {
	if !b.causal || j < b.from+b.rows {
		a.product(b.rows, w, b.dim, float32(scale), b.rowsOf(x, b.from), b.rowsOf(y, j).transposed(), dst, w, false, &t.packs)
	}
}

// weigh turns scores, of which the row sees some, into weights relative to the largest of them and top. Beyond counted ones they
// are 0.
func (a *attender) weigh(b *block, row []float32, seen int, top float32) (largest float32, sum float64, counted int) {
	largest, counted = top, seen
	if seen > 0 {
		largest, sum = a.v.expRow(row[:seen], row[:seen], top)
	}
	masked := row[seen:]
	if len(masked) == 0 {
		return
	}
	w := b.maskedWeight(largest)
	for i := range masked {
		masked[i] = w
	}
	if w != 0 {
		sum, counted = sum+float64(w)*float64(len(masked)), len(row)
	}
	return
}

// draw makes the draws for the first n keys from j on of row r.
func (b *block) draw(t *scoreTile, r, j, n int) []float32 {
	u := t.drawn[:n]
	b.draws.Uniform32(u, b.drawn+(b.from+r)*b.time+j)
	return u
}

// mixBlocks makes blocks of attention's results.
func (a *attender) mixBlocks(c *Call, lo, hi int) error {
	h := c.Data.(*headed)
	t, draws := a.free.take(), h.draws(c)
	for ; lo < hi; lo++ {
		b := h.block(lo/h.blocks(), lo%h.blocks(), draws)
		a.mixBlock(&b, t, c.In[0].F32, c.In[1].F32, c.In[2].F32, c.Out[0].F32, c.Out[1].F32[lo/h.blocks()*h.time+b.from:])
	}
	a.free.give(t)
	return nil
}

func (a *attender) mixBlock(b *block, t *scoreTile, q, k, v, y, logSum []float32) {
	scale := a.v.point["scale"]
	for r := range b.rows {
		t.top[r], t.sum[r] = float32(math.Inf(-1)), 0
		if b.causal && b.from+r < b.time-1 {
			t.top[r] = b.fill // what is masked counts among the scores
		}
	}
	for j, w := 0, 0; !b.done(j, t); j += w {
		w = b.tile(j)
		a.scores(b, q, k, j, w, b.scale, t.scores[:], t)
		for r := range b.rows {
			row := t.scores[r*w:][:w]
			largest, sum, counted := a.weigh(b, row, b.seen(r, j, w), t.top[r])
			if j > 0 && largest != t.top[r] {
				less := math.Exp(float64(t.top[r] - largest))
				t.sum[r] *= less
				scale(b.row(y, r), b.row(y, r), float32(less))
			}
			t.top[r], t.sum[r] = largest, t.sum[r]+sum
			if b.rate > 0 {
				a.v.drop(row[:counted], row, b.draw(t, r, j, counted), b.rate)
			}
		}
		a.product(b.rows, b.dim, w, 1, matrix{t.scores[:], w, 1}, b.rowsOf(v, j), y[b.first+b.from*b.down:], b.down, j > 0, &t.packs)
	}
	for r := range b.rows {
		scale(b.row(y, r), b.row(y, r), float32(1/t.sum[r]))
		logSum[r] = float32(float64(t.top[r]) + math.Log(t.sum[r]))
	}
}

// headGrads makes the cotangents of whole heads, so that those of keys and values are added in the order of the queries.
func (a *attender) headGrads(c *Call, lo, hi int) error {
	h := c.Data.(*headed)
	t, draws, scale := a.free.take(), h.draws(c), a.v.point["scale"]
	for ; lo < hi; lo++ {
		for i := range h.time {
			for _, out := range c.Out {
				clear(out.F32[h.first(lo)+i*h.down:][:h.dim])
			}
		}
		for i := range h.blocks() {
			b := h.block(lo, i, draws)
			a.blockGrads(c, &b, t, c.In[5].F32[lo*h.time+b.from:])
		}
		for i := range h.time {
			for _, out := range c.Out[:2] {
				row := out.F32[h.first(lo)+i*h.down:][:h.dim]
				scale(row, row, float32(h.scale))
			}
		}
	}
	a.free.give(t)
	return nil
}

// blockGrads adds what a block of queries contributes; the cotangents of q and k are not scaled yet.
func (a *attender) blockGrads(c *Call, b *block, t *scoreTile, logSum []float32) {
	dy, q, k, v, y := c.In[0].F32, c.In[1].F32, c.In[2].F32, c.In[3].F32, c.In[4].F32
	dq, dk, dv := c.Out[0].F32, c.Out[1].F32, c.Out[2].F32
	finish, from := a.v.pair["softmax_grad"], b.first+b.from*b.down
	copy(t.top[:b.rows], logSum)
	for r := range b.rows {
		t.sum[r] = a.v.dot(b.row(dy, r), b.row(y, r)) // which is that of the weights and their cotangents
	}
	for j, w := 0, 0; !b.done(j, t); j += w {
		w = b.tile(j)
		a.scores(b, q, k, j, w, b.scale, t.scores[:], t)
		a.scores(b, dy, v, j, w, 1, t.grads[:], t)
		kept := t.scores[:]
		if b.rate > 0 {
			kept = t.kept[:]
		}
		for r := range b.rows {
			row, grad, seen := t.scores[r*w:][:w], t.grads[r*w:][:w], b.seen(r, j, w)
			_, _, counted := a.weigh(b, row, seen, t.top[r])
			if b.rate > 0 {
				u, dst := b.draw(t, r, j, counted), kept[r*w:][:w]
				a.v.drop(dst[:counted], row, u, b.rate)
				clear(dst[counted:])
				a.v.drop(grad[:seen], grad, u, b.rate)
			}
			finish(grad[:seen], grad, row, float32(t.sum[r]))
			clear(grad[seen:])
		}
		at := b.first + j*b.down
		a.product(w, b.dim, b.rows, 1, matrix{kept, 1, w}, b.rowsOf(dy, b.from), dv[at:], b.down, true, &t.packs)
		if !b.causal || j < b.from+b.rows {
			a.product(w, b.dim, b.rows, 1, matrix{t.grads[:], 1, w}, b.rowsOf(q, b.from), dk[at:], b.down, true, &t.packs)
			a.product(b.rows, b.dim, w, 1, matrix{t.grads[:], w, 1}, b.rowsOf(k, j), dq[from:], b.down, true, &t.packs)
		}
	}
}
