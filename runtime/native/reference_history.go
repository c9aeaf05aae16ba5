package native

import (
	"math"

	"graft/runtime/buffer"
)

func historyReference() Table {
	return Table{
		"history_attention":      floats(perRowOfResult, historyAttention[float32], historyAttention[float64]),
		"history_attention_grad": floats(perRowOfResult, historyAttentionGrad[float32], historyAttentionGrad[float64]),
		"history_spread":         floats(perRowOfResult, historySpread[float32], historySpread[float64]),
	}
}

// history holds the sizes of an attention over layers, and its representations, each [columns, heads, n].
type history[T float] struct {
	pattern         *buffer.Pattern
	times, heads, n int
	at              []*buffer.Buffer
}

// historyOf reads a history from its place in the operands, where query has [rows, heads, n].
func historyOf[T float](c *Call, query, first int) history[T] {
	s := c.In[query].Shape
	return history[T]{c.In[0].Pattern, len(c.In) - first, s[1], s[2], c.In[first:]}
}

// index is the place of an entry's element in [times, entries, heads].
func (h *history[T]) index(t, k, head int) int { return (t*h.pattern.NNZ()+k)*h.heads + head }

// entry is what multiplies a share: an entry for all times and heads, or one for each.
func (h *history[T]) entry(entries *buffer.Buffer, t, k, head int) float64 {
	if len(entries.Shape) == 1 {
		return float64(data[T](entries)[k])
	}
	return float64(data[T](entries)[h.index(t, k, head)])
}

// dot returns the inner product of row r of x and, at time t, column c.
func (h *history[T]) dot(x []T, r, t, c, head int) (sum float64) {
	y := data[T](h.at[t])[(c*h.heads+head)*h.n:]
	for j, v := range x[(r*h.heads+head)*h.n:][:h.n] {
		sum += float64(v) * float64(y[j])
	}
	return sum
}

// gather sums for row r what its entries and times bring: a weight of each times the history's row, into sums, and the weights.
func (h *history[T]) gather(weights, sums, totals []T, r int) {
	p := h.pattern
	for head := range h.heads {
		total := 0.0
		for t := range h.times {
			for k := int(p.RowPtr[r]); k < int(p.RowPtr[r+1]); k++ {
				total += float64(weights[h.index(t, k, head)])
			}
		}
		totals[r*h.heads+head] = T(total)
		for j := range h.n {
			sum := 0.0
			for t := range h.times {
				for k := int(p.RowPtr[r]); k < int(p.RowPtr[r+1]); k++ {
					sum += float64(weights[h.index(t, k, head)]) * float64(data[T](h.at[t])[(int(p.Col[k])*h.heads+head)*h.n+j])
				}
			}
			sums[(r*h.heads+head)*h.n+j] = T(sum)
		}
	}
}

func historyAttention[T float](c *Call, lo, hi int) error {
	h, query, bias := historyOf[T](c, 1, 4), data[T](c.In[1]), data[T](c.In[2])
	shares, weights, p := data[T](c.Out[2]), data[T](c.Out[3]), h.pattern
	for r := lo; r < hi; r++ {
		for k := int(p.RowPtr[r]); k < int(p.RowPtr[r+1]); k++ {
			for head := range h.heads {
				largest, sum := 0.0, 0.0
				for t := range h.times {
					score := T(h.dot(query, r, t, int(p.Col[k]), head) + float64(bias[r*h.heads+head]))
					shares[h.index(t, k, head)], largest = score, max(largest, float64(score))
				}
				for t := range h.times {
					sum += math.Exp(float64(shares[h.index(t, k, head)]) - largest)
				}
				sum += math.Exp(-largest)
				for t := range h.times {
					i := h.index(t, k, head)
					shares[i] = T(math.Exp(float64(shares[i])-largest) / sum)
					weights[i] = T(float64(shares[i]) * h.entry(c.In[3], t, k, head))
				}
			}
		}
		h.gather(weights, data[T](c.Out[0]), data[T](c.Out[1]), r)
	}
	return nil
}

func historyAttentionGrad[T float](c *Call, lo, hi int) error {
	h, dmixed, dtotal, shares := historyOf[T](c, 1, 5), data[T](c.In[1]), data[T](c.In[2]), data[T](c.In[3])
	scores, p := data[T](c.Out[2]), h.pattern
	for r := lo; r < hi; r++ {
		for k := int(p.RowPtr[r]); k < int(p.RowPtr[r+1]); k++ {
			for head := range h.heads {
				dot := 0.0
				for t := range h.times {
					i := h.index(t, k, head)
					scores[i] = T((h.dot(dmixed, r, t, int(p.Col[k]), head) + float64(dtotal[r*h.heads+head])) * h.entry(c.In[4], t, k, head))
					dot += float64(scores[i]) * float64(shares[i])
				}
				for t := range h.times {
					i := h.index(t, k, head)
					scores[i] = T(float64(shares[i]) * (float64(scores[i]) - dot))
				}
			}
		}
		h.gather(scores, data[T](c.Out[0]), data[T](c.Out[1]), r)
	}
	return nil
}

func historySpread[T float](c *Call, lo, hi int) error {
	p, s := c.In[0].Pattern, c.In[2].Shape
	h := history[T]{p, len(c.Out), s[1], s[2], nil}
	scores, query, weights, mixed := data[T](c.In[1]), data[T](c.In[2]), data[T](c.In[3]), data[T](c.In[4])
	for t, out := range c.Out {
		out := data[T](out)
		for col := lo; col < hi; col++ {
			for i := range h.heads * h.n {
				sum := 0.0
				for q := p.ColPtr[col]; q < p.ColPtr[col+1]; q++ {
					at, from := h.index(t, int(p.Entry[q]), i/h.n), int(p.RowOf[q])*h.heads*h.n+i
					sum += float64(scores[at])*float64(query[from]) + float64(weights[at])*float64(mixed[from])
				}
				out[col*h.heads*h.n+i] = T(sum)
			}
		}
	}
	return nil
}
