package native

import (
	"sort"

	"graft/graph"
	"graft/runtime/buffer"
)

func addFastSparse(t Table, l *loops, v *vectors) {
	spmm := t["spmm"].fasterByEntries(alongColumns, spmm32(l)).divided(perRowOfResult, sparseWork)
	spmm.Prepare = prepareHeads
	t["spmm"] = spmm
	t["sddmm"] = t["sddmm"].faster(perEntry, sddmm32(l)).divided(perEntry, sparseWork)
	t["edge_gather"] = t["edge_gather"].faster(perRowOfResult, edgeGather32(l))
	sum := t["edge_sum"].fasterByEntries(byColumn, edgeSum32(l))
	sum.Prepare = prepareOrder
	t["edge_sum"] = sum
	t["segment_softmax"] = t["segment_softmax"].fasterByEntries(alongRows, segmentSoftmax32(l, v))
	t["segment_softmax_grad"] = t["segment_softmax_grad"].fasterByEntries(alongRows, segmentSoftmaxGrad32(l))
}

// sparseWork counts the multiplications of spmm and sddmm, whose last operand has a row for each column of the pattern, or
// for each row. Two cost about as much as one element of other ops.
func sparseWork(c *Call) int { return c.In[0].Pattern.NNZ() * rowLen(c.In[2]) / 2 }

// alongRows and alongColumns say whether an op takes the pattern's columns for its lines, beside byColumn.
func alongRows(*Call) bool      { return false }
func alongColumns(c *Call) bool { return c.Node.Bool("trans") }

// fasterByEntries is faster for a body whose units are lines, the pattern's rows or columns. They differ much in length: the parts
// have about equal numbers of entries and lines together, and bounds that the pattern alone decides.
func (k Kernel) fasterByEntries(columns func(c *Call) bool, f32 body) Kernel {
	plain := k.Run
	k.Run = func(c *Call, part, parts int) error {
		if c.Out[0].DType != graph.F32 {
			return plain(c, part, parts)
		}
		first := c.In[0].Pattern.RowPtr
		if columns(c) {
			first = c.In[0].Pattern.ColPtr
		}
		return f32(c, boundAt(first, part, parts), boundAt(first, part+1, parts))
	}
	return k
}

// boundAt returns the line at which a part begins.
func boundAt(first []int32, part, parts int) int {
	n := len(first) - 1
	before := (n + int(first[n])) * part / parts
	return sort.Search(n, func(r int) bool { return r+int(first[r]) >= before })
}

// prepareHeads lists the head of each column of spmm's rows, as [loops] wants it.
func prepareHeads(c *Call) error {
	c.Data = headOfColumns(c.In[2])
	return nil
}

func headOfColumns(x *buffer.Buffer) []int32 {
	n := width(x)
	head := make([]int32, rowLen(x)+16)
	for j := range rowLen(x) {
		head[j] = int32(j / n)
	}
	return head
}

func spmm32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		p, entries, x, step := c.In[0].Pattern, c.In[1].F32, c.In[2].F32, rowLen(c.In[2])
		first, other, entry := p.RowPtr, p.Col, []int32(nil)
		if alongColumns(c) {
			first, other, entry = p.ColPtr, p.RowOf, p.Entry
		}
		if lo < hi {
			l.products(c.Out[0].F32[lo*step:hi*step], step, first[lo:hi+1], other, entries, headsOf(c.In[1], 2), x, c.Data.([]int32), entry)
		}
		return nil
	}
}

// products makes whole rows of spmm, or with entry of spmmTrans, panel after panel. There must be one row at least.
func (l *loops) products(dst []float32, step int, first, other []int32, entries []float32, heads int, x []float32, head, entry []int32) {
	product, transposed, panel := l.spmm, l.spmmTrans, l.panel
	if heads > l.lanes {
		product, transposed, panel = spmmGo, spmmTransGo, step
	}
	for from := 0; from < step; from += min(panel, step) {
		cols, x := min(panel, step-from), x[min(from, len(x)):]
		if entry != nil {
			transposed(dst[from:], cols, step, first, other, entries, heads, x, head[from:], entry)
		} else {
			product(dst[from:], cols, step, first, other, entries, heads, x, head[from:])
		}
	}
}

// perEntry counts the entries of the pattern.
func perEntry(c *Call) int { return c.In[0].Pattern.NNZ() }

func sddmm32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		p, heads, n := c.In[0].Pattern, headsOf(c.In[1], 3), width(c.In[1])
		if lo < hi && heads > 0 {
			l.sddmm(c.Out[0].F32[lo*heads:hi*heads], p.Row[lo:hi], p.Col[lo:hi], c.In[1].F32, c.In[2].F32, heads, n)
		}
		return nil
	}
}

// side returns for each entry its row or, where that is the op's side, its column.
func side(c *Call, p *buffer.Pattern) []int32 {
	if byColumn(c) {
		return p.Col
	}
	return p.Row
}

func edgeGather32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		if n := rowLen(c.In[1]); lo < hi {
			l.gatherRows(c.Out[0].F32[lo*n:hi*n], c.In[1].F32, n, side(c, c.In[0].Pattern)[lo:hi])
		}
		return nil
	}
}

// prepareOrder lists the entries in the order of rows.
func prepareOrder(c *Call) error {
	order := make([]int32, c.In[1].Shape[0])
	for k := range order {
		order[k] = int32(k)
	}
	c.Data = order
	return nil
}

func edgeSum32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		p, e, out, n := c.In[0].Pattern, c.In[1].F32, c.Out[0].F32, rowLen(c.In[1])
		first, order := p.RowPtr, c.Data.([]int32)
		if byColumn(c) {
			first, order = p.ColPtr, p.Entry
		}
		if lo < hi {
			l.sumLines(out[lo*n:hi*n], e, n, first[lo:hi+1], order)
		}
		return nil
	}
}

// segmentSoftmax32 takes the exponentials of all its rows at once.
func segmentSoftmax32(l *loops, v *vectors) body {
	exp := v.point["exp"]
	return func(c *Call, lo, hi int) error {
		first, n, out := c.In[0].Pattern.RowPtr[lo:hi+1], rowLen(c.In[1]), c.Out[0].F32
		here := out[int(first[0])*n : int(first[hi-lo])*n]
		if len(here) > 0 {
			l.segmentShift(out, c.In[1].F32, first, n)
			exp(here, here, 0)
			l.segmentShare(out, first, n)
		}
		return nil
	}
}

func segmentSoftmaxGrad32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		if lo < hi {
			l.segmentGrad(c.Out[0].F32, c.In[1].F32, c.In[2].F32, c.In[0].Pattern.RowPtr[lo:hi+1], rowLen(c.In[1]))
		}
		return nil
	}
}
