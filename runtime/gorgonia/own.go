package gorgonia

import (
	"fmt"
	"maps"
	"slices"

	"graft/graph"
	"graft/runtime/buffer"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// rule builds the result of n, of the given shape, out of Gorgonia's own ops.
type rule func(n *graph.Node, shape []int, x []*G.Node) (*G.Node, error)

// own holds the ops that are lowered to Gorgonia's own wherever their values are floating-point numbers: Gorgonia computes
// with no other dtype that graft has.
func own() map[string]rule {
	rules := map[string]rule{
		"matmul":  matmul,
		"project": project,

		"add": pairwise(G.Add),
		"sub": pairwise(G.Sub),
		"mul": pairwise(G.HadamardProd),
		"div": pairwise(G.HadamardDiv),

		"neg":     pointwise(G.Neg),
		"square":  pointwise(G.Square),
		"sqrt":    pointwise(G.Sqrt),
		"exp":     pointwise(G.Exp),
		"log":     pointwise(G.Log),
		"log1p":   pointwise(G.Log1p),
		"expm1":   pointwise(G.Expm1),
		"sin":     pointwise(G.Sin),
		"cos":     pointwise(G.Cos),
		"abs":     pointwise(G.Abs),
		"relu":    pointwise(G.Rectify),
		"sigmoid": pointwise(G.Sigmoid),
		"tanh":    pointwise(G.Tanh),
		"elu":     func(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) { return elu(x[0], n.Float("alpha")) },
		"scale": func(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
			return G.HadamardProd(x[0], number(x[0], n.Float("by")))
		},
		"shift": func(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
			return G.Add(x[0], number(x[0], n.Float("by")))
		},

		"sum":       reduction(G.Sum),
		"mean":      reduction(G.Mean),
		"reshape":   func(_ *graph.Node, shape []int, x []*G.Node) (*G.Node, error) { return reshaped(x[0], shape) },
		"broadcast": func(_ *graph.Node, shape []int, x []*G.Node) (*G.Node, error) { return stretched(x[0], shape) },
		"transpose": func(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) { return permuted(x[0], n.Ints("perm")) },
		"slice":     slice,
		"concat": func(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
			return G.Concat(n.Int("axis"), x...)
		},
	}
	maps.Copy(rules, fusedRules())
	return rules
}

// ownRule returns the rule for n, or nil when n takes a kernel.
func ownRule(n *graph.Node) rule {
	for _, v := range append(slices.Clone(n.Args), n.Results...) {
		if !v.Type.Differentiable() {
			return nil
		}
	}
	return own()[n.Op.Name]
}

// number returns f as a constant of x's dtype.
func number(x *G.Node, f float64) *G.Node {
	if x.Dtype() == G.Float64 {
		return G.NewConstant(f)
	}
	return G.NewConstant(float32(f))
}

func pointwise(f func(*G.Node) (*G.Node, error)) rule {
	return func(_ *graph.Node, _ []int, x []*G.Node) (*G.Node, error) { return f(x[0]) }
}

// pairwise stretches the operands to the result's shape; scalars Gorgonia takes as they are.
func pairwise(f func(x, y *G.Node) (*G.Node, error)) rule {
	return func(_ *graph.Node, shape []int, x []*G.Node) (*G.Node, error) {
		var both [2]*G.Node
		for i, v := range x {
			both[i] = v
			if other := x[1-i]; !v.IsScalar() || !slices.Equal(other.Shape(), shape) {
				var err error
				if both[i], err = stretched(v, shape); err != nil {
					return nil, err
				}
			}
		}
		return f(both[0], both[1])
	}
}

// elu is relu(x) + alpha*(exp(min(x, 0)) - 1).
func elu(x *G.Node, alpha float64) (*G.Node, error) {
	var c chain
	above := c.do(G.Rectify(x))
	below := c.do1(G.Neg, c.do1(G.Rectify, c.do(G.Neg(x))))
	below = c.do2(G.HadamardProd, c.do1(G.Expm1, below), number(x, alpha))
	return c.do2(G.Add, above, below), c.err
}

// matmul transposes factors by nodes of their own, since Gorgonia's product of matrices cannot be told to.
func matmul(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	var c chain
	a, b, rank := x[0], x[1], x[0].Dims()
	swap := make([]int, rank)
	for i := range swap {
		swap[i] = i
	}
	swap[rank-2], swap[rank-1] = rank-1, rank-2
	if n.Bool("transA") {
		a = c.do(permuted(a, swap))
	}
	if n.Bool("transB") {
		b = c.do(permuted(b, swap))
	}
	if rank == 2 {
		return c.do2(G.Mul, a, b), c.err
	}
	return c.do2(func(a, b *G.Node) (*G.Node, error) { return G.BatchedMatMul(a, b) }, a, b), c.err
}

func project(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	var c chain
	p := c.do(G.Mul(x[0], x[1]))
	return c.do2(G.HadamardProd, p, number(x[0], n.Float("scale"))), c.err
}

// reduction reduces every run of axes by itself, with the axes before it and behind it taken as one each: Gorgonia reads
// out of bounds where a middle axis of four is reduced.
func reduction(f func(x *G.Node, axes ...int) (*G.Node, error)) rule {
	return func(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
		axes, from, out := n.Ints("axes"), x[0].Shape(), x[0]
		if len(axes) == len(from) {
			return f(out)
		}
		behind := 1
		for hi := len(from); hi > 0; hi-- {
			lo := hi
			for lo > 0 && slices.Contains(axes, lo-1) {
				lo--
			}
			if lo < hi {
				r, err := reshaped(out, []int{buffer.Size(from[:lo]), buffer.Size(from[lo:hi]), behind})
				if err != nil {
					return nil, err
				}
				if out, err = f(r, 1); err != nil {
					return nil, err
				}
				hi = lo
			}
			if hi > 0 {
				behind *= from[hi-1]
			}
		}
		return out, nil
	}
}

// slice slices a vector or a matrix: of other values with single elements Gorgonia gets the shapes wrong.
func slice(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	shape, axis := x[0].Shape(), n.Int("axis")
	before, behind := buffer.Size(shape[:axis]), buffer.Size(shape[axis+1:])
	part := G.S(n.Int("start")*behind, (n.Int("start")+n.Int("size"))*behind)
	if before == 1 {
		vector, err := reshaped(x[0], []int{shape[axis] * behind})
		if err != nil {
			return nil, err
		}
		return G.Slice(vector, part)
	}
	matrix, err := reshaped(x[0], []int{before, shape[axis] * behind})
	if err != nil {
		return nil, err
	}
	return G.Slice(matrix, nil, part)
}

// permuted returns x with its axes permuted.
func permuted(x *G.Node, perm []int) (*G.Node, error) {
	if slices.IsSorted(perm) {
		return x, nil
	}
	return G.Transpose(x, perm...)
}

// reshaped returns x's elements under another shape.
func reshaped(x *G.Node, shape []int) (*G.Node, error) {
	switch {
	case slices.Equal(x.Shape(), shape):
		return x, nil
	case len(shape) == 0:
		return G.Sum(x) // Gorgonia makes scalars by reduction only
	}
	return G.Reshape(x, tensor.Shape(slices.Clone(shape)))
}

// stretched returns x repeated to a shape that it broadcasts to. Every run of axes to repeat is done with the axes before it
// and behind it taken as one each, since Gorgonia broadcasts four axes at most.
func stretched(x *G.Node, to []int) (*G.Node, error) {
	from := slices.Concat(slices.Repeat([]int{1}, len(to)-x.Dims()), x.Shape())
	for lo := 0; lo < len(to); lo++ {
		hi := lo
		for hi < len(to) && from[hi] == 1 && to[hi] > 1 {
			hi++
		}
		if hi == lo {
			continue
		}
		before, times, behind := buffer.Size(to[:lo]), buffer.Size(to[lo:hi]), buffer.Size(from[hi:])
		r, err := reshaped(x, []int{before, 1, behind})
		if err != nil {
			return nil, err
		}
		// Gorgonia reads from another operand how often to repeat; nothing else is read of it.
		length := x.Graph().AddNode(G.NewConstant(tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(1, times, 1)),
			G.WithName(fmt.Sprint("length ", times))))
		if x, _, err = G.Broadcast(r, length, G.NewBroadcastPattern([]byte{1}, nil)); err != nil {
			return nil, err
		}
		lo = hi - 1
	}
	return reshaped(x, to)
}

// chain calls Gorgonia's functions one after the other and keeps the first error.
type chain struct{ err error }

func (c *chain) do(n *G.Node, err error) *G.Node {
	if c.err == nil {
		c.err = err
	}
	return n
}

func (c *chain) do1(f func(*G.Node) (*G.Node, error), x *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	return c.do(f(x))
}

func (c *chain) do2(f func(x, y *G.Node) (*G.Node, error), x, y *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	return c.do(f(x, y))
}
