package native

import "math"

func positionReference() Table {
	return Table{
		"positions": floats(perRowOfResult, positions[float32], positions[float64]),
		"causal":    floats(perRow, causal[float32], causal[float64]).inPlace(0),
	}
}

func positions[T float](c *Call, lo, hi int) error {
	out, n := data[T](c.Out[0]), width(c.Out[0])
	for i := lo; i < hi; i++ {
		fillPosition(out[i*n:(i+1)*n], c.Node.Str("kind"), i)
	}
	return nil
}

// fillPosition makes row i of the matrix of that kind.
func fillPosition[T float](row []T, kind string, i int) {
	if kind == "sinusoid" {
		sinusoid(row, i)
		return
	}
	clear(row)
	seen := row[:max(0, i-2)] // what lies at least three back
	switch {
	case kind == "current":
		row[i] = 1
	case kind == "previous":
		row[max(0, i-1)] = 1
	case len(seen) == 0:
		row[0] = 1
	case kind == "uniform":
		for j := range seen {
			seen[j] = T(1 / float64(len(seen)))
		}
	case kind == "cubic":
		root := float64(len(seen)*(len(seen)+1)) / 2 // the sum of cubes is the square of the sum
		for j := range seen {
			place := float64(j + 1)
			seen[j] = T(place * place * place / (root * root))
		}
	}
}

// sinusoid has wavelengths from 2 pi in the first two columns towards 10000 times that.
func sinusoid[T float](row []T, i int) {
	for j := range row {
		angle := float64(i) / math.Pow(10000, float64(j/2*2)/float64(len(row)))
		if j%2 == 0 {
			row[j] = T(math.Sin(angle))
		} else {
			row[j] = T(math.Cos(angle))
		}
	}
}

func causal[T float](c *Call, lo, hi int) error {
	n, x, out, fill := width(c.In[0]), data[T](c.In[0]), data[T](c.Out[0]), T(c.Node.Float("fill"))
	for r := lo; r < hi; r++ {
		dst, seen := out[r*n:(r+1)*n], r%n+1
		copy(dst[:seen], x[r*n:])
		for j := seen; j < n; j++ {
			dst[j] = fill
		}
	}
	return nil
}
