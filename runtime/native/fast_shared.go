package native

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// pieceRows is the least number of rows of pieces that share B: its blocks are read from afar once for so many.
const pieceRows = 128

// sharedProduct is a product whose pieces are rows of the result and read one packed copy of B. It is made in two stages of tasks:
// first each block of B is packed, then the pieces are multiplied.
type sharedProduct struct {
	call   *Call
	shape  *productShape
	crew   *crew
	f      *family
	v      *vectors
	packs  *spare[packs]
	slabs  *slabs
	blocks int          // of B
	copy   *slab        // of B, while a run is under way
	left   atomic.Int32 // pieces that have not ended
}

// shares reports whether pieces share a copy of B: few of them rather pack a part of it each, as they do where B is so large that the
// copy would take up much memory.
func (p *productShape) shares() bool {
	const largest = 1 << 22 // elements
	return p.batch == 1 && p.grid.deep == 1 && p.m >= 4*pieceRows && p.n > maxRows && p.k*p.n <= largest && p.m*p.n*p.k > 1<<23
}

// sharedGrid cuts a product whose pieces share B. These may be small, so that workers end at about the same time.
func sharedGrid(p *productShape) grid {
	g := grid{1, 1, 1, p.m, p.n, p.k}
	for g.rows > 2*pieceRows && g.rows*p.n*p.k > 1<<25 {
		g.rows = roundUp((g.rows+1)/2, maxRows)
	}
	g.down = ceil(p.m, g.rows)
	return g
}

// newSharedProduct prepares a product, which has its grid, for so many parts.
func newSharedProduct(c *Call, parts int, f *family, v *vectors, packs *spare[packs], slabs *slabs) *sharedProduct {
	h := &sharedProduct{call: c, shape: c.Data.(*productShape), crew: newCrew(parts), f: f, v: v, packs: packs, slabs: slabs}
	p, _ := h.blocking()
	h.blocks = ceil(h.shape.n, p.width) * ceil(h.shape.k, p.k)
	slabs.expect(h.copied())
	return h
}

// unlessShared returns the Run of products that leaves those whose pieces share B to their crews.
func (k Kernel) unlessShared() func(c *Call, part, parts int) error {
	return func(c *Call, part, parts int) error {
		if h := c.Data.(*productShape).shared; h != nil {
			return h.crew.work(part, h)
		}
		return k.Run(c, part, parts)
	}
}

// blocking returns that of a piece, and B without its elements.
func (h *sharedProduct) blocking() (p blocking, b matrix) {
	a, b := h.shape.factors()
	return h.f.blocks(h.shape.grid.rows, h.shape.n, h.shape.k, &a, &b), b
}

// copied returns the elements of the packed B.
func (h *sharedProduct) copied() int { return h.shape.k * roundUp(h.shape.n, h.f.cols) }

// slabs hold packed factors. Which products run at the same time may differ from run to run: the first makes as many as can, so that no
// later one allocates.
type slabs struct {
	spare[slab]
	calls, largest int // of those that have been prepared
	first          sync.Once
}

const slabsBytes = 64 << 20 // that are made before they are needed

func (s *slabs) expect(elements int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.largest = s.calls+1, max(s.largest, elements)
}

func (s *slabs) take() *slab {
	s.first.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for range min(s.calls, runtime.GOMAXPROCS(0), slabsBytes/(4*s.largest)) {
			s.list = append(s.list, &slab{make([]float32, s.largest)})
		}
	})
	return s.spare.take()
}

func (h *sharedProduct) begin() error {
	if h.copy == nil { // as it is unless a run stopped halfway
		h.copy = h.slabs.take()
	}
	h.copy.of(h.copied())
	h.left.Store(int32(h.shape.grid.down))
	return nil
}

func (h *sharedProduct) tasks() int { return h.blocks + h.shape.grid.down }

// needs: the pieces wait for all of B.
func (h *sharedProduct) needs(i int) int {
	if i < h.blocks {
		return 0
	}
	return h.blocks
}

func (h *sharedProduct) do(i int) {
	if i < h.blocks {
		h.pack(i)
		return
	}
	s := h.packs.take()
	pieces(h.call, h.f, h.v, i-h.blocks, i-h.blocks+1, s, h.copy.x)
	h.packs.give(s)
	if h.left.Add(-1) == 0 {
		h.slabs.give(h.copy)
		h.copy = nil
	}
}

// pack packs a block of B.
func (h *sharedProduct) pack(i int) {
	p, b := h.blocking()
	n, k := h.shape.n, h.shape.k
	deep := ceil(k, p.k)
	j, l := i/deep*p.width, i%deep*p.k
	nb, kb := min(p.width, n-j), min(p.k, k-l)
	h.f.packBlock(h.copy.x[p.place(j, l, nb, k):], kb, nb, h.call.In[1].F32[l*b.down+j*b.right:], b.down, b.right)
}
