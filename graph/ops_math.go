package graph

import (
	"fmt"
	"slices"
)

func productOps() []*Op {
	return []*Op{
		{Name: "matmul", Group: "products", Operands: "x,y", Flags: Differentiable,
			Attrs: []AttrSpec{{"transA", BoolAttr, false, nil}, {"transB", BoolAttr, false, nil}},
			Infer: multiplied, FLOPs: matmulFLOPs,
			Doc: "The matrix product over the last two axes, either factor transposed; leading axes are a batch."},
	}
}

// multiplied is the shape rule of a matrix product.
func multiplied(c *Call) ([]Type, error) {
	m, _, n, err := productDims(c)
	if err != nil {
		return nil, err
	}
	x := c.Args[0]
	return []Type{Tensor(x.DType, append(slices.Clone(x.Dims[:x.Rank()-2]), m, n)...)}, nil
}

func matmulFLOPs(n *Node) Cost {
	k := n.Args[0].Type.Dims[n.Args[0].Type.Rank()-1]
	if n.Bool("transA") {
		k = n.Args[0].Type.Dims[n.Args[0].Type.Rank()-2]
	}
	return CostOf(product(n.Results[0].Type.Dims).Mul(k).Mul(Int(2)))
}

// productDims returns rows, inner and columns of a matmul.
func productDims(c *Call) (m, k, n Dim, err error) {
	if err = wantFloat(c, 0, 1); err != nil {
		return
	}
	x, y := c.Args[0], c.Args[1]
	r := x.Rank()
	if r < 2 || y.Rank() != r || x.DType != y.DType || !slices.Equal(x.Dims[:r-2], y.Dims[:r-2]) {
		return m, k, n, fmt.Errorf("factors %v and %v must be matrices, or batches of the same shape", x, y)
	}
	m, k = x.Dims[r-2], x.Dims[r-1]
	if c.Bool("transA") {
		m, k = k, m
	}
	k2, n := y.Dims[r-2], y.Dims[r-1]
	if c.Bool("transB") {
		k2, n = n, k2
	}
	if k != k2 {
		return m, k, n, fmt.Errorf("inner dimensions differ: %v of %v, %v of %v", k, x, k2, y)
	}
	return m, k, n, nil
}

func lossOps() []*Op {
	reduce := AttrSpec{"reduce", WordAttr, "mean", []string{"mean", "sum"}}
	softmaxLike := func(name, doc string) *Op {
		return &Op{Name: name, Group: "losses", Operands: "x", Flags: Differentiable, FLOPs: perElement(10), Apart: allButLast, Doc: doc,
			Infer: func(c *Call) ([]Type, error) {
				if c.Args[0].Rank() == 0 {
					return nil, fmt.Errorf("a scalar has no last axis")
				}
				return []Type{c.Args[0]}, wantFloat(c, 0)
			}}
	}
	softmaxGrad := func(name, doc string) *Op {
		return &Op{Name: name, Group: "losses", Operands: "dy,y", FLOPs: perElement(4), Apart: allButLast, Doc: doc,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantSame(c, 0, 1); err != nil {
					return nil, err
				}
				return []Type{c.Args[0]}, wantFloat(c, 0)
			}}
	}
	// classes checks logits [..., classes] and labels [...] that follow one another, and weights of the labels' shape.
	classes := func(c *Call, logits, label, weight int) error {
		if err := wantFloat(c, logits); err != nil {
			return err
		}
		x, l := c.Args[logits], c.Args[label]
		if x.Rank() == 0 || l.DType != I32 || l.Sparse || !slices.Equal(l.Dims, x.Dims[:x.Rank()-1]) {
			return fmt.Errorf("labels must be i32[%s], a class for each row of %v, not %v", dimStrings(x.Dims[:max(0, x.Rank()-1)]), x, l)
		}
		if len(c.Args) > weight && !c.Args[weight].Equal(Tensor(x.DType, l.Dims...)) {
			return fmt.Errorf("weights must be %v, not %v", Tensor(x.DType, l.Dims...), c.Args[weight])
		}
		return nil
	}
	return []*Op{
		softmaxLike("softmax", "exp(x) normalised along the last axis, stable."),
		softmaxGrad("softmax_grad", "y * (dy - sum(dy*y)) along the last axis; y is softmax's result."),
		softmaxLike("log_softmax", "The logarithm of softmax, stable."),
		softmaxGrad("log_softmax_grad", "dy - exp(y) * sum(dy) along the last axis; y is log_softmax's result."),
		{Name: "softmax_cross_entropy", Group: "losses", Operands: "logits,label,weight?", Flags: Differentiable,
			Attrs: []AttrSpec{reduce},
			Infer: func(c *Call) ([]Type, error) {
				return []Type{Tensor(c.Args[0].DType)}, classes(c, 0, 1, 2)
			}, FLOPs: perOperand(0, 12),
			Doc: "The weighted sum, or the mean by total weight, of -log softmax(logits)[label] over the rows."},
		{Name: "softmax_cross_entropy_grad", Group: "losses", Operands: "dloss,logits,label,weight?",
			Attrs: []AttrSpec{reduce},
			Infer: func(c *Call) ([]Type, error) {
				if err := classes(c, 1, 2, 3); err != nil {
					return nil, err
				}
				return []Type{c.Args[1]}, wantScalar(c, 0, c.Args[1].DType)
			}, FLOPs: perElement(12),
			Doc: "dloss * weight * (softmax(logits) - onehot(label)), divided by the total weight for reduce=mean."},
		{Name: "sigmoid_cross_entropy", Group: "losses", Operands: "logits,target", Flags: Differentiable, Attrs: []AttrSpec{reduce},
			Infer: func(c *Call) ([]Type, error) {
				if err := wantFloat(c, 0); err != nil {
					return nil, err
				}
				return []Type{Tensor(c.Args[0].DType)}, wantSame(c, 0, 1)
			}, FLOPs: perOperand(0, 20),
			Doc: "The mean or sum of -target log p - (1-target) log(1-p) with p = sigmoid(logits), stable for large logits. No cotangent reaches the target."},
		{Name: "sigmoid_cross_entropy_grad", Group: "losses", Operands: "dloss,logits,target", Attrs: []AttrSpec{reduce},
			Infer: func(c *Call) ([]Type, error) {
				if err := wantSame(c, 1, 2); err != nil {
					return nil, err
				}
				return []Type{c.Args[1]}, wantScalar(c, 0, c.Args[1].DType)
			}, FLOPs: perElement(12),
			Doc: "dloss * (sigmoid(logits) - target), divided by the number of elements for reduce=mean."},
	}
}

