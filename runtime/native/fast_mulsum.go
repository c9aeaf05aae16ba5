package native

import (
	"slices"

	"graft/graph"
)

// headSums are the sums of products of x, with an element for each node, head and place, of which fused_mul_sum has fast ones: inner
// products of each head with the same vectors for all nodes, which are those of sddmm; and sums over nodes of x times a number for
// each node's head, which are a row of spmm.
type headSums struct {
	dots             bool
	nodes, heads, n  int
	parts            int
	rows, same, head []int32   // 0, 1, ...; zeros; spmm's heads
	bounds           [][]int32 // of each part's rows, counted from its first
	sum              *splitSum // of the parts, if they are more than one
}

const (
	listed   = 1024 // nodes of one call of sddmm
	mostRows = 512  // nodes that a part adds in float32; it is about the depth of a product's blocks
	someRows = 64   // nodes that are worth a part's own sums
)

func addFastMulSum(t Table, l *loops, v *vectors) {
	k, plain := t["fused_mul_sum"], t["fused_mul_sum"].divided(perElement, largest)
	k.Prepare = func(c *Call) error {
		if s := newHeadSums(c, v); s != nil {
			c.Data = s
			return nil
		}
		return plain.Prepare(c)
	}
	k.Parts = func(c *Call) int {
		if s, ok := c.Data.(*headSums); ok {
			return s.parts
		}
		return plain.Parts(c)
	}
	k.Run = func(c *Call, part, parts int) error {
		s, ok := c.Data.(*headSums)
		if !ok {
			return plain.Run(c, part, parts)
		}
		lo, hi := s.nodes*part/parts, s.nodes*(part+1)/parts
		if s.dots {
			s.inner(l, c, lo, hi)
		} else {
			s.add(l, c, part, lo, hi)
		}
		return nil
	}
	t["fused_mul_sum"] = k
}

// newHeadSums returns nil where the shapes are others, or there is nothing to add.
func newHeadSums(c *Call, v *vectors) *headSums {
	x, shared, axes := c.In[0], slices.Clone(c.In[0].Shape), c.Node.Ints("axes")
	last := len(shared) - 1
	if c.Out[0].DType != graph.F32 || last < 1 || x.Len() == 0 || len(axes) != 1 {
		return nil
	}
	s := &headSums{dots: axes[0] == last, nodes: shared[0], n: shared[last]}
	s.heads = rowLen(x) / s.n
	shares := (x.Len() + chunk - 1) / chunk
	switch {
	case s.dots:
		shared[0] = 1
		s.parts = min(s.nodes, shares)
		s.rows, s.same = make([]int32, min(s.nodes, listed)), make([]int32, min(s.nodes, listed))
	case axes[0] == 0:
		shared[last] = 1
		s.parts = max(1, (s.nodes+mostRows-1)/mostRows, min(s.nodes/someRows, shares))
		s.rows, s.head = make([]int32, (s.nodes+s.parts-1)/s.parts), headOfColumns(x)
		for part := range s.parts {
			s.bounds = append(s.bounds, []int32{0, int32(s.nodes*(part+1)/s.parts - s.nodes*part/s.parts)})
		}
		if s.parts > 1 {
			s.sum = newSplitSum(s.parts, rowLen(x), v)
		}
	}
	if !slices.Equal(c.In[1].Shape, shared) {
		return nil
	}
	for i := range s.rows {
		s.rows[i] = int32(i)
	}
	return s
}

// inner makes the inner products of nodes lo to hi.
func (s *headSums) inner(l *loops, c *Call, lo, hi int) {
	x, y, out, size := c.In[0].F32, c.In[1].F32, c.Out[0].F32, s.heads*s.n
	for ; lo < hi; lo += listed {
		end := min(lo+listed, hi)
		l.sddmm(out[lo*s.heads:end*s.heads], s.rows[:end-lo], s.same[:end-lo], x[lo*size:], y, s.heads, s.n)
	}
}

// add makes a part's sums of nodes lo to hi, and the last part to end those of all.
func (s *headSums) add(l *loops, c *Call, part, lo, hi int) {
	dst, size := c.Out[0].F32, s.heads*s.n
	if s.sum != nil {
		dst = s.sum.begin(part)
	}
	l.products(dst, size, s.bounds[part], s.rows, c.In[1].F32[lo*s.heads:], s.heads, c.In[0].F32[lo*size:], s.head, nil)
	if s.sum != nil {
		s.sum.end(part, c.Out[0].F32)
	}
}
