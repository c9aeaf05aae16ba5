package native

// loops are a family's kernels that move more than they compute. Sums are made in a fixed order, that of the operand's rows,
// entries or indices; all lists of places have been checked against what they index.
type loops struct {
	// adam writes the weights and both moments, which may lie where w, m and v do. With c as [adamNumbers] makes it, it is
	// adamw and radam too.
	adam func(outW, outM, outV, w, m, v, g []float32, c [10]float32)
	// sgd and momentum write w - rate*step, where step is g*factor, rounded, with decay*w, and with momentum*m, which is also kept.
	sgd      func(outW, w, g []float32, rate, decay, factor float32)
	momentum func(outW, outM, w, m, g []float32, rate, decay, momentum, factor float32)

	// addRows adds to totals the rows of x, of cols elements that lie step apart; there must be one at least. It may add
	// zeros to totals beyond, up to a multiple of 8.
	addRows func(totals []float64, x []float32, cols, step, rows int)
	// sumRows sets dst to the sum of x's rows at, which lie step apart; there must be one at least.
	sumRows func(dst, x []float32, step int, at []int32)

	// spmm makes len(first)-1 rows of a product, of which cols columns are wanted, at most panel; rows of dst and x lie step
	// apart. Row r adds up row other[q] of x times entry q for first[r] <= q < first[r+1]. An entry has a number for each of
	// at most lanes heads; column j takes that of head[j], a list that goes on with zeros for a vector at least.
	spmm func(dst []float32, cols, step int, first, other []int32, entries []float32, heads int, x []float32, head []int32)
	// spmmTrans is spmm with entry[q] for entry q.
	spmmTrans    func(dst []float32, cols, step int, first, other []int32, entries []float32, heads int, x []float32, head, entry []int32)
	panel, lanes int
	// sddmm makes the inner products of rows row[k] of a and col[k] of b, one of n elements for each head.
	sddmm func(dst []float32, row, col []int32, a, b []float32, heads, n int)
	// thin makes rows of a dense product of cols columns, at most 8, and k terms, at least 1. Rows of dst and x lie stepDst and
	// stepX apart; the k rows of w have 8 columns.
	thin func(dst []float32, stepDst int, x []float32, stepX int, w []float32, cols, k, rows int)
	// thinGrad adds to an 8 x 8 block of dst the product of x, transposed, and y, which have 8 columns each and the same rows, at
	// least one.
	thinGrad func(dst []float32, stepDst int, x []float32, stepX int, y []float32, stepY, rows int)
	// sumLines makes len(first)-1 sums of rows of n elements: of x's rows at[q] for first[r] <= q < first[r+1].
	sumLines func(dst, x []float32, n int, first, at []int32)

	// The entries of segment r are rows first[r] to first[r+1] of matrices of n columns. segmentShift subtracts the largest of
	// the segment's column, segmentShare divides by the column's sum, segmentGrad makes y*(dy - dot) with the column's dot of
	// dy and y. dst may be x, dy or y.
	segmentShift func(dst, x []float32, first []int32, n int)
	segmentShare func(x []float32, first []int32, n int)
	segmentGrad  func(dst, dy, y []float32, first []int32, n int)

	// gatherRows copies the table's rows index, of n elements.
	gatherRows func(dst, table []float32, n int, index []int32)
	// copyShort copies count rows of n elements that lie step apart in x; fillRows fills rows with the first of those elements.
	// There must be one row at least.
	copyShort, fillRows func(dst, x []float32, step, n, count int)
}
