package native

import "graft/runtime/buffer"

// groups of few columns leave tiles mostly empty: they are made eight columns at a time.
const thinColumns = 16

// Rows that are passed over for each group in turn, while they stay near to the processor. Of a gradient the bits depend on them.
const (
	groupedRows     = 32
	groupedGradRows = 64
)

func addFastGrouped(t Table, f *family, l *loops) {
	free := new(spare[groupedWeight])
	work := func(c *Call) int { return (c.In[0].Len() + c.Out[0].Len()) / 4 }
	t["grouped_matmul"] = t["grouped_matmul"].faster(perRowOfResult, groupedMatmul32(f, l, free)).divided(perRowOfResult, work)
	grad := t["grouped_matmul_grad"].faster(perGroup, groupedMatmulGrad32(f, l))
	grad.Parts = func(c *Call) int { // a part reads a line of the cache from each row at least
		s := c.Out[0].Shape
		return max(1, min(s[0]*min(s[1], s[2])/32, partsOf(largest(c))))
	}
	t["grouped_matmul_grad"] = grad
}

// groupedWeight has room for all groups' matrices in panels of so many columns.
type groupedWeight struct{ x []float32 }

func groupedMatmul32(f *family, l *loops, free *spare[groupedWeight]) body {
	return func(c *Call, lo, hi int) error {
		g, x, y := groupsOf(c), c.In[0].F32, c.Out[0].F32
		if g.out == 0 || g.count == 0 || lo == hi {
			return nil
		}
		rowX, rowY := g.count*g.in, g.count*g.out
		if g.in == 0 {
			clear(y[lo*rowY : hi*rowY])
			return nil
		}
		panel := f.cols
		if g.out <= thinColumns {
			panel = 8
		}
		s := free.take()
		width := (g.out + panel - 1) / panel * panel
		s.pack(c.In[1], g, panel, width, c.Node.Bool("transB"))
		for r := lo; r < hi; r += groupedRows {
			rows := min(groupedRows, hi-r)
			for q := range g.count {
				for j := 0; j < g.out; j += panel {
					w, from, to := s.x[(q*width+j)*g.in:][:g.in*panel], x[r*rowX+q*g.in:], y[r*rowY+q*g.out+j:]
					if panel == 8 {
						l.thin(to, rowY, from, rowX, w, min(panel, g.out-j), g.in, rows)
					} else {
						f.tilesDown(rows, min(panel, g.out-j), g.in, from, rowX, 1, w, panel, to, rowY, false)
					}
				}
			}
		}
		free.give(s)
		return nil
	}
}

// pack copies every group's matrix, or its transpose, with zeros behind its columns.
func (s *groupedWeight) pack(weight *buffer.Buffer, g groups, panel, width int, trans bool) {
	all := room(&s.x, g.count*g.in*width)
	clear(all)
	for q := range g.count {
		w := weight.F32[q*g.in*g.out:][:g.in*g.out]
		for j := 0; j < g.out; j += panel {
			dst, cols := all[(q*width+j)*g.in:][:g.in*panel], min(panel, g.out-j)
			if trans {
				for o, column := 0, w[j*g.in:]; o < cols; o, column = o+1, column[g.in:] {
					for i, v := range column[:g.in] {
						dst[i*panel+o] = v
					}
				}
				continue
			}
			for i := range g.in {
				copy(dst[i*panel:], w[i*g.out+j:][:cols])
			}
		}
	}
}

func groupedMatmulGrad32(f *family, l *loops) body {
	return func(c *Call, lo, hi int) error {
		s, x, dy, out, rows := c.Out[0].Shape, c.In[0].F32, c.In[1].F32, c.Out[0].F32, c.In[0].Shape[0]
		g := groups{s[0], s[1], s[2]}
		if g.in*g.out == 0 || lo == hi {
			return nil
		}
		rowX, rowY := g.count*g.in, g.count*g.out
		clear(out[lo*g.in*g.out : hi*g.in*g.out])
		for r := 0; r < rows; r += groupedGradRows {
			k := min(groupedGradRows, rows-r)
			for q := lo; q < hi; q++ {
				if g.out <= thinColumns && g.in%8+g.out%8 == 0 {
					for at := 0; at < g.in*g.out; at += 8 * g.out {
						for j := 0; j < g.out; j += 8 {
							l.thinGrad(out[q*g.in*g.out+at+j:], g.out, x[r*rowX+q*g.in+at/g.out:], rowX, dy[r*rowY+q*g.out+j:], rowY, k)
						}
					}
					continue
				}
				for j := 0; j < g.out; j += f.cols {
					f.tilesDown(g.in, min(f.cols, g.out-j), k, x[r*rowX+q*g.in:], 1, rowX, dy[r*rowY+q*g.out+j:], rowY, out[q*g.in*g.out+j:], g.out, true)
				}
			}
		}
		return nil
	}
}

// tilesDown makes C = A B, or with add C + A B, of a tile's columns at most, of factors that are read where they lie, as family.tile does.
func (f *family) tilesDown(m, n, k int, a []float32, rowA, stepA int, b []float32, stepB int, c []float32, rowC int, add bool) {
	for i := 0; i < m; i += f.rows {
		rows := min(f.rows, m-i)
		f.tile(rows, n, k, a[i*rowA:][:(rows-1)*rowA+(k-1)*stepA+1], rowA, stepA, b[:min(len(b), k*stepB)], stepB,
			c[i*rowC:][:(rows-1)*rowC+n], rowC, 1, add, nil, 0)
	}
}
