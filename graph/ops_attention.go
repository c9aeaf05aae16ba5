package graph

import "fmt"

// attentionOps stand for a softmax over scores and the products on both sides of it, which need not hold the scores then. They are
// made by fusion alone.
func attentionOps() []*Op {
	attrs := []AttrSpec{
		{"scale", FloatAttr, 1.0, nil}, {"causal", BoolAttr, false, nil}, {"fill", FloatAttr, 0.0, nil},
		{"rate", FloatAttr, 0.0, nil}, {"stream", StringAttr, "", nil},
	}
	return []*Op{
		{Name: "attention", Group: "fused", Operands: "q,k,v,key?", Flags: Fused | Random, Attrs: attrs,
			Infer: func(c *Call) ([]Type, error) {
				rows, err := attended(c, 0, 3)
				return []Type{c.Args[0], rows}, err
			},
			FLOPs: func(n *Node) Cost { return attentionFLOPs(n, n.Args[0].Type, 2, 10) },
			Doc:   "softmax(scale q k') v for each head of [batch, time, heads, dim] (Vaswani et al. 2017, equation 1), with causal's fill above the diagonal of the scores, and with the dropout of its weights, an array [batch, heads, time, time], where there is a key. Results: what v is mixed to, and the logarithm of each row's sum of exp(score), [batch, heads, time]. Scores are made in tiles (Dao et al. 2022); masked ones of weight 0 may be left out."},
		{Name: "attention_grad", Group: "fused", Operands: "dy,q,k,v,y,logsum,key?", Flags: Fused | Random, Attrs: attrs,
			Infer: func(c *Call) ([]Type, error) {
				rows, err := attended(c, 1, 6)
				if err != nil {
					return nil, err
				}
				if x := c.Args[1]; !c.Args[0].Equal(x) || !c.Args[4].Equal(x) || !c.Args[5].Equal(rows) {
					return nil, fmt.Errorf("dy and y must be %v and logsum %v, not %v, %v and %v", x, rows, c.Args[0], c.Args[4], c.Args[5])
				}
				return []Type{c.Args[1], c.Args[2], c.Args[3]}, nil
			},
			FLOPs: func(n *Node) Cost { return attentionFLOPs(n, n.Args[1].Type, 5, 14).Plus(perElement(2)(n)) },
			Doc:   "The cotangents of q, k and v; y and logsum are attention's results. The scores are made once more."},
	}
}

// attended checks q, k and v, from operand number first on, and the key, and returns the type of what there is for each row of scores.
func attended(c *Call, first, key int) (rows Type, err error) {
	x := c.Args[first]
	if err := wantFloat(c, first); err != nil {
		return rows, err
	}
	if x.Rank() != 4 || !c.Args[first+1].Equal(x) || !c.Args[first+2].Equal(x) {
		return rows, fmt.Errorf("q, k and v must be of one type, [batch, time, heads, dim], not %v, %v and %v", x, c.Args[first+1], c.Args[first+2])
	}
	drop := c.Float("rate")
	if drop < 0 || drop >= 1 {
		return rows, fmt.Errorf("rate=%v must lie in [0, 1)", drop)
	}
	if given := len(c.Args) > key; given != (drop > 0) {
		return rows, fmt.Errorf("there is a key where there is a rate: not with rate=%v", drop)
	} else if given {
		err = wantKey(c, key)
	}
	return Tensor(x.DType, x.Dims[0], x.Dims[2], x.Dims[1]), err
}

// attentionFLOPs counts, for each score, a term of some products of matrices and some other operations, and 10 more for dropout's.
// What a causal mask leaves out is not computed: time (time+1) / 2 scores of a head are left.
func attentionFLOPs(n *Node, x Type, products, others int) Cost {
	if n.Float("rate") > 0 {
		others += 10
	}
	batch, time, heads, dim := x.Dims[0], x.Dims[1], x.Dims[2], x.Dims[3]
	half := CostOf(dim.Mul(Int(products)), Int(others/2)).Times(batch).Times(heads) // of what a score costs: a product's term is two
	if n.Bool("causal") {
		return half.Times(time).Times(time).Plus(half.Times(time))
	}
	return half.Times(time).Times(time).Times(Int(2))
}
