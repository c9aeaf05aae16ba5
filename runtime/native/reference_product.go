package native

import "graft/runtime/buffer"

func productReference() Table {
	return Table{
		"matmul":  product(),
		"project": product(),
	}
}

func product() Kernel {
	k := floats(perProductRow, matmul[float32], matmul[float64])
	k.Prepare = func(c *Call) error {
		c.Data = newProduct(c)
		return nil
	}
	return k
}

// perProductRow counts the rows of all matrices of the result.
func perProductRow(c *Call) int {
	s := c.Out[0].Shape
	return buffer.Size(s[:len(s)-1])
}

// productShape holds the sizes of a batch of products C = scale * op(A) op(B), with C m x n and k inner.
type productShape struct {
	batch, m, n, k int
	transA, transB bool
	scale          float64
	tail           tail
	grid           grid           // of Kernels
	sum            *splitSum      // of Kernels, where the inner dimension is cut
	shared         *sharedProduct // of Kernels, where pieces share B
}

func newProduct(c *Call) *productShape {
	s := c.Out[0].Shape
	r := len(s)
	p := &productShape{batch: buffer.Size(s[:r-2]), m: s[r-2], n: s[r-1], scale: 1, tail: tailOf(c.Node)}
	if _, projects := c.Node.Op.Attr("scale"); projects {
		p.scale = c.Node.Float("scale")
	} else if c.Node.Op.Name == "weight_bias_grad" {
		p.transA = true
	} else {
		p.transA, p.transB = c.Node.Bool("transA"), c.Node.Bool("transB")
	}
	p.k = c.In[0].Shape[r-1]
	if p.transA {
		p.k = c.In[0].Shape[r-2]
	}
	return p
}

func matmul[T float](c *Call, lo, hi int) error {
	p := c.Data.(*productShape)
	a, b, out, f := data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0]), newFinisher[T](c, p.tail)
	rowA, stepA := p.k, 1
	if p.transA {
		rowA, stepA = 1, p.m
	}
	colB, stepB := 1, p.n
	if p.transB {
		colB, stepB = p.k, 1
	}
	for row := lo; row < hi; row++ {
		batch, i := row/p.m, row%p.m
		firstA, firstB := batch*p.m*p.k+i*rowA, batch*p.k*p.n
		for j := range p.n {
			total := 0.0
			for l := range p.k {
				total += float64(a[firstA+l*stepA]) * float64(b[firstB+j*colB+l*stepB])
			}
			out[row*p.n+j] = f.finish(T(p.scale*total), row*p.n+j, j)
		}
	}
	return nil
}

func sparseReference() Table {
	return Table{
		"spmm":  floats(perRowOfResult, spmm[float32], spmm[float64]),
		"sddmm": floats(perElement, sddmm[float32], sddmm[float64]),
	}
}

func perRowOfResult(c *Call) int { return c.Out[0].Shape[0] }

// line returns the sparse matrix's row r, or its column r: the places of its entries are [lo, hi) of the pattern's order of
// rows or columns, and other gives the column or row of each.
func line(p *buffer.Pattern, column bool, r int) (lo, hi int, other []int32) {
	if column {
		return int(p.ColPtr[r]), int(p.ColPtr[r+1]), p.RowOf
	}
	return int(p.RowPtr[r]), int(p.RowPtr[r+1]), p.Col
}

// entryAt returns the entry at place q of the pattern's order of rows or columns.
func entryAt(p *buffer.Pattern, column bool, q int) int {
	if column {
		return int(p.Entry[q])
	}
	return q
}

// headsOf is the number of heads of entries [nnz, heads], or of factors with their width behind; without that axis, 1.
func headsOf(b *buffer.Buffer, axes int) int {
	if len(b.Shape) == axes {
		return b.Shape[1]
	}
	return 1
}

func spmm[T float](c *Call, lo, hi int) error {
	p, entries, x, out := c.In[0].Pattern, data[T](c.In[1]), data[T](c.In[2]), data[T](c.Out[0])
	heads, n, trans := headsOf(c.In[1], 2), width(c.In[2]), c.Node.Bool("trans")
	for r := lo; r < hi; r++ {
		first, end, other := line(p, trans, r)
		for h := range heads {
			for j := range n {
				total := 0.0
				for q := first; q < end; q++ {
					total += float64(entries[entryAt(p, trans, q)*heads+h]) * float64(x[(int(other[q])*heads+h)*n+j])
				}
				out[(r*heads+h)*n+j] = T(total)
			}
		}
	}
	return nil
}

func sddmm[T float](c *Call, lo, hi int) error {
	p, a, b, out := c.In[0].Pattern, data[T](c.In[1]), data[T](c.In[2]), data[T](c.Out[0])
	heads, n := headsOf(c.In[1], 3), width(c.In[1])
	for i := lo; i < hi; i++ {
		k, h := i/heads, i%heads
		ra, rb := a[(int(p.Row[k])*heads+h)*n:][:n], b[(int(p.Col[k])*heads+h)*n:][:n]
		total := 0.0
		for j := range ra {
			total += float64(ra[j]) * float64(rb[j])
		}
		out[i] = T(total)
	}
	return nil
}
