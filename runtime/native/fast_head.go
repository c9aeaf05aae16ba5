package native

import (
	"math"

	"graft/graph"
)

const (
	chunkRows   = 512     // rows whose logits are held at once: the weights are packed, and their gradient is added to, once for so many
	chunkLogits = 1 << 24 // at most, unless so few rows would not pay for packing the weights
	fewRows     = 64
	stripRows   = 16 // rows whose softmax is one task
	headGroups  = 16 // at most
)

// addFastHeads puts kernels for f32 that hold the logits of a chunk of rows. The chunk's logits are made, turned into losses and
// into their own gradient in place, and used for the gradients of w, bias and x right away.
func addFastHeads(t Table, f *family, v *vectors, l *loops, e *entropies) {
	pool := new(spare[packs])
	for _, name := range []string{"linear_cross_entropy", "linear_cross_entropy_grad"} {
		plain := t[name]
		t[name] = Kernel{
			Prepare: func(c *Call) error {
				h := newHead(c)
				if c.Out[0].DType != graph.F32 || h.rows*h.inner*h.classes == 0 {
					return plain.Prepare(c)
				}
				c.Data = newChunked(h, c, f, v, l, e, pool)
				return nil
			},
			Parts: func(c *Call) int {
				if h, ok := c.Data.(*chunked); ok {
					return len(h.crew.entered)
				}
				return 1
			},
			Run: func(c *Call, part, parts int) error {
				if h, ok := c.Data.(*chunked); ok {
					return h.crew.work(part, h)
				}
				return plain.Run(c, part, parts)
			},
		}
	}
}

// chunked is a head whose rows are taken a chunk at a time. A chunk is made in stages of tasks that workers share:
//
//	logits      each block of classes: x w + bias
//	losses      each strip of rows: the loss, and the gradient in the logits' place
//	gradients   each group of blocks: dw and db of its classes are added to; the group's share of dx
//	shares      each strip of rows: dx is the sum of the groups' shares
//
// The last two are there as far as gradients are wanted. A last task, after all chunks, writes the loss and the bias's gradient.
type chunked struct {
	*head
	call *Call
	crew *crew
	f    *family
	v    *vectors
	l    *loops
	e    *entropies
	pool *spare[packs]

	chunk, chunks          int // rows of one, the last maybe less; number
	blocks, groups, strips int
	ends                   [4]int // the stages' ends, counted in a chunk's tasks
	lossParts              int    // of a softmax_cross_entropy of these sizes

	logits         []float32
	shares         [][]float32 // by group
	totals         []float64   // of the bias's gradient
	losses         []float64   // by row
	divisor, scale float64     // of this run
}

func newChunked(h *head, c *Call, f *family, v *vectors, l *loops, e *entropies, pool *spare[packs]) *chunked {
	k := &chunked{head: h, call: c, f: f, v: v, l: l, e: e, pool: pool, losses: make([]float64, h.rows)}
	rows := max(fewRows, min(chunkRows, chunkLogits/h.classes))
	k.chunks = (h.rows + rows - 1) / rows
	k.chunk = (h.rows + k.chunks - 1) / k.chunks // none is much smaller
	k.logits = make([]float32, k.chunk*h.classes)
	k.blocks, k.strips = (h.classes+breadth-1)/breadth, (k.chunk+stripRows-1)/stripRows
	k.groups = min(headGroups, k.blocks)
	counts := [4]int{k.blocks, k.strips}
	if h.dw != nil {
		counts[2] = k.groups
	}
	if h.db != nil {
		k.totals = make([]float64, roundUp(h.classes, 8))
	}
	if h.dx != nil {
		counts[3] = k.strips
		for range k.groups {
			k.shares = append(k.shares, make([]float32, k.chunk*h.inner))
		}
	}
	sum := 0
	for i, n := range counts {
		sum += n
		k.ends[i] = sum
	}
	k.lossParts = max(1, min(h.rows, (min(h.rows*h.classes, lossWork)+chunk-1)/chunk))
	work := h.rows * h.inner * h.classes / 64 // as much as so many elements of other ops
	k.crew = newCrew(max(1, min(headGroups, work/chunk)))
	return k
}

func (h *chunked) tasks() int { return h.chunks*h.ends[3] + 1 }

// place returns the chunk, stage and number in its stage of task i; beyond the last chunk there is one more task.
func (h *chunked) place(i int) (chunk, stage, number int) {
	chunk, number = i/h.ends[3], i%h.ends[3]
	for ; number >= h.ends[stage]; stage++ {
	}
	if stage > 0 {
		number -= h.ends[stage-1]
	}
	return chunk, stage, number
}

// needs: a stage begins when the one before has ended.
func (h *chunked) needs(i int) int {
	_, _, number := h.place(i)
	return i - number
}

// begin refuses labels and weights as softmax_cross_entropy does.
func (h *chunked) begin() (err error) {
	s := labelled[float32](h.head, nil)
	s.sum = h.v.sum
	if h.divisor, err = s.divisor(h.call); err != nil {
		return err
	}
	for r := range h.rows {
		if _, err := s.labelOf(r); err != nil && s.weightOf(r) != 0 {
			return err
		}
	}
	if h.dloss != nil {
		h.scale = float64(h.dloss.F32[0]) / h.divisor
	}
	clear(h.totals)
	return nil
}

