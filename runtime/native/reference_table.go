package native

import (
	"cmp"
	"fmt"
	"slices"

	"graft/runtime/buffer"
)

func tableReference() Table {
	scatter := floats(perRowOfResult, scatterAdd[float32], scatterAdd[float64])
	scatter.Prepare = func(c *Call) error {
		c.Data = newLists(c.In[1].Len(), c.Out[0].Shape[0])
		return nil
	}
	return Table{
		"gather":      floats(perIndex, gather[float32], gather[float64]),
		"scatter_add": scatter,
		"sort_index":  {Run: split(whole, func(*Call) body { return sortIndex })},
		"merge_rows":  floats(perRowOfResult, mergeRows[float32], mergeRows[float64]),
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

func newLists(places, rows int) *lists { return &lists{make([]int32, rows), make([]int32, places)} }

// strip is the number of elements of a row that are summed together, in float64 and each rounded once.
const strip = 128

// link makes the lists of the rows lo to hi. It passes over all indices.
func (l *lists) link(index []int32, lo, hi int) error {
	for k := range index {
		if _, err := indexOf(index, k, len(l.first)); err != nil {
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
	return nil
}

// scatterAdd makes the table's rows lo to hi.
func scatterAdd[T float](c *Call, lo, hi int) error {
	x, out, l, n := data[T](c.In[0]), data[T](c.Out[0]), c.Data.(*lists), rowLen(c.Out[0])
	if err := l.link(c.In[1].I32, lo, hi); err != nil {
		return err
	}
	for r := lo; r < hi; r++ {
		for from := 0; from < n; from += strip {
			sumListed(out[r*n+from:][:min(strip, n-from)], x, l, r, n, from)
		}
	}
	return nil
}

func sortIndex(c *Call, _, _ int) error {
	index, sorted, places := c.In[0].I32, c.Out[0].I32, c.Out[1].I32
	for k := range index {
		if _, err := indexOf(index, k, c.Node.Int("rows")); err != nil {
			return err
		}
		places[k] = int32(k)
	}
	slices.SortFunc(places, func(a, b int32) int { return cmp.Or(cmp.Compare(index[a], index[b]), cmp.Compare(a, b)) })
	for k, p := range places {
		sorted[k] = index[p]
	}
	return nil
}

// mergeRows makes rows lo to hi.
func mergeRows[T float](c *Call, lo, hi int) error {
	x, out, index, places, n := data[T](c.In[0]), data[T](c.Out[0]), c.In[1].I32, c.In[2].I32, rowLen(c.Out[0])
	for k := lo; k < hi; k++ {
		dst := out[k*n : (k+1)*n]
		if k > 0 && index[k] == index[k-1] {
			clear(dst)
			continue
		}
		terms := places[k:runEnd(index, k)]
		for i := range terms {
			if _, err := indexOf(terms, i, len(places)); err != nil {
				return err
			}
		}
		for from := 0; from < n; from += strip {
			var block [strip]float64
			totals := block[:min(strip, n-from)]
			for _, p := range terms {
				addTo(totals, x[int(p)*n+from:])
			}
			round(dst[from:], totals)
		}
	}
	return nil
}

// runEnd returns the place behind the last of a sorted index that is equal to the one at place k.
func runEnd(index []int32, k int) int {
	end := k + 1
	for end < len(index) && index[end] == index[k] {
		end++
	}
	return end
}

// eachMerged calls f with the rows of a table from lo to hi that merged rows are of, and their places. Of the index it checks what it
// passes over.
func eachMerged(index []int32, lo, hi int, f func(row, place int)) error {
	k, _ := slices.BinarySearch(index, int32(lo))
	for last := lo - 1; k < len(index) && int(index[k]) < hi; k++ {
		row := int(index[k])
		if row < last {
			return fmt.Errorf("the index of merged rows has %d behind %d", row, last)
		}
		if row > last { // the first of equal indices has the sum
			f(row, k)
			last = row
		}
	}
	return nil
}

// sumListed makes a strip of the table's row r, which begins with element from, of rows of n.
func sumListed[T float](dst, x []T, l *lists, r, n, from int) {
	var block [strip]float64
	totals := block[:len(dst)]
	for k := l.first[r]; k >= 0; k = l.next[k] {
		addTo(totals, x[int(k)*n+from:])
	}
	round(dst, totals)
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
