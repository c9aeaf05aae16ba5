package native

// ahead is what the tiles of a strip fetch while they are made, of factors that come from afar: what will be packed next. The first half
// of the tiles fetches parts of one range of memory, the others of another; they may be the same.
type ahead struct {
	ranges [2][]float32
	shares [2]int // elements from the part of one tile to that of the next
	step   int    // elements between what a tile fetches at a time
	half   int    // tiles of the first range that are still to come
}

// ahead returns what is fetched during the strip of rows i to end and terms l to l+kb of a product, which is made in so many tiles. If
// the next blocks of both factors lie in memory as they are, as those of the gradient of a weight do, and fit the second-level cache,
// they are fetched in the course of all strips. Otherwise it is the next strip of A: of its rows the terms from the tile's share on or,
// where A is transposed, the tile's share of its terms.
func (p *blocking) ahead(m, n, k int, a, b *matrix, i, end, l, kb, tiles int) ahead {
	h := ahead{half: max(1, tiles/2)}
	next := min(p.k, k-l-kb)
	switch {
	case next > 0 && a.down == 1 && a.right == m && b.right == 1 && b.down == n && (m+n)*kb <= inSecond:
		h.step = 64
		h.ranges = [2][]float32{a.x[(l+kb)*m+next*i:], b.x[(l+kb)*n+next*n*i/m:]}
		h.shares = [2]int{next * (end - i) / h.half, next * n * (end - i) / m / max(1, tiles-h.half)}
	case end == m:
		h.ranges = [2][]float32{a.x, a.x}
	default:
		x, share := a.x[end*a.down+l*a.right:], max(1, kb/tiles)
		h.step = a.down
		if a.right != 1 {
			h.step = a.right
			share *= a.right
		}
		h.ranges = [2][]float32{x, x[min(len(x)-1, h.half*share):]}
		h.shares = [2]int{share, share}
	}
	return h
}

// next returns what the next tile fetches first.
func (h *ahead) next() []float32 {
	which := 1
	if h.half > 0 {
		which = 0
		h.half--
	}
	x := h.ranges[which]
	h.ranges[which] = x[min(len(x)-1, h.shares[which]):]
	return x
}
