package native

import "math"

// goLoops are plain loops.
func goLoops() *loops {
	return &loops{
		adam: adamGo, sgd: sgdGo, momentum: momentumGo, addRows: addRowsGo, sumRows: sumRowsGo,
		spmm: spmmGo, spmmTrans: spmmTransGo, panel: math.MaxInt, lanes: math.MaxInt, sddmm: sddmmGo, thin: thinGo, thinGrad: thinGradGo, sumLines: sumLinesGo,
		segmentShift: segmentShiftGo, segmentShare: segmentShareGo, segmentGrad: segmentGradGo, gatherRows: gatherRowsGo,
		copyShort: copyShortGo, fillRows: fillRowsGo,
	}
}

func adamGo(outW, outM, outV, w, m, v, g []float32, c [10]float32) {
	coupled, beta1, rest1, beta2, rest2, shrink, rate, root, eps, factor := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9]
	w, m, v, g = w[:len(outW)], m[:len(outW)], v[:len(outW)], g[:len(outW)]
	outM, outV = outM[:len(outW)], outV[:len(outW)]
	for i, x := range w {
		grad := float32(g[i]*factor) + coupled*x
		first := beta1*m[i] + rest1*grad
		second := beta2*v[i] + rest2*grad*grad
		outM[i], outV[i] = first, second
		outW[i] = x - shrink*x - rate*first/(float32(math.Sqrt(float64(second)))*root+eps)
	}
}

func sgdGo(outW, w, g []float32, rate, decay, factor float32) {
	w, g = w[:len(outW)], g[:len(outW)]
	for i, x := range w {
		outW[i] = x - rate*(float32(g[i]*factor)+decay*x)
	}
}

func momentumGo(outW, outM, w, m, g []float32, rate, decay, momentum, factor float32) {
	w, m, g, outM = w[:len(outW)], m[:len(outW)], g[:len(outW)], outM[:len(outW)]
	for i, x := range w {
		step := momentum*m[i] + float32(g[i]*factor) + decay*x
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
		lo, hi := first[r], first[r+1]
		lineGo(dst[r*step:][:cols], other[lo:hi], nil, entries[int(lo)*heads:], heads, x)
	}
}

// spmmTransGo makes whole rows too.
func spmmTransGo(dst []float32, cols, step int, first, other []int32, entries []float32, heads int, x []float32, _, entry []int32) {
	for r := range len(first) - 1 {
		lo, hi := first[r], first[r+1]
		lineGo(dst[r*step:][:cols], other[lo:hi], entry[lo:hi], entries, heads, x)
	}
}

// lineGo makes a row of a product. Its entries are those at entry, or where that is nil the first. The columns of narrow heads are made
// eight at a time, with sums in registers; those left over, and wide heads, of which all entries would be read many times, in dst.
func lineGo(dst []float32, other, entry []int32, entries []float32, heads int, x []float32) {
	const wide = 64
	step := len(dst)
	for h := range heads {
		n, from, weights := step/heads, step/heads*h, entries[min(h, len(entries)):]
		end := from + n
		for ; n <= wide && from+8 <= end; from += 8 {
			var s0, s1, s2, s3, s4, s5, s6, s7 float32
			for q, r := range other {
				if entry != nil {
					q = int(entry[q])
				}
				w, v := weights[q*heads], (*[8]float32)(x[int(r)*step+from:])
				s0 += w * v[0]
				s1 += w * v[1]
				s2 += w * v[2]
				s3 += w * v[3]
				s4 += w * v[4]
				s5 += w * v[5]
				s6 += w * v[6]
				s7 += w * v[7]
			}
			*(*[8]float32)(dst[from:]) = [8]float32{s0, s1, s2, s3, s4, s5, s6, s7}
		}
		rest := dst[from:end]
		if len(rest) == 0 {
			continue
		}
		clear(rest)
		for q, r := range other {
			if entry != nil {
				q = int(entry[q])
			}
			addScaled(rest, x[int(r)*step+from:], weights[q*heads])
		}
	}
}

func addScaled(dst, x []float32, by float32) {
	for len(dst) >= 8 && len(x) >= 8 {
		d, v := (*[8]float32)(dst), (*[8]float32)(x)
		d[0] += by * v[0]
		d[1] += by * v[1]
		d[2] += by * v[2]
		d[3] += by * v[3]
		d[4] += by * v[4]
		d[5] += by * v[5]
		d[6] += by * v[6]
		d[7] += by * v[7]
		dst, x = dst[8:], x[8:]
	}
	for j, v := range x[:len(dst)] {
		dst[j] += by * v
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

func thinGo(dst []float32, stepDst int, x []float32, stepX int, w []float32, cols, k, rows int) {
	for r := range rows {
		var sums [8]float32
		for i, v := range x[r*stepX:][:k] {
			line := (*[8]float32)(w[8*i:])
			for j := range sums {
				sums[j] += v * line[j]
			}
		}
		copy(dst[r*stepDst:][:cols], sums[:])
	}
}

func thinGradGo(dst []float32, stepDst int, x []float32, stepX int, y []float32, stepY, rows int) {
	for r := range rows {
		a, b := (*[8]float32)(x[r*stepX:]), (*[8]float32)(y[r*stepY:])
		for i, v := range a {
			line := (*[8]float32)(dst[i*stepDst:])
			for j, w := range b {
				line[j] += v * w
			}
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
