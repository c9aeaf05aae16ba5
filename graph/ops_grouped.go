package graph

import "fmt"

// groupedOps are the products of a linear layer whose features are in groups that do not mix: one small matrix for each.
func groupedOps() []*Op {
	return []*Op{
		{Name: "grouped_matmul", Group: "products", Operands: "x,weight", Flags: Differentiable,
			Attrs: []AttrSpec{{"transB", BoolAttr, false, nil}},
			Infer: func(c *Call) ([]Type, error) {
				if err := wantFloat(c, 0, 1); err != nil {
					return nil, err
				}
				x, w := c.Args[0], c.Args[1]
				if x.Rank() != 2 || w.Rank() != 3 || x.DType != w.DType {
					return nil, fmt.Errorf("x must be a matrix and weight a matrix for each group, not %v and %v", x, w)
				}
				in, out := w.Dims[1], w.Dims[2]
				if c.Bool("transB") {
					in, out = out, in
				}
				if x.Dims[1] != w.Dims[0].Mul(in) {
					return nil, fmt.Errorf("%v groups of %v features do not make the %v of x", w.Dims[0], in, x.Dims[1])
				}
				return []Type{Tensor(x.DType, x.Dims[0], w.Dims[0].Mul(out))}, nil
			},
			FLOPs: func(n *Node) Cost {
				w := n.Args[1].Type
				return CostOf(n.Args[0].Type.Dims[0].Mul(product(w.Dims)).Mul(Int(2)))
			},
			Doc: "The features of each row of x, cut into groups, each multiplied by its matrix of weight, either as it is or, with transB, transposed."},
		{Name: "grouped_matmul_grad", Group: "products", Operands: "x,dy",
			Attrs: []AttrSpec{{"groups", IntAttr, nil, nil}},
			Infer: func(c *Call) ([]Type, error) {
				if err := wantFloat(c, 0, 1); err != nil {
					return nil, err
				}
				x, dy, groups := c.Args[0], c.Args[1], c.Int("groups")
				if x.Rank() != 2 || dy.Rank() != 2 || x.DType != dy.DType || x.Dims[0] != dy.Dims[0] {
					return nil, fmt.Errorf("x and dy must be matrices of as many rows, not %v and %v", x, dy)
				}
				if groups < 1 {
					return nil, fmt.Errorf("%d groups: there must be one at least", groups)
				}
				in, ok := x.Dims[1].Div(Int(groups))
				out, ok2 := dy.Dims[1].Div(Int(groups))
				if !ok || !ok2 {
					return nil, fmt.Errorf("%d groups do not divide the %v and %v features", groups, x.Dims[1], dy.Dims[1])
				}
				return []Type{Tensor(x.DType, Int(groups), in, out)}, nil
			},
			FLOPs: func(n *Node) Cost {
				return CostOf(n.Args[0].Type.Dims[0].Mul(product(n.Results[0].Type.Dims)).Mul(Int(2)))
			},
			Doc: "The gradient of grouped_matmul's weight: for each group x^T dy of its features."},
	}
}
