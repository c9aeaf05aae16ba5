//go:build !noasm

package native

// sseFamily is for amd64 machines without AVX2: only the loops of products are in assembly, all else is in Go. Products are rounded before
// they are added, so that its bits are those of the family in Go unless the compiler fuses the two.
func sseFamily() *family {
	return &family{"sse", 6, 8, 32, false, tileSSE, copyRowsGo, transposeGo, dotsSSE}
}

// tileSSE is a family's tile, a width after the other. It fetches nothing.
func tileSSE(rows, cols, k int, a []float32, rowA, stepA int, b []float32, stepB int, c []float32, rowC int, scale float32, add bool, _ []float32, _ int) {
	for w := 32; cols > 0; w /= 2 {
		if rows > 1 {
			w = min(w, 8)
		}
		for ; cols >= w; cols -= w {
			widthSSE(rows, w, k, a, rowA, stepA, b, stepB, c, rowC, scale, add)
			b, c = b[min(w, len(b)):], c[min(w, len(c)):]
		}
	}
}

// dotsSSE is a family's dots.
func dotsSSE(k int, a, b []float32, ld int, c []float32, scale float32, add bool) {
	for j := 0; j < dotRows; j += 16 {
		dots16SSE(k, a, b[j*ld:], ld, c[j:], scale, add)
	}
}
