package native

// Block sizes of products, in elements.
const (
	// depth is the length of a block along k: a panel of A, packed, stays in the first-level cache (12 x 384 x 4 bytes).
	depth = 384
	// breadth is the width of a block of B: packed, it stays in the second-level cache (384 x 512 x 4 bytes).
	breadth = 512
	// nearby is the size of a factor that stays in the first-level cache as it lies in memory.
	nearby = 8192
	// far is the size of a factor that comes from beyond the first-level cache: then it is better read once and in order, for packing.
	far = 1 << 15
	// inSecond is the size of what stays in the second-level cache together with packed blocks, or not much longer than it takes to use it.
	inSecond = 1 << 18
	// maxRows is the height of the tallest tile of all families.
	maxRows = 12
	// together is the number of panels that are packed at once where A is transposed: their rows then fill cache lines.
	together = 4
)

// matrix is a matrix, or its transpose, in place: element (i, j) is x[i*down + j*right], and down or right is 1.
type matrix struct {
	x           []float32
	down, right int
}

func (m matrix) transposed() matrix { return matrix{m.x, m.right, m.down} }

// blocking says how a family makes products of one shape. Following Goto and van de Geijn, Anatomy of High-Performance Matrix
// Multiplication (2008), C is made in tiles that a micro-kernel keeps in registers, and the factors are packed in the order in
// which it reads them: B in blocks, and A in panels of as many rows as a tile has, right before they are used. Packing also
// transposes. Factors that are used too few times to pay for packing are read in place.
type blocking struct {
	*family
	k, width      int // of a block of B
	strip, height int // rows of A that are packed at once; of a panel
	tile          int // columns of a tile
	packA, packB  bool
	narrow        bool      // the transposed result is made, and all of these are of it
	sums          []float32 // to which B's columns are added beside the product; or nil
	shared        []float32 // all blocks of B, where somebody has packed them
}

// blocks chooses the blocking for C = A B, with C m x n and k inner; of the factors only the strides matter.
func (f *family) blocks(m, n, k int, a, b *matrix) blocking {
	if f.isNarrow(m, n) {
		left, right := b.transposed(), a.transposed()
		p := f.blocks(n, narrowRows, k, &left, &right)
		p.narrow = true
		return p
	}
	p := blocking{family: f, k: even(k, depth, 4), width: breadth, strip: m, height: even(m, f.rows, 1), tile: f.cols}
	p.packB = b.right != 1 || m > 3*f.rows && (f.packed || k*b.down > nearby)
	if f.packed {
		p.packA = p.packB && a.right != 1
	} else {
		p.packA = n > 2*f.cols && (max(p.height*a.down, k*a.right) > nearby || m*k > far)
	}
	if p.packA {
		p.strip = p.height
		if a.right != 1 {
			p.strip *= together
		}
	}
	if m <= f.rows {
		p.width = f.cols // a block is used once
	}
	if !p.packB && (m == 1 || f.packed) {
		p.width, p.tile = f.wide, f.wide
	}
	return p
}

// share lets products read a B whose blocks have been packed.
func (p *blocking) share(packed []float32) { p.packB, p.shared = true, packed }

// place is where the block of nb columns from row l and column j on begins in a packed B of k rows. Those of the same columns lie
// together.
func (p *blocking) place(j, l, nb, k int) int { return j*k + l*roundUp(nb, p.cols) }

func ceil(n, unit int) int { return (n + unit - 1) / unit }

// even returns a size for blocks of n that is at most limit and a multiple of unit, as limit is, and leaves none much smaller.
func even(n, limit, unit int) int {
	if n <= limit {
		return limit
	}
	count := (n + limit - 1) / limit
	return roundUp((n+count-1)/count, unit)
}

// packs is scratch memory for panels of A, of at most maxRows rows and with some room after each, and a block of B.
type packs struct {
	a   [together * (maxRows*depth + 8)]float32
	b   [breadth * depth]float32
	c   [maxRows * narrowRows]float32 // of a narrow result
	one [1]float32                    // see sumBlock
}

// product computes C = scale * A B in this goroutine, with C m x n and k inner; C's rows lie rowC apart. Where there is an
// epilogue, it is applied to each strip of C; then the scale is 1 if the epilogue has a z. This is the one place where dense f32
// products are made.
//
// The bits of an element are a function of its row of A, its column of B, k, scale and what the epilogue reads for it: k is
// divided into blocks by its length, the sum of each is made in ascending order, and they are added in order, to z if there is
// one. Tiles, blocks and packing make no difference.
func (p *blocking) product(m, n, k int, scale float32, a, b *matrix, c []float32, rowC int, e *epilogue, s *packs) {
	switch {
	case p.narrow:
		p.narrowProduct(m, n, k, scale, a, b, c, rowC, e, s)
	case p.isDots(m, a, b):
		p.dotProducts(n, k, scale, a, b, c, e, s)
	default:
		p.tiles(m, n, k, scale, a, b, c, rowC, e, s)
	}
}

