package native

import (
	"fmt"

	"graft/runtime/buffer"
)

func tableReference() Table {
	scatter := floats(perRowOfResult, scatterAdd[float32], scatterAdd[float64])
	scatter.Prepare = func(c *Call) error {
		c.Data = &lists{first: make([]int32, c.Out[0].Shape[0]), next: make([]int32, c.In[1].Len())}
		return nil
	}
	return Table{
		"gather":      floats(perIndex, gather[float32], gather[float64]),
		"scatter_add": scatter,
	}
}

// perIndex counts the indices of gather.
func perIndex(c *Call) int { return c.In[1].Len() }

// rowLen is the number of elements below one position of the first axis.
func rowLen(b *buffer.Buffer) int { return buffer.Size(b.Shape[1:]) }

// indexOf returns the index at place k of a table with the given number of rows.
func indexOf(index []int32, k, rows int) (int, error) {
	i := int(index[k])
	if i < 0 || i >= rows {
		return 0, fmt.Errorf("index %d at place %d is not in [0, %d)", i, k, rows)
	}
	return i, nil
}

func gather[T float](c *Call, lo, hi int) error {
	table, index, out := data[T](c.In[0]), c.In[1].I32, data[T](c.Out[0])
	rows, n := c.In[0].Shape[0], rowLen(c.In[0])
	for k := lo; k < hi; k++ {
		i, err := indexOf(index, k, rows)
		if err != nil {
			return err
		}
		copy(out[k*n:(k+1)*n], table[i*n:(i+1)*n])
	}
	return nil
}

// lists holds for each row of a table the places that have its index, in ascending order: the first, and after each the
// next, -1 at the end. A place belongs to one row, so parts that own rows own their lists.
type lists struct{ first, next []int32 }

// strip is the number of elements of a row that are summed together, in float64 and each rounded once.
const strip = 128

// scatterAdd makes the table's rows lo to hi. Every part passes over all indices.
func scatterAdd[T float](c *Call, lo, hi int) error {
	x, index, out, l := data[T](c.In[0]), c.In[1].I32, data[T](c.Out[0]), c.Data.(*lists)
	for k := range index {
		if _, err := indexOf(index, k, c.Out[0].Shape[0]); err != nil {
			return err
		}
	}
	for r := lo; r < hi; r++ {
		l.first[r] = -1
	}
	for k := len(index) - 1; k >= 0; k-- {
		if r := int(index[k]); lo <= r && r < hi {
			l.next[k], l.first[r] = l.first[r], int32(k)
		}
	}
	n := rowLen(c.Out[0])
	var block [strip]float64
	for r := lo; r < hi; r++ {
		for from := 0; from < n; from += strip {
			totals := block[:min(strip, n-from)]
			clear(totals)
			for k := l.first[r]; k >= 0; k = l.next[k] {
				addTo(totals, x[int(k)*n+from:])
			}
			round(out[r*n+from:], totals)
		}
	}
	return nil
}

// addTo adds as many elements of x as there are totals.
func addTo[T float](totals []float64, x []T) {
	for j, v := range x[:len(totals)] {
		totals[j] += float64(v)
	}
}

func round[T float](dst []T, totals []float64) {
	dst = dst[:len(totals)]
	for j, total := range totals {
		dst[j] = T(total)
	}
}
