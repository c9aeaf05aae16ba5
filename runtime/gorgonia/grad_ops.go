package gorgonia

import (
	"fmt"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"

	G "gorgonia.org/gorgonia"
)

// composed holds the ops that Gorgonia has not and Grad composes of those that it has, so that their derivatives are Gorgonia's.
// A program does not use them: there a kernel is faster, and has no limits.
func (f *forward) composed() map[string]rule {
	return map[string]rule{
		"batch_norm":            normalise(0),
		"causal":                f.causal,
		"cumsum":                f.cumsum,
		"cumprod_exclusive":     f.cumprod,
		"dropout":               f.dropout,
		"gather":                f.gather,
		"layer_norm":            normalise(1),
		"repeat":                repeat,
		"softmax":               softmax,
		"softmax_cross_entropy": f.crossEntropy,
		"sigmoid_cross_entropy": f.sigmoidCrossEntropy,
	}
}

// largest is the number of elements that a matrix made for one op may have.
const largest = 1 << 20

// matrix adds a constant of ones, where one says so, and zeros.
func (f *forward) matrix(n *graph.Node, rows, cols int, one func(r, c int) bool) (*G.Node, error) {
	if rows > largest/max(1, cols) {
		return nil, fmt.Errorf("a matrix of %d x %d would stand for it, and Grad makes none of more than %d elements", rows, cols, largest)
	}
	m := buffer.New(n.Results[0].Type.DType, rows, cols)
	for r := range rows {
		for c := range cols {
			if one(r, c) {
				m.Put(r*cols+c, 1)
			}
		}
	}
	return f.constant(m, f.names[n.Results[0]]+" matrix"), nil
}

// lastAxis returns x as a matrix whose columns are the last axis.
func lastAxis(x *G.Node) (m *G.Node, rows, cols int, err error) {
	shape := x.Shape()
	last := len(shape) - 1
	rows, cols = buffer.Size(shape[:last]), shape[last]
	m, err = reshaped(x, []int{rows, cols})
	return m, rows, cols, err
}

// running is x times the matrix with a one wherever column c sums up row r.
func (f *forward) running(n *graph.Node, x *G.Node, sums func(r, c int) bool) (*G.Node, error) {
	m, _, cols, err := lastAxis(x)
	if err != nil {
		return nil, err
	}
	triangle, err := f.matrix(n, cols, cols, sums)
	if err != nil {
		return nil, err
	}
	return G.Mul(m, triangle)
}

func (f *forward) cumsum(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	return f.running(n, x[0], func(r, c int) bool {
		if n.Bool("reverse") {
			r, c = c, r
		}
		return r < c || r == c && !n.Bool("exclusive")
	})
}

// cumprod is the exponential of the running sum of logarithms, for elements above 0.
func (f *forward) cumprod(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	f.positive = append(f.positive, n.Args[0])
	var c chain
	log := c.do(G.Log(x[0]))
	sums := c.do1(func(x *G.Node) (*G.Node, error) {
		return f.running(n, x, func(r, c int) bool { return r < c })
	}, log)
	return c.do1(G.Exp, sums), c.err
}

// checkPositive refuses a value of which Gorgonia found an element that is not above 0.
func (f *forward) checkPositive(v *graph.Value, n *G.Node) error {
	b, err := toBuffer(n.Value(), n.Shape())
	if err != nil {
		return fmt.Errorf("%v: %w", v, err)
	}
	for i := range b.Len() {
		if x := b.At(i); !(x > 0) {
			return fmt.Errorf("%v: element %d is %v, and Grad takes running products of elements above 0 only", v, i, x)
		}
	}
	return nil
}

// gather is a matrix with a one in each row, at its index, times the table.
func (f *forward) gather(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	index, err := f.value(n.Args[1])
	if err != nil {
		return nil, err
	}
	shape := x[0].Shape()
	rows := shape[0]
	for i, at := range index.I32 {
		if at < 0 || int(at) >= rows {
			return nil, fmt.Errorf("index %d at place %d is not in [0, %d)", at, i, rows)
		}
	}
	pick, err := f.matrix(n, index.Len(), rows, func(r, c int) bool { return int(index.I32[r]) == c })
	if err != nil {
		return nil, err
	}
	table, err := reshaped(x[0], []int{rows, buffer.Size(shape[1:])})
	if err != nil {
		return nil, err
	}
	return G.Mul(pick, table)
}

