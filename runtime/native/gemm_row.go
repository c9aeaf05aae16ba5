package native

// dotRows is the number of columns of C that dots makes.
const dotRows = 32

// isDots reports whether a product is one row times columns that lie in memory like rows: then no column is used twice, and to pack
// them would cost more than the product.
func (f *family) isDots(m int, a, b *matrix) bool {
	return f.dots != nil && m == 1 && a.right == 1 && b.right != 1 && b.down == 1
}

// dotProducts makes a row of C, as many columns at a time as the family's function makes, and the rest in tiles.
func (p *blocking) dotProducts(n, k int, scale float32, a, b *matrix, c []float32, e *epilogue, s *packs) {
	whole := n / dotRows * dotRows
	accumulate := e != nil && e.z != nil
	if whole > 0 {
		if accumulate {
			e.begin(c, 0, 1, whole, whole)
		}
		for j := 0; j < whole; j += dotRows {
			for l := 0; l < k; l += p.k {
				kb, scaleHere := min(p.k, k-l), float32(1)
				if l+kb == k {
					scaleHere = scale
				}
				columns := b.x[l+j*b.right:][:(dotRows-1)*b.right+kb]
				p.dots(kb, a.x[l:][:kb], columns, b.right, c[j:][:dotRows], scaleHere, l > 0 || accumulate)
			}
		}
		if e != nil {
			e.finish(c, 0, 1, whole, whole, 0)
		}
	}
	if whole == n {
		return
	}
	rest := matrix{b.x[whole*b.right:], b.down, b.right}
	if e == nil {
		p.tiles(1, n-whole, k, scale, a, &rest, c[whole:], n-whole, nil, s)
		return
	}
	here := e.from(whole, whole)
	p.tiles(1, n-whole, k, scale, a, &rest, c[whole:], n-whole, &here, s)
}
