package native

import (
	"math"

	"graft/runtime/buffer"
)

// Sizes of the blocks in which histories are read: what the entries of a block bring is still near to the processor when it is read again.
const (
	historyEntries = 96
	historyLines   = 48
)

// attentiveHistory makes attention over layers of float32 in blocks of rows, or of columns. The scores of a block are made time after time,
// those of all its entries and heads are columns of one softmax, and the sums read the rows of the history that the scores have read.
type attentiveHistory struct {
	l             *loops
	softmax, grad column32
	add, mul      pair32
	free          *spare[historyBlock]
}

// historyLists are what loops want to know of a call's shapes: spmm's heads, and 0, 1, ... for all entries.
type historyLists struct{ head, order []int32 }

func addFastHistory(t Table, l *loops, v *vectors) {
	a := &attentiveHistory{l, v.column["restricted_softmax"], v.column["softmax_grad"], v.pair["add"], v.pair["mul"], new(spare[historyBlock])}
	if a.softmax == nil {
		a.softmax, a.grad = columnRestrictedSoftmaxGo, columnDotMinusGo
	}
	for _, op := range []struct {
		name    string
		query   int // the operand that is [rows, heads, n]
		columns func(*Call) bool
		body    body
	}{
		{"history_attention", 1, alongRows, a.mix}, {"history_attention_grad", 1, alongRows, a.mixGrad},
		{"history_spread", 2, func(*Call) bool { return true }, a.spread},
	} {
		times := func(c *Call) int { return max(len(c.In)-4, len(c.Out)) }
		k := t[op.name].fasterByEntries(op.columns, op.body).divided(perRowOfResult, func(c *Call) int {
			return c.In[0].Pattern.NNZ() * rowLen(c.In[op.query]) * times(c) / 8
		})
		k.Prepare = func(c *Call) error {
			lists := &historyLists{head: headOfColumns(c.In[op.query])}
			if op.name != "history_spread" {
				lists.order = make([]int32, c.In[0].Shape[2])
				for k := range lists.order {
					lists.order[k] = int32(k)
				}
			}
			c.Data = lists
			return nil
		}
		t[op.name] = k
	}
}

// historyBlock is what a block of lines has of a history, with room for a number of each of its entries and heads, two times over,
// and for sums.
type historyBlock struct {
	history[float32]
	*historyLists
	lo, hi              int // lines
	first, last         int // entries
	size                int // of a node's row
	bias, entries, sums []float32
}

// blocks calls f with the blocks of lines lo to hi, which begin in the lists of entries where first says.
func (a *attentiveHistory) blocks(c *Call, h history[float32], first []int32, lo, hi int, f func(b *historyBlock)) error {
	b := a.free.take()
	b.history, b.historyLists, b.size = h, c.Data.(*historyLists), h.heads*h.n
	for b.hi = lo; b.hi < hi && b.size > 0; {
		b.lo, b.hi = b.hi, b.hi+1
		for b.hi < hi && b.hi-b.lo < historyLines && first[b.hi+1]-first[b.lo] <= historyEntries {
			b.hi++
		}
		b.first, b.last = int(first[b.lo]), int(first[b.hi])
		f(b)
	}
	b.history, b.historyLists = history[float32]{}, nil
	a.free.give(b)
	return nil
}

// of returns what the block's entries have at time t in x, [times, entries, heads].
func (b *historyBlock) of(x []float32, t int) []float32 {
	return x[b.index(t, b.first, 0):b.index(t, b.last, 0)]
}

// lines returns the block's rows of x, of n elements.
func (b *historyBlock) lines(x []float32, n int) []float32 { return x[b.lo*n : b.hi*n] }

// room returns n elements of s, which grows.
func room(s *[]float32, n int) []float32 {
	if len(*s) < n {
		*s = make([]float32, n)
	}
	return (*s)[:n]
}

// inner makes, for each entry, head and time, the inner product of x's row and the history's, and adds that row's number.
func (a *attentiveHistory) inner(b *historyBlock, dst, x, number []float32) {
	if b.first == b.last {
		return
	}
	row, col := b.pattern.Row[b.first:b.last], b.pattern.Col[b.first:b.last]
	numbers := room(&b.bias, len(row)*b.heads)
	a.l.gatherRows(numbers, number, b.heads, row)
	for t, past := range b.at {
		y := b.of(dst, t)
		a.l.sddmm(y, row, col, x, past.F32, b.heads, b.n)
		a.add(y, y, numbers, 0)
	}
}