func sparseOps() []*Op {
	return []*Op{
		{Name: "spmm", Group: "sparse", Operands: "pattern,entries,x", Flags: Differentiable,
			Attrs: []AttrSpec{{"trans", BoolAttr, false, nil}},
			Infer: func(c *Call) ([]Type, error) {
				if err := wantSparse(c, 0); err != nil {
					return nil, err
				}
				p, x := c.Args[0], c.Args[2]
				rows, cols := p.Dims[0], p.Dims[1]
				if c.Bool("trans") {
					rows, cols = cols, rows
				}
				e := c.Args[1]
				if !x.Differentiable() || x.Rank() != e.Rank()+1 || x.Dims[0] != cols || x.DType != e.DType || e.Rank() == 2 && x.Dims[1] != e.Dims[1] {
					return nil, fmt.Errorf("operand 2 must be %v[%v, ...] to be multiplied by %v%s with entries %v, not %v",
						e.DType, cols, p, map[bool]string{true: " transposed"}[c.Bool("trans")], e, x)
				}
				return []Type{Tensor(x.DType, replaceDim(x.Dims, 0, rows)...)}, nil
			},
			FLOPs: func(n *Node) Cost {
				return CostOf(n.Args[0].Type.Dims[2].Mul(product(n.Args[2].Type.Dims[1:])).Mul(Int(2)))
			},
			Doc: "The sparse matrix, or its transpose, times the matrix x. With entries [nnz, heads], each head's matrix times its part of x [cols, heads, width]."},
		{Name: "sddmm", Group: "sparse", Operands: "pattern,a,b", Flags: Differentiable,
			Infer: func(c *Call) ([]Type, error) {
				p, a, b := c.Args[0], c.Args[1], c.Args[2]
				if !p.Sparse {
					return nil, fmt.Errorf("operand 0 must be a pattern, not %v", p)
				}
				if err := wantFloat(c, 1, 2); err != nil {
					return nil, err
				}
				r := a.Rank()
				if r != 2 && r != 3 || b.Rank() != r || a.Dims[0] != p.Dims[0] || b.Dims[0] != p.Dims[1] || !slices.Equal(a.Dims[1:], b.Dims[1:]) || a.DType != b.DType {
					return nil, fmt.Errorf("factors %v and %v do not fit %v", a, b, p)
				}
				return []Type{Tensor(a.DType, replaceDim(a.Dims[:r-1], 0, p.Dims[2])...)}, nil
			},
			FLOPs: func(n *Node) Cost {
				return CostOf(n.Args[0].Type.Dims[2].Mul(product(n.Args[1].Type.Dims[1:])).Mul(Int(2)))
			},
			Doc: "For each stored position (r, c) the inner product of a's row r and b's row c; for [rows, heads, width], of each head's."},
	}
}
