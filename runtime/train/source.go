package train

import (
	"fmt"

	"graft/runtime/rng"
)

// Shuffled yields the rows 0 to n-1 in an order that is a function of (seed, epoch), batch at a time; the last batch of an
// epoch holds what is left. fill brings the rows idx into b and sets its binding; idx is valid during the call.
func Shuffled(n, batch int, seed int32, fill func(idx []int, b *Batch) error) Source {
	return &rows{n: n, batch: batch, fill: fill, order: func(idx []int, epoch int) {
		s := rng.New(seed, int32(epoch), "train/shuffle")
		for i := len(idx) - 1; i > 0; i-- { // Fisher and Yates
			// The high half of bits x (i+1) is uniform over 0..i but for a bias below (i+1)/2^32.
			j := int(uint64(s.Uint32(i)) * uint64(i+1) >> 32)
			idx[i], idx[j] = idx[j], idx[i]
		}
	}}
}

// InOrder is [Shuffled] without shuffling.
func InOrder(n, batch int, fill func(idx []int, b *Batch) error) Source {
	return &rows{n: n, batch: batch, fill: fill, order: func([]int, int) {}}
}

// rows keeps the order of the epoch that was asked for last.
type rows struct {
	n, batch int
	fill     func(idx []int, b *Batch) error
	order    func(idx []int, epoch int) // permutes the identity
	idx      []int
	epoch    int
}

func (r *rows) Len() int {
	if r.n <= 0 || r.batch <= 0 {
		return 0
	}
	return (r.n + r.batch - 1) / r.batch
}

func (r *rows) Batch(epoch, i int, b *Batch) error {
	if i < 0 || i >= r.Len() {
		return fmt.Errorf("batch %d of %d asked for (%d rows, %d a batch)", i, r.Len(), r.n, r.batch)
	}
	if r.idx == nil || r.epoch != epoch {
		if r.idx == nil {
			r.idx = make([]int, r.n)
		}
		for k := range r.idx {
			r.idx[k] = k
		}
		r.order(r.idx, epoch)
		r.epoch = epoch
	}
	return r.fill(r.idx[i*r.batch:min((i+1)*r.batch, r.n)], b)
}

// Fixed yields b once an epoch: full-batch training. The tensors of b must not be written to afterwards.
func Fixed(b Batch) Source {
	b.Fixed = true
	return fixed{b}
}

type fixed struct{ batch Batch }

func (fixed) Len() int { return 1 }

func (f fixed) Batch(_, _ int, b *Batch) error {
	*b = f.batch
	return nil
}
