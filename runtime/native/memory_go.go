package native

import "math"

// goLoops are plain loops.
func goLoops() *loops {
	return &loops{
		adam: adamGo, sgd: sgdGo, momentum: momentumGo, addRows: addRowsGo, sumRows: sumRowsGo,
		spmm: spmmGo, spmmTrans: spmmTransGo, panel: math.MaxInt, lanes: math.MaxInt, sddmm: sddmmGo, sumLines: sumLinesGo,
		segmentShift: segmentShiftGo, segmentShare: segmentShareGo, segmentGrad: segmentGradGo, gatherRows: gatherRowsGo,
		copyShort: copyShortGo, fillRows: fillRowsGo,
	}
}

func adamGo(outW, outM, outV, w, m, v, g []float32, c [9]float32) {
	coupled, beta1, rest1, beta2, rest2, shrink, rate, root, eps := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]
	w, m, v, g = w[:len(outW)], m[:len(outW)], v[:len(outW)], g[:len(outW)]
	outM, outV = outM[:len(outW)], outV[:len(outW)]
	for i, x := range w {
		grad := g[i] + coupled*x
		first := beta1*m[i] + rest1*grad
		second := beta2*v[i] + rest2*grad*grad
		outM[i], outV[i] = first, second
		outW[i] = x - shrink*x - rate*first/(float32(math.Sqrt(float64(second)))*root+eps)
	}
}

func sgdGo(outW, w, g []float32, rate, decay float32) {
	w, g = w[:len(outW)], g[:len(outW)]
	for i, x := range w {
		outW[i] = x - rate*(g[i]+decay*x)
	}
}

func momentumGo(outW, outM, w, m, g []float32, rate, decay, momentum float32) {
	w, m, g, outM = w[:len(outW)], m[:len(outW)], g[:len(outW)], outM[:len(outW)]
	for i, x := range w {
		step := momentum*m[i] + g[i] + decay*x
		outM[i] = step
		outW[i] = x - rate*step
	}
}

func addRowsGo(totals []float64, x []float32, cols, step, rows int) {
	for r := range rows {
		addTo(totals[:cols], x[r*step:])
	}
}

func sumRowsGo(dst, x []float32, step int, at []int32) {
	var block [strip]float64
	for from := 0; from < len(dst); from += strip {
		totals := block[:min(strip, len(dst)-from)]
		clear(totals)
		for _, k := range at {
			addTo(totals, x[int(k)*step+from:])
		}
		round(dst[from:], totals)
	}
}

// spmmGo makes whole rows: cols is step.
func spmmGo(dst []float32, cols, step int, first, other []int32, entries []float32, heads int, x []float32, _ []int32) {
	for r := range len(first) - 1 {
		row := dst[r*step:][:cols]
		clear(row)
		for q := first[r]; q < first[r+1]; q++ {
			addScaled(row, entries[int(q)*heads:][:heads], x[int(other[q])*step:])
		}
	}
}

// spmmTransGo makes whole rows too.
func spmmTransGo(dst []float32, cols, step int, first, other []int32, entries []float32, heads int, x []float32, _, entry []int32) {
	for r := range len(first) - 1 {
		row := dst[r*step:][:cols]
		clear(row)
		for q := first[r]; q < first[r+1]; q++ {
			addScaled(row, entries[int(entry[q])*heads:][:heads], x[int(other[q])*step:])
		}
	}
}

// addScaled adds a row of x, each head of it times its weight.
func addScaled(dst, weights, x []float32) {
	n := len(dst) / len(weights)
	for h, weight := range weights {
		part := dst[h*n:][:n]
		for j, v := range x[h*n:][:n] {
			part[j] += weight * v
		}
	}
}

// sddmmGo sums each inner product in four strands.
func sddmmGo(dst []float32, row, col []int32, a, b []float32, heads, n int) {
	for k := range row {
		for h := range heads {
			x, y := a[(int(row[k])*heads+h)*n:][:n], b[(int(col[k])*heads+h)*n:][:n]
			var s0, s1, s2, s3 float32
			for len(x) >= 4 && len(y) >= 4 {
				s0 += x[0] * y[0]
				s1 += x[1] * y[1]
				s2 += x[2] * y[2]
				s3 += x[3] * y[3]
				x, y = x[4:], y[4:]
			}
			for j, v := range x {
				s0 += v * y[j]
			}
			dst[k*heads+h] = (s0 + s1) + (s2 + s3)
		}
	}
}

func sumLinesGo(dst, x []float32, n int, first, at []int32) {
	for r := range len(first) - 1 {
		sumRowsGo(dst[r*n:][:n], x, n, at[first[r]:first[r+1]])
	}
}

// segments32 calls f with the places of each segment's column: from, from + step, and so on before to.
func segments32(first []int32, n int, f func(from, to, step int)) {
	for r := range len(first) - 1 {
		for j := range n {
			f(int(first[r])*n+j, int(first[r+1])*n, n)
		}
	}
}

func segmentShiftGo(dst, x []float32, first []int32, n int) {
	segments32(first, n, func(from, to, step int) {
		largest := float32(math.Inf(-1))
		for i := from; i < to; i += step {
			largest = max(largest, x[i])
		}
		for i := from; i < to; i += step {
			dst[i] = x[i] - largest
		}
	})
}

func segmentShareGo(x []float32, first []int32, n int) {
	segments32(first, n, func(from, to, step int) {
		sum := 0.0
		for i := from; i < to; i += step {
			sum += float64(x[i])
		}
		share := 1 / sum
		for i := from; i < to; i += step {
			x[i] = float32(float64(x[i]) * share)
		}
	})
}

func segmentGradGo(dst, dy, y []float32, first []int32, n int) {
	segments32(first, n, func(from, to, step int) {
		dot := 0.0
		for i := from; i < to; i += step {
			dot += float64(dy[i]) * float64(y[i])
		}
		for i := from; i < to; i += step {
			dst[i] = float32(float64(y[i]) * (float64(dy[i]) - dot))
		}
	})
}

func gatherRowsGo(dst, table []float32, n int, index []int32) {
	for k, i := range index {
		copy(dst[k*n:(k+1)*n], table[int(i)*n:])
	}
}

func fillRowsGo(dst, x []float32, step, n, count int) {
	for i := range count {
		v, row := x[i*step], dst[i*n:][:n]
		for j := range row {
			row[j] = v
		}
	}
}

func copyShortGo(dst, x []float32, step, n, count int) {
	for i := range count {
		copy(dst[i*n:][:n], x[i*step:])
	}
}
