package native

// tileGo is a family's tile in Go. Where steps along k are as short as can be it keeps the sums of 2 x 4 elements in registers; a B
// that lies in place is read row after row. It fetches nothing.
func tileGo(rows, cols, k int, a []float32, rowA, stepA int, b []float32, stepB int, c []float32, rowC int, scale float32, add bool, _ []float32, _ int) {
	if stepA == 1 && stepB == 4 && len(b) >= 4*k {
		x0 := a[:k]
		x1 := x0
		if rows == 2 {
			x1 = a[rowA:][:k]
		}
		sums := sums2x4(x0, x1, b[:4*k])
		for i := range rows {
			finishGo(c[i*rowC:][:cols], sums[i][:cols], scale, add)
		}
		return
	}
	var sums [wideGo]float32
	for i := range rows {
		sumRowGo(sums[:cols], k, a[i*rowA:], stepA, b, stepB)
		finishGo(c[i*rowC:][:cols], sums[:cols], scale, add)
	}
}

// finishGo moves sums to a row of C.
func finishGo(c, sums []float32, scale float32, add bool) {
	sums = sums[:len(c)]
	for j, s := range sums {
		if add {
			s = c[j] + s
		}
		c[j] = scale * s
	}
}

// sums2x4 multiplies two rows with four columns, whose elements alternate in b. Compilers put off additions at the end of a loop,
// which the products of a single step of k would need more registers for than there are; and arrays need one check of bounds.
func sums2x4(x0, x1, b []float32) [2][4]float32 {
	var s00, s01, s02, s03, s10, s11, s12, s13 float32
	for len(x0) >= 4 && len(x1) >= 4 && len(b) >= 16 {
		p, q, y := (*[4]float32)(x0), (*[4]float32)(x1), (*[16]float32)(b)
		s00 += p[0] * y[0]
		s10 += q[0] * y[0]
		s01 += p[0] * y[1]
		s11 += q[0] * y[1]
		s02 += p[0] * y[2]
		s12 += q[0] * y[2]
		s03 += p[0] * y[3]
		s13 += q[0] * y[3]
		s00 += p[1] * y[4]
		s10 += q[1] * y[4]
		s01 += p[1] * y[5]
		s11 += q[1] * y[5]
		s02 += p[1] * y[6]
		s12 += q[1] * y[6]
		s03 += p[1] * y[7]
		s13 += q[1] * y[7]
		s00 += p[2] * y[8]
		s10 += q[2] * y[8]
		s01 += p[2] * y[9]
		s11 += q[2] * y[9]
		s02 += p[2] * y[10]
		s12 += q[2] * y[10]
		s03 += p[2] * y[11]
		s13 += q[2] * y[11]
		s00 += p[3] * y[12]
		s10 += q[3] * y[12]
		s01 += p[3] * y[13]
		s11 += q[3] * y[13]
		s02 += p[3] * y[14]
		s12 += q[3] * y[14]
		s03 += p[3] * y[15]
		s13 += q[3] * y[15]
		x0, x1, b = x0[4:], x1[4:], b[16:]
	}
	for l, p := range x0 {
		q, y := x1[l], (*[4]float32)(b[4*l:])
		s00 += p * y[0]
		s10 += q * y[0]
		s01 += p * y[1]
		s11 += q * y[1]
		s02 += p * y[2]
		s12 += q * y[2]
		s03 += p * y[3]
		s13 += q * y[3]
	}
	return [2][4]float32{{s00, s01, s02, s03}, {s10, s11, s12, s13}}
}

// wideGo is the number of sums that sumRowGo makes at most: they stay in the first-level cache, with as much of four rows of B.
const wideGo = 128

// sumRowGo multiplies a row with a matrix, of which it takes four rows at a time: then a sum is read and written once for four terms.
func sumRowGo(sums []float32, k int, a []float32, stepA int, b []float32, stepB int) {
	clear(sums)
	l := 0
	for ; l+4 <= k; l += 4 {
		v0, v1, v2, v3 := a[l*stepA], a[(l+1)*stepA], a[(l+2)*stepA], a[(l+3)*stepA]
		y0, y1, y2, y3 := b[l*stepB:][:len(sums)], b[(l+1)*stepB:][:len(sums)], b[(l+2)*stepB:][:len(sums)], b[(l+3)*stepB:][:len(sums)]
		for j, s := range sums {
			s += v0 * y0[j]
			s += v1 * y1[j]
			s += v2 * y2[j]
			s += v3 * y3[j]
			sums[j] = s
		}
	}
	for ; l < k; l++ {
		v, y := a[l*stepA], b[l*stepB:][:len(sums)]
		for j := range sums {
			sums[j] += v * y[j]
		}
	}
}

// dotsGo is a family's dots: it makes the sums of four columns at a time, which need not wait for each other's additions.
func dotsGo(k int, a, b []float32, ld int, c []float32, scale float32, add bool) {
	a = a[:k]
	for j := 0; j < dotRows; j += 4 {
		y0, y1, y2, y3 := b[j*ld:][:k], b[(j+1)*ld:][:k], b[(j+2)*ld:][:k], b[(j+3)*ld:][:k]
		var s0, s1, s2, s3 float32
		for l, v := range a {
			s0 += v * y0[l]
			s1 += v * y1[l]
			s2 += v * y2[l]
			s3 += v * y3[l]
		}
		finishGo(c[j:j+4], []float32{s0, s1, s2, s3}, scale, add)
	}
}

func copyRowsGo(dst []float32, step, next int, x []float32, ld, cols, panels, k int) {
	for l := range k {
		for p := range panels {
			to, from := dst[p*next+l*step:], x[l*ld+p*cols:][:cols]
			if cols == 4 { // the usual case, without a call
				*(*[4]float32)(to) = [4]float32(from)
			} else {
				copy(to, from)
			}
		}
	}
}

// transposeGo is a family's transpose. Four rows at a time it writes elements that lie together.
func transposeGo(dst []float32, step int, x []float32, ld, rows, k int) {
	r := 0
	for ; r+4 <= rows; r += 4 {
		x0, x1, x2, x3 := x[r*ld:][:k], x[(r+1)*ld:][:k], x[(r+2)*ld:][:k], x[(r+3)*ld:][:k]
		for l, v := range x0 {
			*(*[4]float32)(dst[l*step+r:]) = [4]float32{v, x1[l], x2[l], x3[l]}
		}
	}
	for ; r < rows; r++ {
		for l, v := range x[r*ld:][:k] {
			dst[l*step+r] = v
		}
	}
}
