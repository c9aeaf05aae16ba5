package native

import "math"

// entropies are a family's cross-entropies and their gradients. Short rows are made into columns, as those of other ops are, but
// only rows that have a weight: where few nodes of a graph are labelled, the others cost no more than a look.
type entropies struct {
	f    *family
	v    *vectors
	free *spare[labelledRows]
}

// newEntropies returns those of a family.
func newEntropies(f *family, v *vectors) *entropies {
	return &entropies{f, v, new(spare[labelledRows])}
}

// labelledRows are rows that have a weight, up to columnBlock of them, among the rows from to end.
type labelledRows struct {
	columns          columnBlocks                     // the logits; the labels and, for gradients, their factors
	near             [columnRow * columnBlock]float32 // the rows, where there are others between them
	row              [columnBlock]int
	from, end, count int
}

// short says whether rows of n classes are made into columns.
func (e *entropies) short(n int) bool {
	return 0 < n && n <= columnRow && e.v.column["softmax_cross_entropy_grad"] != nil
}

// blocks calls do for the rows lo to hi, a block at a time.
func (e *entropies) blocks(s classes[float32], lo, hi int, do func(b *labelledRows)) error {
	b := e.free.take()
	defer e.free.give(b)
	for b.end = lo; b.end < hi; {
		if err := b.find(s, hi); err != nil {
			return err
		}
		x := s.logits[b.from*s.n : b.end*s.n]
		if !b.together() {
			for i, r := range b.row[:b.count] {
				copy(b.near[i*s.n:], s.row(r))
			}
			x = b.near[:b.count*s.n]
		}
		if b.count > 0 {
			e.f.transpose(b.columns[0][:], columnBlock, x, s.n, b.count, s.n)
		}
		do(b)
	}
	return nil
}

// find looks for the rows of the next block.
func (b *labelledRows) find(s classes[float32], hi int) error {
	b.from, b.count = b.end, 0
	for ; b.end < hi && b.count < columnBlock; b.end++ {
		if s.weight != nil && s.weight[b.end] == 0 {
			continue
		}
		label := s.label[b.end]
		if uint(label) >= uint(s.n) {
			_, err := s.labelOf(b.end)
			return err
		}
		b.row[b.count], b.columns[1][b.count] = b.end, float32(label)
		b.count++
	}
	return nil
}

func (b *labelledRows) together() bool { return b.count == b.end-b.from }

// shortLosses calls add with the loss of each row that has a weight.
func (e *entropies) shortLosses(s classes[float32], lo, hi int, add func(r int, loss float64)) error {
	op := e.v.column["log_softmax"]
	return e.blocks(s, lo, hi, func(b *labelledRows) {
		op(b.columns[0][:], nil, b.count, s.n, columnBlock)
		for i, r := range b.row[:b.count] {
			loss := -float64(b.columns[0][int(s.label[r])*columnBlock+i])
			if s.weight != nil {
				loss *= float64(s.weight[r])
			}
			add(r, loss)
		}
	})
}

// shortGrads makes dx, scale times the gradients of rows lo to hi. The logits may lie there.
func (e *entropies) shortGrads(dx []float32, s classes[float32], lo, hi int, scale float64) error {
	op := e.v.column["softmax_cross_entropy_grad"]
	return e.blocks(s, lo, hi, func(b *labelledRows) {
		for i, r := range b.row[:b.count] {
			b.columns[1][columnBlock+i] = float32(scale * s.weightOf(r))
		}
		op(b.columns[0][:], b.columns[1][:], b.count, s.n, columnBlock)
		all := dx[b.from*s.n : b.end*s.n]
		to, back := all, rows{count: b.count, n: s.n, down: 1, right: columnBlock}
		if !b.together() {
			to = b.near[:]
		}
		e.f.transposeBlocks(to, b.columns[0][:], back)
		if !b.together() {
			clear(all)
			for i, r := range b.row[:b.count] {
				copy(dx[r*s.n:(r+1)*s.n], b.near[i*s.n:])
			}
		}
	})
}

func (e *entropies) grad(c *Call, lo, hi int) error {
	s, out := classesOf[float32](c, 1), c.Out[0].F32
	s.sum = e.v.sum
	divisor, err := s.divisor(c)
	if err != nil {
		return err
	}
	scale := float64(c.In[0].F32[0]) / divisor
	if e.short(s.n) {
		return e.shortGrads(out, s, lo, hi, scale)
	}
	for r := lo; r < hi; r++ {
		dx, w := out[r*s.n:(r+1)*s.n], s.weightOf(r)
		if w == 0 {
			clear(dx)
			continue
		}
		l, err := s.labelOf(r)
		if err != nil {
			return err
		}
		crossEntropyGradRow(e.v, e.v.point["scale"], dx, s.row(r), l, scale*w)
	}
	return nil
}

// crossEntropyGradRow makes dx, scale times the gradient of a row x with the given label; dx may be x. It returns what the loss
// is made of: the largest element and the sum of exp(x - largest).
func crossEntropyGradRow(v *vectors, multiply point32, dx, x []float32, label int, scale float64) (largest float32, sum float64) {
	largest, sum = v.expRow(dx, x, float32(math.Inf(-1)))
	others := sum - float64(dx[label]) // 1 - p without cancellation where p is almost 1
	multiply(dx, dx, float32(scale/sum))
	dx[label] = float32(-scale * others / sum)
	return largest, sum
}

// part returns what rows lo to hi contribute to the loss, divided by the total weight for a mean.
func (e *entropies) part(c *Call, lo, hi int) (total float64, err error) {
	s := classesOf[float32](c, 0)
	s.sum = e.v.sum
	divisor, err := s.divisor(c)
	if err != nil {
		return 0, err
	}
	if e.short(s.n) {
		err = e.shortLosses(s, lo, hi, func(_ int, loss float64) { total += loss })
		return total / divisor, err
	}
	for r := lo; r < hi; r++ {
		w := s.weightOf(r)
		if w == 0 {
			continue
		}
		l, err := s.labelOf(r)
		if err != nil {
			return 0, err
		}
		x := s.row(r)
		largest, sum := e.v.expSum(x, float32(math.Inf(-1)))
		total += w * (math.Log(sum) + float64(largest) - float64(x[l]))
	}
	return total / divisor, nil
}

// crossEntropyPart is [entropies.part] in the given dtype.
func crossEntropyPart[T float](c *Call, lo, hi int) (float64, error) {
	s := classesOf[T](c, 0)
	divisor, err := s.divisor(c)
	if err != nil {
		return 0, err
	}
	total := 0.0
	for r := lo; r < hi; r++ {
		l, err := s.loss(r)
		if err != nil {
			return 0, err
		}
		total += l
	}
	return total / divisor, nil
}
