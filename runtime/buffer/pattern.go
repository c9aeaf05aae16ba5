package buffer

import (
	"fmt"
	"sort"
)

// Pattern holds the positions of the stored entries of a sparse [Rows, Cols] matrix in compressed-row order, and the same
// positions in compressed-column order. The entries themselves are an ordinary vector in compressed-row order: entry k lies
// at column Col[k] of the row r with RowPtr[r] <= k < RowPtr[r+1].
type Pattern struct {
	Rows, Cols int
	RowPtr     []int32 // Rows+1
	Col        []int32 // NNZ, ascending within a row
	Row        []int32 // NNZ, the row of each entry
	ColPtr     []int32 // Cols+1
	RowOf      []int32 // NNZ, the rows of each column's entries, ascending
	Entry      []int32 // NNZ, for each position in column order the index of its entry in row order
}

// NNZ returns the number of stored entries.
func (p *Pattern) NNZ() int { return len(p.Col) }

// NewPattern builds a pattern from coordinates. order[k] is the index in rows and cols of the k-th stored entry, so that the
// caller can bring its values into the same order. Positions out of range and duplicates are refused.
func NewPattern(rows, cols int, row, col []int32) (p *Pattern, order []int, err error) {
	if len(row) != len(col) {
		return nil, nil, fmt.Errorf("pattern: %d row indices but %d column indices", len(row), len(col))
	}
	for k := range row {
		if row[k] < 0 || int(row[k]) >= rows || col[k] < 0 || int(col[k]) >= cols {
			return nil, nil, fmt.Errorf("pattern: entry %d lies at (%d, %d), outside of a %d x %d matrix", k, row[k], col[k], rows, cols)
		}
	}
	order = make([]int, len(row))
	for k := range order {
		order[k] = k
	}
	sort.Slice(order, func(i, j int) bool {
		a, b := order[i], order[j]
		if row[a] != row[b] {
			return row[a] < row[b]
		}
		return col[a] < col[b]
	})
	p = &Pattern{
		Rows: rows, Cols: cols,
		RowPtr: make([]int32, rows+1), Col: make([]int32, len(row)), Row: make([]int32, len(row)),
		ColPtr: make([]int32, cols+1), RowOf: make([]int32, len(row)), Entry: make([]int32, len(row)),
	}
	for k, o := range order {
		p.Row[k], p.Col[k] = row[o], col[o]
		if k > 0 && p.Row[k] == p.Row[k-1] && p.Col[k] == p.Col[k-1] {
			return nil, nil, fmt.Errorf("pattern: entry (%d, %d) is given twice", row[o], col[o])
		}
		p.RowPtr[row[o]+1]++
		p.ColPtr[col[o]+1]++
	}
	for r := 0; r < rows; r++ {
		p.RowPtr[r+1] += p.RowPtr[r]
	}
	for c := 0; c < cols; c++ {
		p.ColPtr[c+1] += p.ColPtr[c]
	}
	next := append([]int32(nil), p.ColPtr[:cols]...)
	for k := range p.Col {
		c := p.Col[k]
		p.RowOf[next[c]], p.Entry[next[c]] = p.Row[k], int32(k)
		next[c]++
	}
	return p, order, nil
}