func (h *chunked) do(i int) {
	chunk, stage, number := h.place(i)
	if chunk == h.chunks {
		h.finish()
		return
	}
	first := chunk * h.chunk
	rows := min(h.chunk, h.rows-first)
	lo, hi := min(rows, number*stripRows), min(rows, (number+1)*stripRows)
	switch stage {
	case 0:
		h.project(first, rows, number)
	case 1:
		h.lose(first, lo, hi)
	case 2:
		for b := h.blocks * number / h.groups; b < h.blocks*(number+1)/h.groups; b++ {
			h.differentiate(first, rows, number, b)
		}
	case 3:
		h.add(first, lo, hi)
	}
}

// block returns the classes of block b.
func (h *chunked) block(b int) (lo, cols int) {
	lo = b * breadth
	return lo, min(breadth, h.classes-lo)
}

// project makes the logits of some rows for block b.
func (h *chunked) project(first, rows, b int) {
	lo, cols := h.block(b)
	var e *epilogue
	if h.bias != nil {
		e = &epilogue{bias: h.bias.F32[lo:], add: h.v.pair["add"], shift: h.v.point["shift"]}
	}
	x, w := matrix{h.x.F32[first*h.inner:], h.inner, 1}, matrix{h.w.F32[lo*h.colW:], h.rowW, h.colW}
	h.multiply(rows, cols, h.inner, x, w, h.logits[lo:], h.classes, e)
}

// lose makes the losses of rows lo to hi of the chunk that begins with row first, and their gradients of the logits. Labels and
// weights have been looked at: there are no errors.
func (h *chunked) lose(first, lo, hi int) {
	s, losses := labelled(h.head, h.logits), h.losses[first:]
	s.label = s.label[first:]
	if s.weight != nil {
		s.weight = s.weight[first:]
	}
	clear(losses[lo:hi])
	if h.e.short(h.classes) {
		h.e.shortLosses(s, lo, hi, func(r int, loss float64) { losses[r] = loss })
		if h.dw != nil {
			h.e.shortGrads(h.logits, s, lo, hi, h.scale)
		}
		return
	}
	multiply := h.v.point["scale"]
	for r := lo; r < hi; r++ {
		x, w := s.row(r), s.weightOf(r)
		if w == 0 {
			clear(x)
			continue
		}
		label := s.label[r]
		at := float64(x[label])
		var largest float32
		var sum float64
		if h.dw == nil {
			largest, sum = h.v.expSum(x, float32(math.Inf(-1)))
		} else {
			largest, sum = crossEntropyGradRow(h.v, multiply, x, x, int(label), h.scale*w)
		}
		losses[r] = w * (math.Log(sum) + float64(largest) - at)
	}
}

// differentiate adds what some rows contribute to the gradients of block b's weights and biases, and what the block contributes
// to its group's share of dx. Weights and share begin with the first product.
func (h *chunked) differentiate(first, rows, group, b int) {
	lo, cols := h.block(b)
	dw, d, x := h.dw.F32[lo*h.colW:], h.logits[lo:], h.x.F32[first*h.inner:]
	if h.colW == 1 {
		h.accumulate(first == 0, h.inner, cols, rows, matrix{x, 1, h.inner}, matrix{d, h.classes, 1}, dw, h.rowW)
	} else {
		h.accumulate(first == 0, cols, h.inner, rows, matrix{d, 1, h.classes}, matrix{x, h.inner, 1}, dw, h.colW)
	}
	if h.db != nil {
		h.l.addRows(h.totals[lo:], d, cols, h.classes, rows)
	}
	if h.dx != nil {
		w := matrix{h.w.F32[lo*h.colW:], h.colW, h.rowW} // transposed
		h.accumulate(b == h.blocks*group/h.groups, rows, h.inner, cols, matrix{d, h.classes, 1}, w, h.shares[group], h.inner)
	}
}

// accumulate adds a product to c, or begins c with it.
func (h *chunked) accumulate(begin bool, m, n, k int, a, b matrix, c []float32, rowC int) {
	var e *epilogue
	if !begin {
		e = &epilogue{z: c}
	}
	h.multiply(m, n, k, a, b, c, rowC, e)
}

func (h *chunked) multiply(m, n, k int, a, b matrix, c []float32, rowC int, e *epilogue) {
	s := h.pool.take()
	blocking := h.f.blocks(m, n, k, &a, &b)
	blocking.product(m, n, k, 1, &a, &b, c, rowC, e, s)
	h.pool.give(s)
}

// add adds the groups' shares of dx, in order.
func (h *chunked) add(first, lo, hi int) {
	add, lo, hi := h.v.pair["add"], lo*h.inner, hi*h.inner
	dx := h.dx.F32[first*h.inner:][lo:hi]
	copy(dx, h.shares[0][lo:hi])
	for _, share := range h.shares[1:] {
		add(dx, dx, share[lo:hi], 0)
	}
}

// finish adds the losses in the order in which softmax_cross_entropy adds those of its parts, so that the loss has the same
// bits.
func (h *chunked) finish() {
	sum := 0.0
	for part := range h.lossParts {
		total := 0.0
		for _, l := range h.losses[h.rows*part/h.lossParts : h.rows*(part+1)/h.lossParts] {
			total += l
		}
		sum += total / h.divisor
	}
	h.loss.F32[0] = float32(sum)
	if h.db != nil {
		for j := range h.db.F32 {
			h.db.F32[j] = float32(h.totals[j])
		}
	}
}
