package native

import (
	"math"
)

// historyBound bounds errors of attention over layers. An inner product of n terms errs by (n+2) eps times the sum of its terms' magnitudes. That is an
// error of a score, and so a relative one of a share, of which the softmax makes twice as much at most; or an error of the
// cotangent of a share, which the softmax's gradient, whose shares are below 1, makes twice as large. A row's sum has a term
// for each entry and time: each errs by that, and adding them up by eps for each term.
func historyBound(want *Call, eps float64) func(k, i int) float64 {
	first, entries := 4, want.In[3]
	if want.Node.Op.Name == "history_attention_grad" {
		first, entries = 5, want.In[4]
	}
	h, x, number := historyOf[float64](want, 1, first), want.In[1].F64, want.In[2].F64
	p, inner, node, degree := h.pattern, 0.0, 1.0, 0
	for t, y := range h.at {
		for _, v := range y.F64 {
			node = max(node, math.Abs(v))
		}
		for r := range p.Rows {
			degree = max(degree, int(p.RowPtr[r+1]-p.RowPtr[r]))
			for k := p.RowPtr[r]; k < p.RowPtr[r+1]; k++ {
				for head := range h.heads {
					sum := math.Abs(number[r*h.heads+head])
					for j := range h.n {
						sum += math.Abs(x[(r*h.heads+head)*h.n+j] * y.F64[(int(p.Col[k])*h.heads+head)*h.n+j])
					}
					if first == 5 {
						sum *= math.Abs(h.entry(entries, t, int(k), head))
					}
					inner = max(inner, sum)
				}
			}
		}
	}
	score := float64(h.n+6) * eps * inner
	terms := float64(degree * h.times)
	if first == 5 {
		// Of y*(d - sum(d*y)) both differ by the error of d at most, and the products by some eps.
		each := 2*score + float64(h.times+8)*eps*2*inner
		return func(k, i int) float64 {
			return map[int]float64{0: terms * node * (each + terms*eps*2*inner), 1: terms * (each + terms*eps*2*inner), 2: each}[k] + 0x1p-149
		}
	}
	relative := 2*score + float64(h.times+8)*eps
	largest := 1.0
	for _, e := range entries.F64 {
		largest = max(largest, math.Abs(e))
	}
	return func(k, i int) float64 {
		switch k {
		case 0, 1: // shares of an entry add up to 1 at most
			return float64(degree) * largest * node * (relative + terms*eps)
		}
		return relative*math.Abs(want.Out[k].F64[i]) + 0x1p-149
	}
}
