package graph

import "fmt"

// headOps are the last layer of a classifier of many classes together with its loss. They stand for a product, a bias and
// softmax_cross_entropy, and can be computed for a few rows at a time, so that the logits [rows, classes] never exist whole.
func headOps() []*Op {
	attrs := []AttrSpec{
		{"transB", BoolAttr, false, nil}, {"reduce", WordAttr, "mean", []string{"mean", "sum"}}, {"weighted", BoolAttr, false, nil},
	}
	return []*Op{
		{Name: "linear_cross_entropy", Group: "fused", Operands: "x,w,label,bias?,weight?", Flags: Fused, Attrs: attrs,
			Infer: func(c *Call) ([]Type, error) {
				if _, err := headBias(c, 0); err != nil {
					return nil, err
				}
				return []Type{Tensor(c.Args[0].DType)}, nil
			},
			FLOPs: func(n *Node) Cost { return headFLOPs(n, 0, 1, 12) },
			Doc:   "softmax_cross_entropy(matmul(x, w) + bias, label, weight). A float operand behind the labels is the bias or, if weighted, the last is the weight."},
		{Name: "linear_cross_entropy_grad", Group: "fused", Operands: "dloss,x,w,label,bias?,weight?", Flags: Fused,
			Attrs: append(attrs, AttrSpec{"dx", BoolAttr, true, nil}),
			Infer: func(c *Call) ([]Type, error) {
				bias, err := headBias(c, 1)
				if err != nil {
					return nil, err
				}
				out := []Type{Tensor(c.Args[1].DType), c.Args[2]}
				if bias >= 0 {
					out = append(out, c.Args[bias])
				}
				if c.Bool("dx") {
					out = append(out, c.Args[1])
				}
				return out, wantScalar(c, 0, c.Args[1].DType)
			},
			FLOPs: func(n *Node) Cost {
				products, elements := 2, 13
				if n.Bool("dx") {
					products++
				}
				if len(n.Results) == products+1 {
					elements++ // the bias has a gradient
				}
				return headFLOPs(n, 1, products, elements)
			},
			Doc: "The loss of linear_cross_entropy and, with dloss as its cotangent, the gradients of w, of the bias if there is one and, if dx, of x. Each logit is computed once."},
	}
}

// headBias checks the operands from x, number first, on: x [rows, inner], w [inner, classes] or its transpose, a label for each
// row in any shape, and what may follow. It returns the number of the bias, or -1.
func headBias(c *Call, first int) (bias int, err error) {
	bias = -1
	if err := wantFloat(c, first, first+1); err != nil {
		return bias, err
	}
	x, w, label := c.Args[first], c.Args[first+1], c.Args[first+2]
	if x.Rank() != 2 || w.Rank() != 2 || x.DType != w.DType {
		return bias, fmt.Errorf("factors %v and %v must be matrices of one dtype", x, w)
	}
	inner, classes := w.Dims[0], w.Dims[1]
	if c.Bool("transB") {
		inner, classes = classes, inner
	}
	if x.Dims[1] != inner {
		return bias, fmt.Errorf("inner dimensions differ: %v of %v, %v of %v", x.Dims[1], x, inner, w)
	}
	if label.DType != I32 || label.Sparse || product(label.Dims) != x.Dims[0] {
		return bias, fmt.Errorf("labels must be i32, a class for each of %v rows, not %v", x.Dims[0], label)
	}
	rest := c.Args[first+3:]
	if c.Bool("weighted") {
		last := len(rest) - 1
		if want := Tensor(x.DType, label.Dims...); last < 0 || !rest[last].Equal(want) {
			return bias, fmt.Errorf("the last operand must be the weights of the rows, %v", want)
		}
		rest = rest[:last]
	}
	switch want := Tensor(x.DType, classes); {
	case len(rest) > 1:
		return bias, fmt.Errorf("there are operands behind the bias")
	case len(rest) == 1 && !rest[0].Equal(want):
		return bias, fmt.Errorf("the bias must be %v, not %v", want, rest[0])
	case len(rest) == 1:
		bias = first + 3
	}
	return bias, nil
}

// headFLOPs counts products with x's rows, and what is done to each logit. A bias is one more addition.
func headFLOPs(n *Node, first, products, elements int) Cost {
	x, w, added := n.Args[first].Type, n.Args[first+1].Type, len(n.Args)-first-3
	if n.Bool("weighted") {
		added--
	}
	classes := w.Dims[1]
	if n.Bool("transB") {
		classes = w.Dims[0]
	}
	logits := x.Dims[0].Mul(classes)
	return CostOf(logits.Mul(x.Dims[1]).Mul(Int(2*products)), logits.Mul(Int(elements+added)))
}
