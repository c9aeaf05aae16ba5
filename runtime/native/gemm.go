package native

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Block sizes of sgemm: a block of B stays in the first-level cache while all rows of A's block pass over it.
const (
	blockM = 64
	blockN = 192
	blockK = 64
)

// packs is scratch memory for one block of each factor. It cannot be on the stack, since gonum's Sgemm may hand its arguments
// to goroutines, although it never does for blocks of this size.
type packs struct {
	a [blockM * blockK]float32
	b [blockK * blockN]float32
}

// sgemm computes C = alpha op(A) op(B) + beta C in this goroutine: C is m x n, the inner length is k, and op transposes where
// asked. pack may be nil when nothing is transposed. It is the one place where dense f32 products are made.
//
// Every element of C is summed over k in ascending order, one addition at a time, so its bits depend neither on how C is
// tiled nor on where the operands lie in memory. That rules out gonum's kernels for transposed factors: their inner
// product groups its terms by 16-byte boundaries. Hence transposed blocks are copied, and only gonum's row updates are used.
// These skip rows of B where A's element is 0, even if B holds NaN there.
func sgemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int, pack *packs) {
	if k == 0 {
		scaleMatrix(m, n, beta, c, ldc)
		return
	}
	for j := 0; j < n; j += blockN {
		nb := min(blockN, n-j)
		for l := 0; l < k; l += blockK {
			kb := min(blockK, k-l)
			bb, sb := b[min(l*ldb+j, len(b)):], ldb
			if transB {
				transposeInto(pack.b[:], nb, kb, b[j*ldb+l:], ldb)
				bb, sb = pack.b[:], nb
			}
			betaHere := beta
			if l > 0 {
				betaHere = 1
			}
			for i := 0; i < m; i += blockM {
				mb := min(blockM, m-i)
				ab, sa := a[min(i*lda+l, len(a)):], lda
				if transA {
					transposeInto(pack.a[:], kb, mb, a[l*lda+i:], lda)
					ab, sa = pack.a[:], kb
				}
				// At most 1 x 3 blocks of gonum's own size: it neither starts goroutines nor allocates.
				gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, mb, nb, kb, alpha, ab, sa, bb, sb, betaHere, c[i*ldc+j:], ldc)
			}
		}
	}
}

// transposeInto writes the transpose of the rows x cols matrix x to dst, densely.
func transposeInto(dst []float32, rows, cols int, x []float32, ldx int) {
	for r := range rows {
		for c, v := range x[r*ldx : r*ldx+cols] {
			dst[c*rows+r] = v
		}
	}
}

// scaleMatrix multiplies C by beta; 0 also clears NaN.
func scaleMatrix(m, n int, beta float32, c []float32, ldc int) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		for j := range row {
			if beta == 0 {
				row[j] = 0
			} else {
				row[j] *= beta
			}
		}
	}
}
