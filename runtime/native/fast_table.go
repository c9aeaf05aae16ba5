package native

import "math/bits"

func addFastTables(t Table, l *loops) {
	t["gather"] = t["gather"].faster(perIndex, gather32(l))
	scatter, plain := t["scatter_add"], t["scatter_add"].Prepare
	scatter = scatter.faster(perRowOfResult, scatterAdd32(l)).divided(perRowOfResult, scatterWork)
	scatter.Prepare = func(c *Call) error {
		if c.Out[0].F32 == nil {
			return plain(c)
		}
		p := newPlacings(c.In[1].Len())
		if n := rowLen(c.Out[0]); n < shortRow {
			p.near = make([]float32, c.In[1].Len()*n)
		}
		c.Data = p
		return nil
	}
	t["scatter_add"] = scatter
	t["sort_index"] = sortIndexByParts()
	t["merge_rows"] = t["merge_rows"].faster(perRowOfResult, mergeRows32(l)).divided(perRowOfResult, largest)
}

// scatterWork keeps the parts of scatter_add and sort_index few, since each passes over all indices.
func scatterWork(c *Call) int { return min(largest(c), 4*grain) }

func gather32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		index, rows, n := c.In[1].I32, c.In[0].Shape[0], rowLen(c.In[0])
		for k := lo; k < hi; k++ {
			if _, err := indexOf(index, k, rows); err != nil {
				return err
			}
		}
		if lo < hi {
			l.gatherRows(c.Out[0].F32[lo*n:hi*n], c.In[0].F32, n, index[lo:hi])
		}
		return nil
	}
}

// A placing is a row of the table and the place of an index that names it.
type placing struct{ row, place int32 }

// placings is scratch memory for all indices. A part that owns rows lo to hi uses as much of it as there are indices of these rows,
// behind as much as there are indices of rows before.
type placings struct {
	these, spare []placing
	places       []int32
	near         []float32 // copies of short rows in the order in which they are added, since no processor foresees their places
}

func newPlacings(count int) *placings {
	return &placings{these: make([]placing, count), spare: make([]placing, count), places: make([]int32, count)}
}

// nearBytes is what is cleared and filled while it stays in the first-level cache.
const nearBytes = 16384

// scatterAdd32 makes the table's rows lo to hi.
func scatterAdd32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		out, n := c.Out[0].F32, rowLen(c.Out[0])
		p := c.Data.(*placings)
		before, list, places, err := p.sorted(c.In[1].I32, lo, hi, c.Out[0].Shape[0])
		if err != nil {
			return err
		}
		rows := placed{list, places, c.In[0].F32}
		if p.near != nil && len(list) > 0 {
			near := p.near[before*n : (before+len(list))*n]
			l.gatherRows(near, rows.x, n, places)
			for k := range places {
				places[k] = int32(k)
			}
			rows.x = near
		}
		for block := nearRowsOf(n); lo < hi; lo += block {
			end := min(lo+block, hi)
			rows.addTo(l, out[lo*n:end*n], n, lo, end)
		}
		return nil
	}
}

// perTableRow counts the rows of the table that sort_index sorts for.
func perTableRow(c *Call) int { return c.Node.Int("rows") }

// sortIndexByParts returns the kernel whose parts sort the indices of some rows of the table each.
func sortIndexByParts() Kernel {
	k := Kernel{Run: split(perTableRow, func(*Call) body { return sortIndexPart })}.divided(perTableRow, scatterWork)
	k.Prepare = func(c *Call) error {
		c.Data = newPlacings(c.In[0].Len())
		return nil
	}
	return k
}

// sortIndexPart places the indices of the table's rows lo to hi behind those that are smaller.
func sortIndexPart(c *Call, lo, hi int) error {
	before, list, places, err := c.Data.(*placings).sorted(c.In[0].I32, lo, hi, perTableRow(c))
	copy(c.Out[1].I32[before:], places)
	for k, e := range list {
		c.Out[0].I32[before+k] = e.row
	}
	return err
}

