package native

import "math"

func edgeReference() Table {
	return Table{
		"edge_gather":          floats(perRowOfResult, edgeGather[float32], edgeGather[float64]),
		"edge_sum":             floats(perRowOfResult, edgeSum[float32], edgeSum[float64]),
		"segment_softmax":      floats(perRowOfPattern, segmentSoftmax[float32], segmentSoftmax[float64]).inPlace(1),
		"segment_softmax_grad": floats(perRowOfPattern, segmentSoftmaxGrad[float32], segmentSoftmaxGrad[float64]).inPlace(1),
	}
}

func perRowOfPattern(c *Call) int { return c.In[0].Pattern.Rows }

// byColumn says whether the op takes the pattern's columns for its rows.
func byColumn(c *Call) bool { return c.Node.Str("side") == "col" }

func edgeGather[T float](c *Call, lo, hi int) error {
	from, x, out, n := c.In[0].Pattern.Row, data[T](c.In[1]), data[T](c.Out[0]), rowLen(c.In[1])
	if byColumn(c) {
		from = c.In[0].Pattern.Col
	}
	for k := lo; k < hi; k++ {
		copy(out[k*n:(k+1)*n], x[int(from[k])*n:])
	}
	return nil
}

func edgeSum[T float](c *Call, lo, hi int) error {
	p, e, out, n, columns := c.In[0].Pattern, data[T](c.In[1]), data[T](c.Out[0]), rowLen(c.In[1]), byColumn(c)
	var block [strip]float64
	for r := lo; r < hi; r++ {
		first, end, _ := line(p, columns, r)
		for from := 0; from < n; from += strip {
			totals := block[:min(strip, n-from)]
			clear(totals)
			for q := first; q < end; q++ {
				addTo(totals, e[entryAt(p, columns, q)*n+from:])
			}
			round(out[r*n+from:], totals)
		}
	}
	return nil
}

// segments calls f with the places of each row's entries in the flat scores, one trailing element at a time: first, first +
// step, and so on before end.
func segments(c *Call, lo, hi int, f func(first, end, step int)) {
	p, n := c.In[0].Pattern, rowLen(c.In[1])
	for r := lo; r < hi; r++ {
		for j := range n {
			f(int(p.RowPtr[r])*n+j, int(p.RowPtr[r+1])*n, n)
		}
	}
}

func segmentSoftmax[T float](c *Call, lo, hi int) error {
	x, out := data[T](c.In[1]), data[T](c.Out[0])
	segments(c, lo, hi, func(first, end, step int) {
		largest, sum := math.Inf(-1), 1e-16
		for i := first; i < end; i += step {
			largest = max(largest, float64(x[i]))
		}
		for i := first; i < end; i += step {
			sum += math.Exp(float64(x[i]) - largest)
		}
		for i := first; i < end; i += step {
			out[i] = T(math.Exp(float64(x[i])-largest) / sum)
		}
	})
	return nil
}

func segmentSoftmaxGrad[T float](c *Call, lo, hi int) error {
	dy, y, out := data[T](c.In[1]), data[T](c.In[2]), data[T](c.Out[0])
	segments(c, lo, hi, func(first, end, step int) {
		dot := 0.0
		for i := first; i < end; i += step {
			dot += float64(dy[i]) * float64(y[i])
		}
		for i := first; i < end; i += step {
			out[i] = T(float64(y[i]) * (float64(dy[i]) - dot))
		}
	})
	return nil
}
