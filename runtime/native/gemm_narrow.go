package native

// narrowRows is the number of rows of a narrow result that are made at once.
const narrowRows = 256

// isNarrow reports whether the rows of an m x n result are too short to fill the vectors of tiles, and its columns are not. Such a
// result is made transposed: its columns, which are few, are the rows of tiles.
func (f *family) isNarrow(m, n int) bool { return !f.packed && n > 1 && n <= f.rows && m > f.cols }

// narrowProduct makes strips of the transposed result beside C, and moves them there.
func (p *blocking) narrowProduct(m, n, k int, scale float32, a, b *matrix, c []float32, rowC int, e *epilogue, s *packs) {
	left, right := b.transposed(), a.transposed()
	var before *epilogue
	var after epilogue
	if e != nil {
		if e.z != nil {
			before = &epilogue{z: s.c[:]} // is there already when a strip begins
		}
		after = *e
		after.bias = nil
	}
	for i := 0; i < m; i += narrowRows {
		rows := min(narrowRows, m-i)
		if before != nil {
			p.transpose(s.c[:], narrowRows, e.z[i*rowC:][:(rows-1)*rowC+n], rowC, rows, n)
		}
		right.x = a.x[i*a.down:]
		p.tiles(n, rows, k, scale, &left, &right, s.c[:], narrowRows, before, s)
		if e != nil && e.bias != nil {
			for j := range n {
				column := s.c[j*narrowRows:][:rows]
				e.shift(column, column, e.bias[j])
			}
		}
		p.columns(c[i*rowC:], rowC, s.c[:], rows, n)
		if e != nil {
			after.finish(c, i*rowC, rows, n, rowC, 0)
		}
	}
}

// columns writes n rows of a strip as columns of C.
func (f *family) columns(c []float32, rowC int, x []float32, rows, n int) {
	whole := n &^ 3 // the family's function writes a multiple of four
	if whole > 0 {
		f.transpose(c, rowC, x[:(whole-1)*narrowRows+rows], narrowRows, whole, rows)
	}
	for j := whole; j < n; j++ {
		for i, v := range x[j*narrowRows:][:rows] {
			c[i*rowC+j] = v
		}
	}
}
