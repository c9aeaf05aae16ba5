package runtime

import "math/bits"

// queue is a set of calls that gives the most urgent one first. A call's rank is its place among all by urgency; the set has
// the ranks of its calls.
type queue struct {
	calls []int32 // by rank
	rank  []int32 // by call
	set   bitset
	n     int
}

func newQueue(byUrgency []int32) queue {
	q := queue{calls: byUrgency, rank: make([]int32, len(byUrgency)), set: newBitset(len(byUrgency))}
	for r, i := range byUrgency {
		q.rank[i] = int32(r)
	}
	return q
}

func (q *queue) clear() {
	clear(q.set)
	q.n = 0
}

func (q *queue) push(i int32) {
	q.set.add(int(q.rank[i]))
	q.n++
}

// pop takes the most urgent call out of a queue that is not empty.
func (q *queue) pop() int32 {
	w := 0
	for q.set[w] == 0 {
		w++
	}
	b := bits.TrailingZeros64(q.set[w])
	q.set[w] &^= 1 << b
	q.n--
	return q.calls[64*w+b]
}