// mergeRows32 makes rows lo to hi. Most are copies, of which many are on their way at a time.
func mergeRows32(l *loops) body {
	return func(c *Call, lo, hi int) error {
		x, out, index, places, n := c.In[0].F32, c.Out[0].F32, c.In[1].I32, c.In[2].I32, rowLen(c.Out[0])
		if lo == hi {
			return nil
		}
		end := runEnd(index, hi-1) // a sum may need rows behind hi
		for k := lo; k < end; k++ {
			if _, err := indexOf(places, k, len(places)); err != nil {
				return err
			}
		}
		l.gatherRows(out[lo*n:hi*n], x, n, places[lo:hi])
		for k := lo; k < hi; {
			next := runEnd(index, k)
			if k > 0 && index[k] == index[k-1] { // the run's sum is in the part before
				clear(out[k*n : min(next, hi)*n])
			} else if next > k+1 {
				l.sumRows(out[k*n:(k+1)*n], x, n, places[k:next])
				clear(out[(k+1)*n : max(k+1, min(next, hi))*n])
			}
			k = next
		}
		return nil
	}
}

// nearRowsOf returns how many rows of n elements nearBytes hold, but one at least.
func nearRowsOf(n int) int { return max(1, nearBytes/4/max(1, n)) }

// placed are indices sorted by row, stably, so that a row's terms are added in the order of their places, and their places alone.
type placed struct {
	list   []placing
	places []int32
	x      []float32 // the rows at the places
}

// addTo makes rows lo to end of the table, from the indices that are left.
func (p *placed) addTo(l *loops, table []float32, n, lo, end int) {
	clear(table)
	next := 0
	for next < len(p.list) && int(p.list[next].row) < end {
		row, from := int(p.list[next].row), next
		for next < len(p.list) && int(p.list[next].row) == row {
			next++
		}
		if dst := table[(row-lo)*n : (row-lo+1)*n]; next-from == 1 {
			copy(dst, p.x[int(p.places[from])*n:])
		} else {
			l.sumRows(dst, p.x, n, p.places[from:next])
		}
	}
	p.list, p.places = p.list[next:], p.places[next:]
}

// sorted returns the indices in [lo, hi), their places by themselves, and how many indices are smaller. All indices are checked.
func (p *placings) sorted(index []int32, lo, hi, rows int) (smaller int, list []placing, places []int32, err error) {
	before, below, top := uint32(0), uint32(0), uint32(0) // indices under lo and under hi, counted by signs: nobody can foresee them
	for _, i := range index {
		before += uint32(int(i)-lo) >> 31
		below += uint32(int(i)-hi) >> 31
		top = max(top, uint32(i))
	}
	if len(index) > 0 && int(top) >= rows {
		for k := range index {
			if _, err := indexOf(index, k, rows); err != nil {
				return 0, nil, nil, err
			}
		}
	}
	list = p.these[before:below]
	spare, count := p.spare[before:below], 0
	for k, i := range index {
		if uint32(int(i)-lo) < uint32(hi-lo) {
			list[count] = placing{i, int32(k)}
			count++
		}
	}
	list = byRow(list, spare, lo, hi)
	places = p.places[before:below]
	for k, e := range list {
		places[k] = e.place
	}
	return int(before), list, places, nil
}

// digit is the length of a digit in bits.
const digit = 8

func digitOf(e placing, lo, shift int) int { return (int(e.row) - lo) >> shift & (1<<digit - 1) }

// byRow sorts by rows, which are in [lo, hi): a radix sort from the lowest digit on. The sorted list is one of the two.
func byRow(list, spare []placing, lo, hi int) []placing {
	for shift := 0; shift < bits.Len(uint(hi-lo-1)) && len(list) > 1; shift += digit {
		var start [1<<digit + 1]int32 // of the places of each digit
		for _, e := range list {
			start[digitOf(e, lo, shift)+1]++
		}
		for d := range 1 << digit {
			start[d+1] += start[d]
		}
		for _, e := range list {
			d := digitOf(e, lo, shift)
			spare[start[d]] = e
			start[d]++
		}
		list, spare = spare, list
	}
	return list
}
