package graph

import (
	"fmt"
	"slices"
)

// historyOps are those of attention over layers along the entries of a sparse matrix (Fey 2019, equations 2 to 4). A history is a list
// of representations of all nodes, [columns, heads, width] each. Times of a history come first in what there is for each entry:
// [times, entries, heads].
func historyOps() []*Op {
	const given = "entries has an entry, or one for each time and head, for each stored position; a history has [columns, heads, width] for each time."
	return []*Op{
		{Name: "history_attention", Group: "sparse", Operands: "pattern,query,bias,entries,history", Flags: Differentiable | Variadic,
			Infer: func(c *Call) ([]Type, error) {
				shares, err := attendedHistory(c, 1, 2, 3, 4)
				return []Type{c.Args[1], c.Args[2], shares, shares}, err
			},
			FLOPs: func(n *Node) Cost { return historyFLOPs(n, len(n.Args)-4, 4, 13) },
			Doc: "For each stored position (r, c), head and time t, the score of query's row r and history t's row c: their inner product plus bias. The restricted softmax over times, and what entries make of it. Results: for each row the sum over positions and times of weight times history, [rows, heads, width], and of the weights, [rows, heads]; the softmax, the shares; and the weights, shares times entries, both [times, positions, heads]. " +
				given},
		{Name: "history_attention_grad", Group: "sparse", Operands: "pattern,dmixed,dtotal,shares,entries,history", Flags: Variadic,
			Infer: func(c *Call) ([]Type, error) {
				shares, err := attendedHistory(c, 1, 2, 4, 5)
				if err == nil && !c.Args[3].Equal(shares) {
					err = fmt.Errorf("shares must be %v, not %v", shares, c.Args[3])
				}
				return []Type{c.Args[1], c.Args[2], shares}, err
			},
			FLOPs: func(n *Node) Cost { return historyFLOPs(n, len(n.Args)-5, 4, 7) },
			Doc:   "The cotangents of query and bias, and of the scores, [times, positions, heads], from those of history_attention's first results and from its shares. " + given},
		{Name: "history_spread", Group: "sparse", Operands: "pattern,dscores,query,weights,dmixed",
			Infer: func(c *Call) ([]Type, error) {
				if err := wantFloat(c, 1, 2, 3, 4); err != nil {
					return nil, err
				}
				p, scores, query := c.Args[0], c.Args[1], c.Args[2]
				if !p.Sparse || query.Rank() != 3 || query.Dims[0] != p.Dims[0] || !c.Args[4].Equal(query) {
					return nil, fmt.Errorf("query and dmixed must be of one type, [rows, heads, width], not %v and %v for %v", query, c.Args[4], p)
				}
				if scores.Rank() != 3 || !slices.Equal(scores.Dims[1:], []Dim{p.Dims[2], query.Dims[1]}) || scores.DType != query.DType || !c.Args[3].Equal(scores) {
					return nil, fmt.Errorf("dscores and weights must be of one type, [times, positions, heads], not %v and %v", scores, c.Args[3])
				}
				times, ok := scores.Dims[0].Const()
				if !ok || times < 1 {
					return nil, fmt.Errorf("the number of times, %v, must be known and positive", scores.Dims[0])
				}
				return slices.Repeat([]Type{Tensor(query.DType, replaceDim(query.Dims, 0, p.Dims[1])...)}, times), nil
			},
			FLOPs: func(n *Node) Cost { return historyFLOPs(n, len(n.Results), 4, 0) },
			Doc:   "The cotangents of history_attention's history: for each time and column the sum over positions of dscore times query's row and of weight times dmixed's row."},
	}
}

// attendedHistory checks the operands at these places, history from its place on, and returns the type of the shares.
func attendedHistory(c *Call, query, bias, entries, history int) (shares Type, err error) {
	p, q, e, times := c.Args[0], c.Args[query], c.Args[entries], len(c.Args)-history
	if !p.Sparse {
		return shares, fmt.Errorf("operand 0 must be a pattern, not %v", p)
	}
	if err := wantFloat(c, query, bias, entries); err != nil {
		return shares, err
	}
	if q.Rank() != 3 || q.Dims[0] != p.Dims[0] || !c.Args[bias].Equal(Tensor(q.DType, q.Dims[:2]...)) {
		return shares, fmt.Errorf("operands %d and %d must be [rows, heads, width] and [rows, heads] for %v, not %v and %v", query, bias, p, q, c.Args[bias])
	}
	node, links := Tensor(q.DType, replaceDim(q.Dims, 0, p.Dims[1])...), p.Dims[2]
	for i, h := range c.Args[history:] {
		if !h.Equal(node) {
			return shares, fmt.Errorf("time %d of the history must be %v, not %v", i, node, h)
		}
	}
	shares = Tensor(q.DType, Int(times), links, q.Dims[1])
	if !e.Equal(Tensor(q.DType, links)) && !e.Equal(shares) {
		return shares, fmt.Errorf("entries must be %v or %v, not %v", Tensor(q.DType, links), shares, e)
	}
	return shares, nil
}

// historyFLOPs counts, for each time, position and head, some operations for each feature and some others. Operand 2 or 1 is [rows, heads, ...].
func historyFLOPs(n *Node, times, features, others int) Cost {
	x := n.Args[1].Type.Dims
	if n.Op.Name == "history_spread" {
		x = n.Args[2].Type.Dims
	}
	each := n.Args[0].Type.Dims[2].Mul(x[1]).Mul(Int(times))
	return CostOf(each.Mul(x[2]).Mul(Int(features)), each.Mul(Int(others)))
}
