package runtime

import (
	"cmp"
	"slices"

	"graft/graph"
)

// block is memory of the arena for one value, or for several of which each takes over the memory of the one before.
type block struct {
	dtype       graph.DType
	size        int // elements, rounded up to whole cache lines
	first, last int // tasks between which it is in use
	offset      int
	slots       []int
}

const cacheLine = 64

func roundUp(elements int, dt graph.DType) int {
	line := cacheLine / int(dt.Bytes())
	return (elements + line - 1) / line * line
}

// pack finds a place in the arena of its dtype for every slot that has none. Blocks are placed by size, each into the
// tightest gap between those alive at the same time.
func (p *plan) pack(reuse bool) {
	blocks := p.blocks(reuse)
	p.measure(blocks)
	slices.SortStableFunc(blocks, func(a, b *block) int { return cmp.Compare(b.size, a.size) })
	var placed [arenas][]*block // by offset
	for _, b := range blocks {
		dt := b.dtype
		b.offset = gap(placed[dt], b)
		at, _ := slices.BinarySearchFunc(placed[dt], b.offset, func(o *block, offset int) int { return cmp.Compare(o.offset, offset) })
		placed[dt] = slices.Insert(placed[dt], at, b)
		p.arena[dt] = max(p.arena[dt], b.offset+b.size)
		for _, s := range b.slots {
			p.slots[s].place.space, p.slots[s].place.offset = int(dt), b.offset
		}
	}
	for dt, n := range p.arena {
		p.report.ArenaBytes += int64(n) * graph.DType(dt).Bytes()
	}
}

// gap returns the offset of the tightest gap that b fits into, the end if there is none. placed is sorted by offset.
func gap(placed []*block, b *block) int {
	best, tightest, end := -1, 0, 0
	for _, o := range placed {
		if o.last < b.first || b.last < o.first {
			continue
		}
		if room := o.offset - end; room >= b.size && (best < 0 || room < tightest) {
			best, tightest = end, room
		}
		end = max(end, o.offset+o.size)
	}
	if best < 0 {
		return end
	}
	return best
}

// blocks groups the slots to be placed. A result joins the block of an operand that its kernel may work in and that nothing
// reads afterwards.
func (p *plan) blocks(reuse bool) []*block {
	var all []*block
	of := map[int]*block{}
	for at, t := range p.tasks {
		for _, w := range t.writes {
			s := &p.slots[w]
			if s.place.space != unplaced {
				continue
			}
			dt := s.value.Type.DType
			if operand := p.replaced(t, at, w, of); reuse && operand != unplaced {
				b := of[operand]
				b.slots, b.last = append(b.slots, w), s.last
				of[w] = b
				p.report.InPlace++
				continue
			}
			b := &block{dtype: dt, size: roundUp(s.place.size, dt), first: s.first, last: s.last, slots: []int{w}}
			if !reuse {
				b.first, b.last = 0, len(p.tasks)
			}
			of[w] = b
			all = append(all, b)
		}
	}
	return all
}

// replaced returns the operand whose block a slot joins, or unplaced.
func (p *plan) replaced(t task, at, written int, of map[int]*block) int {
	s := p.slots[written]
	for _, operand := range p.inPlaceOperands(p.kernels, t, written) {
		o, b := p.slots[operand], of[operand]
		if b != nil && b.slots[len(b.slots)-1] == operand && o.last == at && o.value.Type.DType == s.value.Type.DType && o.place.size == s.place.size {
			return operand
		}
	}
	return unplaced
}

// measure fills in the report's bytes.
func (p *plan) measure(blocks []*block) {
	alive := make([]int64, len(p.tasks)+2) // changes of the sum at each task
	for _, b := range blocks {
		bytes := int64(b.size) * b.dtype.Bytes()
		alive[b.first] += bytes
		alive[b.last+1] -= bytes
	}
	var sum int64
	for _, change := range alive {
		sum += change
		p.report.PeakBytes = max(p.report.PeakBytes, sum)
	}
	leaves := map[int]bool{}
	for _, s := range p.slots {
		if s.first == before {
			leaves[s.place.space] = true
		}
	}
	for _, s := range p.slots {
		into := s.first != before && s.copy == "" && leaves[s.place.space] // computed in the memory of a leaf
		if s.place.space == unplaced || into {
			dt := s.value.Type.DType
			p.report.TotalBytes += int64(roundUp(s.place.size, dt)) * dt.Bytes()
		}
	}
}
