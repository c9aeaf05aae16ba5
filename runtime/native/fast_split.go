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

// end notes that a piece has been made, and writes the sum if it was the last.
func (q *splitSum) end(piece int, out []float32) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.made[piece] = true
	for _, made := range q.made {
		if !made {
			return
		}
	}
	const some = 2048 // elements that stay in the first-level cache
	for lo := 0; lo < len(out); lo += some {
		hi := min(lo+some, len(out))
		q.add(out[lo:hi], q.pieces[0][lo:hi], q.pieces[1][lo:hi], 0)
		for _, p := range q.pieces[2:] {
			q.add(out[lo:hi], out[lo:hi], p[lo:hi], 0)
		}
	}
}
