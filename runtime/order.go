package runtime

import "slices"

// bitset is a set of tasks.
type bitset []uint64

func newBitset(n int) bitset    { return make(bitset, (n+63)/64) }
func (b bitset) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bitset) union(other bitset) {
	for i, w := range other {
		b[i] |= w
	}
}

// order adds the edges that memory needs beyond the data's: whoever reads or writes the old contents of a place finishes
// before the new ones are written, and whoever can fail before a leaf changes. An edge that others imply is left out.
func (p *plan) order() {
	inSpace := make([][]int, p.spaces) // slots by space
	leaf := make([]bool, p.spaces)
	for i, s := range p.slots {
		inSpace[s.place.space] = append(inSpace[s.place.space], i)
		leaf[s.place.space] = leaf[s.place.space] || s.first == before
	}
	accesses := make([][]int, len(p.slots)) // tasks that touch the slot, so far
	var risky []int
	done := make([]bitset, len(p.tasks)) // done[t] has what is known to have finished when t starts
	for t := range p.tasks {
		k := &p.tasks[t]
		done[t] = newBitset(len(p.tasks))
		for _, r := range k.reads {
			if from := p.slots[r].first; from != before {
				done[t].add(from)
				done[t].union(done[from])
			}
			accesses[r] = append(accesses[r], t)
		}
		var wait []int
		for _, w := range k.writes {
			at := p.slots[w].place
			for _, o := range inSpace[at.space] {
				if o != w && p.slots[o].place.overlaps(at) {
					wait = append(wait, accesses[o]...)
				}
			}
			if leaf[at.space] {
				wait = append(wait, risky...)
			}
		}
		slices.Sort(wait)
		for _, u := range slices.Backward(slices.Compact(wait)) {
			if u != t && !done[t].has(u) {
				k.after = append(k.after, u)
				done[t].add(u)
				done[t].union(done[u])
			}
		}
		p.report.Edges += len(k.after)
		for _, w := range k.writes {
			accesses[w] = append(accesses[w], t)
		}
		if k.fallible() {
			risky = append(risky, t)
		}
	}
}
