package buffer

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNewPattern(t *testing.T) {
	// . x x
	// . . .
	// x . x   given out of order
	p, order, err := NewPattern(3, 3, []int32{2, 0, 2, 0}, []int32{2, 2, 0, 1})
	if err != nil {
		t.Fatal(err)
	}
	want := &Pattern{
		Rows: 3, Cols: 3,
		RowPtr: []int32{0, 2, 2, 4}, Col: []int32{1, 2, 0, 2}, Row: []int32{0, 0, 2, 2},
		ColPtr: []int32{0, 1, 2, 4}, RowOf: []int32{2, 0, 0, 2}, Entry: []int32{2, 0, 1, 3},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{3, 1, 2, 0}, order); diff != "" {
		t.Errorf("order: %s", diff)
	}
}

func TestNewPatternRefuses(t *testing.T) {
	cases := []struct {
		name     string
		row, col []int32
		want     string
	}{
		{"lengths", []int32{0}, nil, "1 row indices but 0 column"},
		{"row too large", []int32{2}, []int32{0}, "outside of a 2 x 3"},
		{"column too large", []int32{0}, []int32{3}, "outside of a 2 x 3"},
		{"negative", []int32{-1}, []int32{0}, "outside of a 2 x 3"},
		{"duplicate", []int32{1, 0, 1}, []int32{2, 0, 2}, "(1, 2) is given twice"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := NewPattern(2, 3, c.row, c.col)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want one that says %q", err, c.want)
			}
		})
	}
}

// TestPatternOrders checks the two orders against a dense picture of random matrices, the empty ones among them.
func TestPatternOrders(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 200 {
		rows, cols := r.IntN(7), r.IntN(7)
		var row, col []int32
		for i := range rows {
			for j := range cols {
				if r.IntN(3) == 0 {
					row, col = append(row, int32(i)), append(col, int32(j))
				}
			}
		}
		r.Shuffle(len(row), func(a, b int) {
			row[a], row[b] = row[b], row[a]
			col[a], col[b] = col[b], col[a]
		})
		p, order, err := NewPattern(rows, cols, row, col)
		if err != nil {
			t.Fatal(err)
		}
		if p.NNZ() != len(row) || int(p.RowPtr[rows]) != len(row) || int(p.ColPtr[cols]) != len(row) {
			t.Fatalf("trial %d: %d entries given, %d kept", trial, len(row), p.NNZ())
		}
		for i := range rows {
			for k := p.RowPtr[i]; k < p.RowPtr[i+1]; k++ {
				if int(p.Row[k]) != i || row[order[k]] != p.Row[k] || col[order[k]] != p.Col[k] {
					t.Fatalf("trial %d: entry %d is misplaced", trial, k)
				}
				if k > p.RowPtr[i] && p.Col[k-1] >= p.Col[k] {
					t.Fatalf("trial %d: row %d is not ascending", trial, i)
				}
			}
		}
		for j := range cols {
			for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
				if int(p.Col[p.Entry[q]]) != j || p.Row[p.Entry[q]] != p.RowOf[q] {
					t.Fatalf("trial %d: position %d of the column order is misplaced", trial, q)
				}
				if q > p.ColPtr[j] && p.RowOf[q-1] >= p.RowOf[q] {
					t.Fatalf("trial %d: column %d is not ascending", trial, j)
				}
			}
		}
	}
}
