package native

const (
	columnRow   = 24 // the length up to which it gains time, in every op, to transpose rows
	columnBlock = 64 // rows that are transposed at a time, into the first-level cache
)

// columnBlocks hold up to two operands of a block of rows, which are its columns.
type columnBlocks [2][columnRow * columnBlock]float32

// shortRows returns the body that makes columns of short rows and leaves the others to long. A call for each would take longer than
// what is done in it, and leave most of a vector empty. A row's bits are a function of the row: columns do not meet.
func shortRows(f *family, free *spare[columnBlocks], op column32, long body) body {
	if op == nil {
		return long
	}
	return func(c *Call, lo, hi int) error {
		n, out := width(c.In[0]), c.Out[0].F32
		if n == 0 || n > columnRow {
			return long(c, lo, hi)
		}
		b := free.take()
		for ; lo < hi; lo += columnBlock {
			count := min(columnBlock, hi-lo)
			for k, in := range c.In {
				f.transpose(b[k][:], columnBlock, in.F32[lo*n:][:count*n], n, count, n)
			}
			op(b[0][:], b[1][:], count, n, columnBlock)
			f.transposeBlocks(out[lo*n:][:count*n], b[0][:], rows{count: count, n: n, down: 1, right: columnBlock})
		}
		free.give(b)
		return nil
	}
}