// tiles is product by packing and tiles, for all shapes.
func (p *blocking) tiles(m, n, k int, scale float32, a, b *matrix, c []float32, rowC int, e *epilogue, s *packs) {
	accumulate, distant := e != nil && e.z != nil, m*k > far
	var fetched ahead
	// Small products spend much of their time here; single words are faster to move than a matrix is.
	for j := 0; j < n; j += p.width {
		nb := min(p.width, n-j)
		for l := 0; l < k; l += p.k {
			kb := min(p.k, k-l)
			scaleHere, add := float32(1), l > 0 || accumulate
			if l+kb == k {
				scaleHere = scale
			}
			block, stepB, nextB := b.x[l*b.down+j*b.right:], b.down, p.tile
			switch {
			case p.shared != nil:
				block, stepB, nextB = p.shared[p.place(j, l, nb, k):], p.tile, p.tile*kb
			case p.packB:
				p.packBlock(s.b[:], kb, nb, block, b.down, b.right)
				block, stepB, nextB = s.b[:], p.tile, p.tile*kb
			}
			if p.sums != nil {
				p.sumBlock(s, kb, nb, block, stepB, nextB, p.sums[j:])
			}
			for i := 0; i < m; i += p.strip {
				end := min(m, i+p.strip)
				panel, rowA, stepA, nextA := a.x[i*a.down+l*a.right:], a.down, a.right, p.height*a.down
				if p.packA {
					rowA, stepA, nextA = p.packPanels(s, end-i, kb, panel, a.down, a.right)
					panel = s.a[:]
				}
				if distant {
					fetched = p.ahead(m, n, k, a, b, i, end, l, kb, ceil(end-i, p.height)*ceil(nb, p.tile))
				}
				for r := i; r < end; r += p.height {
					mb := min(p.height, end-r)
					if l == 0 && accumulate {
						e.begin(c, r*rowC+j, mb, nb, rowC)
					}
					for q := 0; q*p.tile < nb; q++ {
						w := min(p.tile, nb-q*p.tile)
						sizeB := (kb-1)*stepB + w
						if p.packB {
							sizeB = nextB
						}
						var next []float32
						if distant {
							next = fetched.next()
						}
						p.family.tile(mb, w, kb, panel[:(mb-1)*rowA+(kb-1)*stepA+1], rowA, stepA, block[q*nextB:][:sizeB], stepB,
							c[r*rowC+j+q*p.tile:][:(mb-1)*rowC+w], rowC, scaleHere, add, next, fetched.step)
					}
					if l+kb == k && e != nil {
						e.finish(c, r*rowC+j, mb, nb, rowC, j)
					}
					panel = panel[min(nextA, len(panel)):]
				}
			}
		}
	}
}

// packPanels copies m rows of A as panels, next elements apart: what a tile needs of one at each step along k is together and the
// steps lie stepA elements apart, or, for families that say so, its rows do.
func (p *blocking) packPanels(s *packs, m, k int, a []float32, down, right int) (rowA, stepA, next int) {
	if p.packed { // A is transposed, or would be read in place
		rowA = roundUp(k, 4)
		p.transpose(s.a[:], rowA, a[:(k-1)*right+m], right, k, m)
		return rowA, 1, p.height * rowA
	}
	stepA = roundUp(p.height, 4)
	next = k*stepA + 8
	if right != 1 {
		p.copyPanels(s.a[:], stepA, next, a, right, p.height, m, k)
		return 1, stepA, next
	}
	for i := 0; i < m; i += p.height {
		rows := min(p.height, m-i)
		p.transpose(s.a[i/p.height*next:], stepA, a[i*down:][:(rows-1)*down+k], down, rows, k)
	}
	return 1, stepA, next
}

// packBlock copies a block of B as panels of as many columns as a tile has, one after the other.
func (f *family) packBlock(dst []float32, k, n int, b []float32, down, right int) {
	if right == 1 {
		f.copyPanels(dst, f.cols, f.cols*k, b, down, f.cols, n, k)
		return
	}
	const some = 64 // rows of a panel, which so many columns of 4 bytes leave in the first-level cache until all are written
	for j := 0; j < n; j += f.cols {
		w, panel := min(f.cols, n-j), dst[j*k:]
		for l := 0; l < k; l += some {
			kb := min(some, k-l)
			f.transpose(panel[l*f.cols:], f.cols, b[j*right+l:][:(w-1)*right+kb], right, w, kb)
		}
	}
}

// copyPanels cuts k rows of n elements into panels of cols elements, and fewer in the last.
func (f *family) copyPanels(dst []float32, step, next int, x []float32, ld, cols, n, k int) {
	x = x[:(k-1)*ld+n]
	full := n / cols
	if full > 0 {
		f.copyRows(dst, step, next, x, ld, cols, full, k)
	}
	if rest := n - full*cols; rest > 0 {
		f.copyRows(dst[full*next:], step, next, x[full*cols:], ld, rest, 1, k)
	}
}
