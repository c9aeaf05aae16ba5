package graph

import "fmt"

func edgeOps() []*Op {
	side := AttrSpec{"side", WordAttr, nil, []string{"row", "col"}}
	// edges checks a pattern and a value with an entry for each of its positions.
	edges := func(c *Call, value int) error {
		p, e := c.Args[0], c.Args[value]
		if !p.Sparse || !e.Differentiable() || e.Rank() < 1 || e.Dims[0] != p.Dims[2] {
			return fmt.Errorf("operand %d must have a row for each position of a pattern, not %v for %v", value, e, p)
		}
		return nil
	}
	nodes := func(c *Call) Dim {
		if c.Str("side") == "col" {
			return c.Args[0].Dims[1]
		}
		return c.Args[0].Dims[0]
	}
	return []*Op{
		{Name: "edge_gather", Group: "sparse", Operands: "pattern,x", Flags: Differentiable, Attrs: []AttrSpec{side},
			Infer: func(c *Call) ([]Type, error) {
				p, x := c.Args[0], c.Args[1]
				if !p.Sparse || !x.Differentiable() || x.Rank() < 1 || x.Dims[0] != nodes(c) {
					return nil, fmt.Errorf("%v has no row for each %s of %v", x, c.Str("side"), p)
				}
				return []Type{Tensor(x.DType, replaceDim(x.Dims, 0, p.Dims[2])...)}, nil
			}, Doc: "For each stored position (r, c), row r or c of x."},
		{Name: "edge_sum", Group: "sparse", Operands: "pattern,e", Flags: Differentiable, Attrs: []AttrSpec{side},
			Infer: func(c *Call) ([]Type, error) {
				if !c.Args[0].Sparse {
					return nil, fmt.Errorf("operand 0 must be a pattern, not %v", c.Args[0])
				}
				if err := edges(c, 1); err != nil {
					return nil, err
				}
				return []Type{Tensor(c.Args[1].DType, replaceDim(c.Args[1].Dims, 0, nodes(c))...)}, nil
			}, FLOPs: perOperand(1, 1), Doc: "For each row or column the sum of e over its stored positions: the gradient of edge_gather."},
		{Name: "segment_softmax", Group: "sparse", Operands: "pattern,scores", Flags: Differentiable,
			Infer: func(c *Call) ([]Type, error) { return []Type{c.Args[1]}, edges(c, 1) }, FLOPs: perElement(10),
			Doc: "softmax of the scores over the stored positions of each row, for every trailing element apart; the denominator has 1e-16 added."},
		{Name: "segment_softmax_grad", Group: "sparse", Operands: "pattern,dy,y",
			Infer: func(c *Call) ([]Type, error) {
				if err := edges(c, 1); err != nil {
					return nil, err
				}
				return []Type{c.Args[1]}, wantSame(c, 1, 2)
			}, FLOPs: perElement(4),
			Doc: "y * (dy - sum(dy*y)) over the stored positions of each row; y is segment_softmax's result."},
	}
}
