package native

import "sync"

// splitSum adds the products of pieces of a long inner dimension, in the order of the pieces.
//
// Every piece that ends while no other is being made adds all of them; the last one, whichever it is, adds the right ones. So
// nothing has to be reset between runs, even after one that stopped halfway (see summed).
type splitSum struct {
	mu     sync.Mutex
	pieces [][]float32
	made   []bool // also by an earlier run
	add    pair32
}

func newSplitSum(pieces, size int, v *vectors) *splitSum {
	q := &splitSum{made: make([]bool, pieces), add: v.pair["add"]}
	for range pieces {
		q.pieces = append(q.pieces, make([]float32, size))
	}
	return q
}

// begin returns the memory of a piece that is to be made.
func (q *splitSum) begin(piece int) []float32 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.made[piece] = false
	return q.pieces[piece]
}

// end notes that a piece has been made, and writes the sum if it was the last: to the results, which lie one behind the other in
// pieces.
func (q *splitSum) end(piece int, results ...[]float32) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.made[piece] = true
	for _, made := range q.made {
		if !made {
			return
		}
	}
	first := 0
	for _, out := range results {
		q.sum(out, first)
		first += len(out)
	}
}

// sum writes the sum of the pieces' elements from number first on.
func (q *splitSum) sum(out []float32, first int) {
	const some = 2048 // elements that stay in the first-level cache
	for lo := 0; lo < len(out); lo += some {
		hi, at := min(lo+some, len(out)), first+lo
		q.add(out[lo:hi], q.pieces[0][at:], q.pieces[1][at:], 0)
		for _, p := range q.pieces[2:] {
			q.add(out[lo:hi], out[lo:hi], p[at:], 0)
		}
	}
}
