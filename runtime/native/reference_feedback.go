package native

import (
	"math"

	"graft/runtime/buffer"
	"graft/runtime/rng"

	"gonum.org/v1/gonum/lapack/gonum"
)

func feedbackReference() Table {
	return Table{
		"feedback_matrix": floats(whole, feedbackMatrix[float32], feedbackMatrix[float64]),
		"row_cosine":      floats(whole, rowCosine[float32], rowCosine[float64]),

		"project_generated": generatedProduct(), "fused_project_generated": generatedProduct(),
	}
}

// feedbackMatrix draws element (row, col) at index row*columns + col of its stream, whose step is 0: the matrix is fixed.
func feedbackMatrix[T float](c *Call, _, _ int) error {
	s := rng.New(c.In[0].I32[0], 0, c.Node.Str("stream"))
	out, rows, cols := data[T](c.Out[0]), c.Out[0].Shape[0], c.Out[0].Shape[1]
	switch c.Node.Str("dist") {
	case "uniform", "rademacher":
		independent(s, c.Node.Str("dist"), out, 0)
	case "normal":
		normal(s, out, 0)
	case "orthogonal":
		orthogonal(s, out, rows, cols)
	case "identity":
		clear(out)
		for i := range min(rows, cols) {
			out[i*cols+i] = 1
		}
	}
	return nil
}

// independent sets dst to the elements from number first on, row by row, of a uniform or Rademacher matrix: each is a function of one
// draw.
func independent[T float](s rng.Stream, dist string, dst []T, first int) {
	uniform(s, dst, first)
	for i, u := range dst {
		switch {
		case dist == "uniform":
			dst[i] = 2*u - 1
		case u < 0.5:
			dst[i] = -1
		default:
			dst[i] = 1
		}
	}
}

// orthogonal makes the shorter side's vectors orthogonal, by QR of a normal matrix with R's diagonal made positive, which
// gives the uniform distribution over such matrices (Mezzadri, "How to generate random matrices from the classical compact
// groups", 2007). They are scaled so that an element's mean square is 1, as that of a normal matrix.
func orthogonal[T float](s rng.Stream, out []T, rows, cols int) {
	draws := make([]float64, rows*cols)
	s.Normal64(draws, 0)
	long, short := max(rows, cols), min(rows, cols)
	// place returns where the matrix has component i of its vector j.
	place := func(i, j int) int {
		if rows <= cols {
			return j*cols + i
		}
		return i*cols + j
	}
	q := make([]float64, long*short) // row-major, the vectors in its columns
	for i := range long {
		for j := range short {
			q[i*short+j] = draws[place(i, j)]
		}
	}
	var lapack gonum.Implementation
	tau, sign, query := make([]float64, short), make([]float64, short), make([]float64, 1)
	lapack.Dgeqrf(long, short, q, short, tau, query, -1)
	work := make([]float64, max(int(query[0]), short))
	lapack.Dgeqrf(long, short, q, short, tau, work, len(work))
	for j := range short {
		sign[j] = math.Copysign(math.Sqrt(float64(long)), q[j*short+j])
	}
	lapack.Dorgqr(long, short, short, q, short, tau, work, len(work))
	for i := range long {
		for j := range short {
			out[place(i, j)] = T(sign[j] * q[i*short+j])
		}
	}
}

// generatedProduct computes what feedback_matrix and a projection by it compute one after the other, with a matrix in memory of its own.
func generatedProduct() Kernel {
	k := floats(whole, projectGenerated[float32], projectGenerated[float64])
	k.Prepare = func(c *Call) error {
		p := newProduct(c)
		b := buffer.New(c.Out[0].DType, p.k, p.n)
		c.Data = &Call{Node: c.Node, In: append([]*buffer.Buffer{c.In[0], b}, c.In[2:]...), Out: c.Out, Data: p}
		return nil
	}
	return k
}

func projectGenerated[T float](c *Call, _, _ int) error {
	stored := c.Data.(*Call)
	s := rng.New(c.In[1].I32[0], 0, c.Node.Str("stream"))
	independent(s, c.Node.Str("dist"), data[T](stored.In[1]), 0)
	return matmul[T](stored, 0, perProductRow(stored))
}

// rowCosine updates mean and squared deviations row by row (Welford 1962).
func rowCosine[T float](c *Call, _, _ int) error {
	a, b, n := data[T](c.In[0]), data[T](c.In[1]), c.In[0].Shape[1]
	count, mean, deviations := 0, 0.0, 0.0
	rows := c.In[0].Shape[0]
	for r := range rows {
		dot, aa, bb := 0.0, 0.0, 0.0
		for i := r * n; i < (r+1)*n; i++ {
			x, y := float64(a[i]), float64(b[i])
			dot, aa, bb = dot+x*y, aa+x*x, bb+y*y
		}
		if aa == 0 || bb == 0 {
			continue
		}
		cosine := dot / (math.Sqrt(aa) * math.Sqrt(bb))
		count++
		delta := cosine - mean
		mean += delta / float64(count)
		deviations += delta * (cosine - mean)
	}
	std := 0.0
	if count > 1 {
		std = math.Sqrt(deviations / float64(count-1))
	}
	data[T](c.Out[0])[0], data[T](c.Out[1])[0] = T(mean), T(std)
	c.Out[2].I32[0], c.Out[3].I32[0] = int32(count), int32(rows-count)
	return nil
}