// byEntries multiplies what x has for the block by the entries, into dst.
func (a *attentiveHistory) byEntries(b *historyBlock, dst, x []float32, entries *buffer.Buffer) {
	if b.first == b.last {
		return
	}
	all := entries.F32
	if len(entries.Shape) == 1 {
		all = room(&b.entries, (b.last-b.first)*b.heads)
		a.l.fillRows(all, entries.F32[b.first:], 1, b.heads, b.last-b.first)
	}
	for t := range b.times {
		each := all
		if len(entries.Shape) > 1 {
			each = b.of(all, t)
		}
		a.mul(b.of(dst, t), b.of(x, t), each, 0)
	}
}

// gather is [history.gather] for a block.
func (a *attentiveHistory) gather(b *historyBlock, weights, sums, totals []float32) {
	first := b.pattern.RowPtr[b.lo : b.hi+1]
	sums, totals = b.lines(sums, b.size), b.lines(totals, b.heads)
	for t, x := range b.at {
		dst, total, weights := sums, totals, weights[b.index(t, 0, 0):]
		if t > 0 {
			more := room(&b.sums, len(sums)+len(totals))
			dst, total = more[:len(sums)], more[len(sums):]
		}
		a.l.products(dst, b.size, first, b.pattern.Col, weights, b.heads, x.F32, b.head, nil)
		a.l.sumLines(total, weights, b.heads, first, b.order)
		if t > 0 {
			a.add(sums, sums, dst, 0)
			a.add(totals, totals, total, 0)
		}
	}
}

// columns applies op to the block's columns of times.
func (b *historyBlock) columns(op column32, x, y []float32) {
	if b.first < b.last {
		at := b.index(0, b.first, 0)
		op(x[at:], y[at:], (b.last-b.first)*b.heads, b.times, b.index(1, 0, 0))
	}
}

func (a *attentiveHistory) mix(c *Call, lo, hi int) error {
	shares, weights := c.Out[2].F32, c.Out[3].F32
	return a.blocks(c, historyOf[float32](c, 1, 4), c.In[0].Pattern.RowPtr, lo, hi, func(b *historyBlock) {
		a.inner(b, shares, c.In[1].F32, c.In[2].F32)
		b.columns(a.softmax, shares, shares)
		a.byEntries(b, weights, shares, c.In[3])
		a.gather(b, weights, c.Out[0].F32, c.Out[1].F32)
	})
}

func (a *attentiveHistory) mixGrad(c *Call, lo, hi int) error {
	scores := c.Out[2].F32
	return a.blocks(c, historyOf[float32](c, 1, 5), c.In[0].Pattern.RowPtr, lo, hi, func(b *historyBlock) {
		a.inner(b, scores, c.In[1].F32, c.In[2].F32)
		a.byEntries(b, scores, scores, c.In[4])
		b.columns(a.grad, scores, c.In[3].F32)
		a.gather(b, scores, c.Out[0].F32, c.Out[1].F32)
	})
}

func (a *attentiveHistory) spread(c *Call, lo, hi int) error {
	p, shape := c.In[0].Pattern, c.In[2].Shape
	h := history[float32]{p, len(c.Out), shape[1], shape[2], nil}
	return a.blocks(c, h, p.ColPtr, lo, hi, func(b *historyBlock) {
		first := p.ColPtr[b.lo : b.hi+1]
		for t, out := range c.Out {
			dst, from := b.lines(out.F32, b.size), b.index(t, 0, 0)
			more := room(&b.sums, len(dst))
			a.l.products(dst, b.size, first, p.RowOf, c.In[1].F32[from:], b.heads, c.In[2].F32, b.head, p.Entry)
			a.l.products(more, b.size, first, p.RowOf, c.In[3].F32[from:], b.heads, c.In[4].F32, b.head, p.Entry)
			a.add(dst, dst, more, 0)
		}
	})
}

// columnRestrictedSoftmaxGo and columnDotMinusGo serve families without [vectors.column].
func columnRestrictedSoftmaxGo(x, _ []float32, cols, rows, stride int) {
	for j := range cols {
		largest := float32(0)
		for i := range rows {
			largest = max(largest, x[i*stride+j])
		}
		sum := math.Exp(-float64(largest))
		for i := range rows {
			e := math.Exp(float64(x[i*stride+j] - largest))
			x[i*stride+j] = float32(e)
			sum += e
		}
		for i := range rows {
			x[i*stride+j] = float32(float64(x[i*stride+j]) / sum)
		}
	}
}

func columnDotMinusGo(x, y []float32, cols, rows, stride int) {
	for j := range cols {
		dot := 0.0
		for i := range rows {
			dot += float64(x[i*stride+j]) * float64(y[i*stride+j])
		}
		for i := range rows {
			at := i*stride + j
			x[at] = y[at] * (x[at] - float32(dot))
		}
	}
}