// dropout multiplies by the factors that are drawn: what the reference kernel makes of ones.
func (f *forward) dropout(n *graph.Node, shape []int, x []*G.Node) (*G.Node, error) {
	key, err := f.value(n.Args[1])
	if err != nil {
		return nil, err
	}
	ones := buffer.New(n.Results[0].Type.DType, shape...)
	for i := range ones.Len() {
		ones.Put(i, 1)
	}
	factors, err := native.Reference().Eval(n, f.binding, ones, key)
	if err != nil {
		return nil, err
	}
	return G.HadamardProd(x[0], f.constant(factors[0], f.names[n.Results[0]]+" factors"))
}

// causal multiplies by ones where the column is at most the row, and adds what fills the rest.
func (f *forward) causal(n *graph.Node, shape []int, x []*G.Node) (*G.Node, error) {
	kept, fill := buffer.New(n.Results[0].Type.DType, shape...), buffer.New(n.Results[0].Type.DType, shape...)
	side := shape[len(shape)-1]
	for i := range kept.Len() {
		if row, col := i/side%side, i%side; col <= row {
			kept.Put(i, 1)
		} else {
			fill.Put(i, n.Float("fill"))
		}
	}
	var c chain
	name := f.names[n.Results[0]]
	y := c.do(G.HadamardProd(x[0], f.constant(kept, name+" kept")))
	return c.do2(G.Add, y, f.constant(fill, name+" fill")), c.err
}

// normalise is gamma (x - mean) / sqrt(mean((x - mean)^2) + eps) + beta for x as a matrix, with the means over one of its axes.
func normalise(axis int) rule {
	return func(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
		m, rows, cols, err := lastAxis(x[0])
		if err != nil {
			return nil, err
		}
		var c chain
		shape := []int{rows, cols}
		centred := c.do2(G.Sub, m, c.do(over(axis, G.Mean, m)))
		square := c.do1(G.Square, centred)
		variance := c.do1(func(x *G.Node) (*G.Node, error) { return over(axis, G.Mean, x) }, square)
		deviation := c.do1(G.Sqrt, c.do2(G.Add, variance, number(m, n.Float("eps"))))
		gamma, beta := c.do(stretched(x[1], shape)), c.do(stretched(x[2], shape))
		y := c.do2(G.HadamardProd, c.do2(G.HadamardDiv, centred, deviation), gamma)
		return c.do2(G.Add, y, beta), c.err
	}
}

// softmax is exp(x) / sum(exp(x)), without a shift.
func softmax(_ *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	m, _, _, err := lastAxis(x[0])
	if err != nil {
		return nil, err
	}
	var c chain
	exp := c.do(G.Exp(m))
	sums := c.do1(func(x *G.Node) (*G.Node, error) { return over(1, G.Sum, x) }, exp)
	return c.do2(G.HadamardDiv, exp, sums), c.err
}

// over reduces an axis of a matrix, with an axis of length 1 added as reduction does, and repeats the result along it.
func over(axis int, reduce func(x *G.Node, axes ...int) (*G.Node, error), m *G.Node) (*G.Node, error) {
	rows, cols := m.Shape()[0], m.Shape()[1]
	from, to := []int{rows, cols, 1}, []int{rows, 1}
	if axis == 0 {
		from, to = []int{1, rows, cols}, []int{1, cols}
	}
	var c chain
	r := c.do(reshaped(m, from))
	r = c.do1(func(x *G.Node) (*G.Node, error) { return reduce(x, 1) }, r)
	r = c.do1(func(x *G.Node) (*G.Node, error) { return reshaped(x, to) }, r)
	return c.do1(func(x *G.Node) (*G.Node, error) { return stretched(x, []int{rows, cols}) }, r), c.err
}

// repeat stretches a new axis behind the one to repeat.
func repeat(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	shape, axis := x[0].Shape(), n.Int("axis")
	before, behind := buffer.Size(shape[:axis+1]), buffer.Size(shape[axis+1:])
	r, err := reshaped(x[0], []int{before, 1, behind})
	if err != nil {
		return nil, err
	}
	return stretched(r, []int{before, n.Int("times"), behind})
}
