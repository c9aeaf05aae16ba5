package native

import (
	"sync"

	"graft/graph"
)

func addFastReductions(t Table, f *family, l *loops, v *vectors) {
	free := new(spare[rowBlock])
	for _, name := range []string{"sum", "mean"} {
		t[name] = summing(t[name], f, l, v, free)
	}
}

// Sums are made of tasks: each adds up a block of the summed positions for a panel of neighbouring results. Blocks are more than
// one only where the results alone are too few to be shared out; each then keeps its totals. All of that follows from shapes.
type sums struct {
	*reduction
	panels, blocks int // panels of the results behind the summed axes
	tasks          int
	parts          int

	totals [][]float64 // of each part's task

	mu   sync.Mutex
	kept [][]float64 // totals of each task, where there are blocks
}

const (
	panelWidth = 256  // results whose totals a part keeps
	blockRows  = 1024 // positions that make a block worth its totals
	nearRows   = 16   // rows of a panel that the first-level cache holds
	fewTasks   = 16
)

func newSums(c *Call) *sums {
	s := &sums{reduction: newReduction(c), blocks: 1}
	s.panels = max(1, roundUp(s.inner, panelWidth)/panelWidth)
	results := c.Out[0].Len() / max(1, s.inner) * s.panels
	// A sweep's call divides its sums as the whole would: their bits depend on it.
	all, wanted := c.Block.whole(results), min(fewTasks, (c.Block.whole(c.In[0].Len())+chunk-1)/chunk)
	if all > 0 && all < wanted {
		s.blocks = max(1, min((wanted+all-1)/all, s.count/blockRows))
	}
	s.tasks = results * s.blocks
	s.parts = max(1, s.tasks)
	if s.blocks == 1 {
		s.parts = max(1, min(results, partsOf(c.In[0].Len())))
	}
	s.totals = s.rows(s.parts)
	if s.blocks > 1 {
		s.kept = s.rows(s.tasks)
	}
	return s
}

// rows makes memory for the totals of n panels.
func (s *sums) rows(n int) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, roundUp(min(max(1, s.inner), panelWidth), 8))
	}
	return rows
}

// summing returns k with a faster body for sums over neighbouring axes of f32.
func summing(k Kernel, f *family, l *loops, v *vectors, free *spare[rowBlock]) Kernel {
	plain := k.divided(perElement, largest)
	k.Prepare = func(c *Call) error {
		if c.Out[0].DType != graph.F32 {
			return plain.Prepare(c)
		}
		s := newSums(c)
		c.Data = s
		if s.inner == 0 {
			c.Data = s.reduction
		}
		return nil
	}
	k.Parts = func(c *Call) int {
		if s, ok := c.Data.(*sums); ok {
			return s.parts
		}
		return plain.Parts(c)
	}
	k.Run = func(c *Call, part, parts int) error {
		s, ok := c.Data.(*sums)
		if !ok {
			return plain.Run(c, part, parts)
		}
		x, out := c.In[0].F32, c.Out[0].F32
		if s.inner == 1 && s.blocks == 1 {
			lo, hi := s.tasks*part/parts, s.tasks*(part+1)/parts
			if s.count > columnRow || v.column == nil {
				s.sumRows(v, x, out, lo, hi)
				return nil
			}
			b := free.take()
			s.sumShort(f, l, b, x, out, lo, hi)
			free.give(b)
			return nil
		}
		for task := s.tasks * part / parts; task < s.tasks*(part+1)/parts; task++ {
			s.run(l, v, x, out, task, s.totals[part])
		}
		return nil
	}
	return k
}

// sumRows sums whole rows.
func (s *sums) sumRows(v *vectors, x, out []float32, lo, hi int) {
	for i := lo; i < hi; i++ {
		out[i] = float32(sumRow(v, x[i*s.count:(i+1)*s.count]) / s.divisor)
	}
}

// rowBlock is a block of short rows, made into columns, and their totals.
type rowBlock struct {
	columns [columnRow * columnBlock]float32
	totals  [columnBlock]float64
}

// sumShort sums whole rows that fill no vector, or hardly one: a block of them is summed as columns are.
func (s *sums) sumShort(f *family, l *loops, b *rowBlock, x, out []float32, lo, hi int) {
	for ; lo < hi; lo += columnBlock {
		rows := min(columnBlock, hi-lo)
		clear(b.totals[:])
		if s.count > 0 {
			f.transpose(b.columns[:], columnBlock, x[lo*s.count:][:rows*s.count], s.count, rows, s.count)
			l.addRows(b.totals[:], b.columns[:], rows, columnBlock, s.count)
		}
		if s.divisor != 1 {
			for i := range rows {
				b.totals[i] /= s.divisor
			}
		}
		for i, total := range b.totals[:rows] {
			out[lo+i] = float32(total)
		}
	}
}

// run does one task.
func (s *sums) run(l *loops, v *vectors, x, out []float32, task int, totals []float64) {
	block, panel, outer := task%s.blocks, task/s.blocks%s.panels, task/s.blocks/s.panels
	lo, hi := s.count*block/s.blocks, s.count*(block+1)/s.blocks
	col := panel * panelWidth
	cols := min(panelWidth, s.inner-col)
	totals = totals[:cols]
	from := (outer*s.count+lo)*s.inner + col
	if s.inner == 1 {
		totals[0] = sumRow(v, x[from:from+hi-lo])
	} else {
		clear(totals[:cap(totals)])
		for ; lo < hi; lo += nearRows {
			l.addRows(totals[:cap(totals)], x[from:], cols, s.inner, min(nearRows, hi-lo))
			from += nearRows * s.inner
		}
	}
	out = out[outer*s.inner+col:][:cols]
	if s.blocks > 1 {
		s.combine(out, task, totals)
		return
	}
	for j, total := range totals {
		out[j] = float32(total / s.divisor)
	}
}

// sumRow spares rows of a few elements the call.
func sumRow(v *vectors, x []float32) (total float64) {
	if len(x) > 8 {
		return v.sum(x)
	}
	for _, e := range x {
		total += float64(e)
	}
	return total
}

// combine keeps the totals of a task and adds up those of its panel's blocks in order. Every task that comes in does so; the last,
// whichever it is, leaves the right results. So nothing has to be reset between runs.
func (s *sums) combine(out []float32, task int, totals []float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	copy(s.kept[task], totals)
	first := task - task%s.blocks
	for j := range out {
		total := 0.0
		for _, t := range s.kept[first : first+s.blocks] {
			total += t[j]
		}
		out[j] = float32(total / s.divisor)
	}
}
