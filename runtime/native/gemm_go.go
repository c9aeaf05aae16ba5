package native

// tileGo is a family's tile in Go: it keeps the sums of 2 x 4 elements in registers.
func tileGo(rows, cols, k int, a []float32, rowA, stepA int, b []float32, stepB int, c []float32, rowC int, scale float32, add bool) {
	var sum [2][4]float32
	switch {
	case rows == 2 && cols == 4:
		sum = sums2x4(k, a, rowA, stepA, b, stepB)
	case cols == 4:
		sum[0] = sums1x4(k, a, stepA, b, stepB)
	default:
		for i := range rows {
			for j := range cols {
				sum[i][j] = sums1x1(k, a[i*rowA:], stepA, b[j:], stepB)
			}
		}
	}
	for i := range rows {
		row := c[i*rowC:][:cols]
		for j := range row {
			s := sum[i][j]
			if add {
				s = row[j] + s
			}
			row[j] = scale * s
		}
	}
}

func sums2x4(k int, a []float32, rowA, stepA int, b []float32, stepB int) [2][4]float32 {
	var s00, s01, s02, s03, s10, s11, s12, s13 float32
	atA, atB := 0, 0
	for range k {
		a0, a1, row := a[atA], a[atA+rowA], (*[4]float32)(b[atB:])
		b0, b1, b2, b3 := row[0], row[1], row[2], row[3]
		s00 += a0 * b0
		s01 += a0 * b1
		s02 += a0 * b2
		s03 += a0 * b3
		s10 += a1 * b0
		s11 += a1 * b1
		s12 += a1 * b2
		s13 += a1 * b3
		atA += stepA
		atB += stepB
	}
	return [2][4]float32{{s00, s01, s02, s03}, {s10, s11, s12, s13}}
}

func sums1x4(k int, a []float32, stepA int, b []float32, stepB int) [4]float32 {
	var s0, s1, s2, s3 float32
	atA, atB := 0, 0
	for range k {
		v, row := a[atA], (*[4]float32)(b[atB:])
		s0 += v * row[0]
		s1 += v * row[1]
		s2 += v * row[2]
		s3 += v * row[3]
		atA += stepA
		atB += stepB
	}
	return [4]float32{s0, s1, s2, s3}
}

func sums1x1(k int, a []float32, stepA int, b []float32, stepB int) float32 {
	var s float32
	for l := range k {
		s += a[l*stepA] * b[l*stepB]
	}
	return s
}

func copyRowsGo(dst []float32, step, next int, x []float32, ld, cols, panels, k int) {
	for l := range k {
		for p := range panels {
			copy(dst[p*next+l*step:], x[l*ld+p*cols:][:cols])
		}
	}
}

func transposeGo(dst []float32, step int, x []float32, ld, rows, k int) {
	for r := range rows {
		for l, v := range x[r*ld:][:k] {
			dst[l*step+r] = v
		}
	}
}
