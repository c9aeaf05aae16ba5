package native

import "runtime"

// A family is the kernels of one instruction set that dense f32 products rest on. Programs may run on any of them; bits are
// promised within one.
type family struct {
	name       string
	rows, cols int // of the largest tile
	wide       int // columns of the widest tile of a single row

	// packed says that tiles are fast only where each row of A is in one piece and B is packed. Then no factor is read in place
	// that is used often, and A is packed as rows. A tile of wide columns reads a B in place.
	packed bool

	// tile computes C = scale * A B, or with add C = scale * (C + A B), of a tile: A is rows x k, B is k x cols. A's element
	// (i, l) is a[i*rowA + l*stepA], B's (l, j) is b[l*stepB + j], C's (i, j) is c[i*rowC + j]. Each sum is made in ascending
	// order of k, starting at 0, one term at a time. Slices may end with the last element; of a packed B, whose stepB is that of
	// the largest tile, they have all of it.
	//
	// With next it may meanwhile bring near to the processor C, and what will be needed next: next itself, and what lies once, twice and so
	// on stepNext after it.
	tile func(rows, cols, k int, a []float32, rowA, stepA int, b []float32, stepB int, c []float32, rowC int, scale float32, add bool, next []float32, stepNext int)

	// copyRows packs k rows that lie ld apart in x. A row is cut into panels of cols elements each, whose beginnings lie next
	// apart in dst, and the rows of a panel step apart. It may also write to the elements after a panel's row up to a multiple
	// of 8, before it writes the panel's next row.
	copyRows func(dst []float32, step, next int, x []float32, ld, cols, panels, k int)

	// transpose packs rows of k elements that lie ld apart in x, as columns: element l of row r goes to dst[l*step + r]. It
	// may also write to the elements after a column's up to a multiple of 4, which must not exceed step.
	transpose func(dst []float32, step int, x []float32, ld, rows, k int)

	// dots, where there is one, computes 32 elements of C as tile would: C = scale * A B, or with add C = scale * (C + A B), for
	// a row A of k elements and a B whose columns of k elements lie ld apart, one after the other.
	dots func(k int, a, b []float32, ld int, c []float32, scale float32, add bool)
}

// Family names the kernels that [Kernels] chooses on this machine: "avx512", "avx2", "sse" or, with the architecture since
// compilers differ in how they round, "go-amd64", "go-arm64". Results have the same bits on machines of the same family.
func Family() string { return families()[0].name }

// goFamily needs no assembly. The compiler may fuse multiplications with additions, as it does on arm64.
func goFamily() *family {
	return &family{"go-" + runtime.GOARCH, 2, 4, wideGo, true, tileGo, copyRowsGo, transposeGo, dotsGo}
}
