package graph

import (
	"fmt"
	"slices"
)

// alongLast is the shape rule of ops that work along the last axis and keep the shape.
func alongLast(c *Call) ([]Type, error) {
	if c.Args[0].Rank() == 0 {
		return nil, fmt.Errorf("a scalar has no last axis")
	}
	return []Type{c.Args[0]}, wantFloat(c, 0)
}

func scanOps() []*Op {
	return []*Op{
		{Name: "cumsum", Group: "scans", Operands: "x", Flags: Differentiable, Infer: alongLast, FLOPs: perElement(1), Apart: allButLast,
			Attrs: []AttrSpec{{"exclusive", BoolAttr, false, nil}, {"reverse", BoolAttr, false, nil}},
			Doc:   "Running sums along the last axis, of the elements before when exclusive, from the end when reverse."},
		{Name: "cumprod_exclusive", Group: "scans", Operands: "x", Flags: Differentiable, Infer: alongLast, FLOPs: perElement(1), Apart: allButLast,
			Doc: "Element i is the product of the elements before i along the last axis; the first is 1."},
		{Name: "cumprod_exclusive_grad", Group: "scans", Operands: "dy,x", FLOPs: perElement(4), Apart: allButLast,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantSame(c, 0, 1); err != nil {
					return nil, err
				}
				return alongLast(c)
			}, Doc: "The cotangent of cumprod_exclusive's operand x, exact also where elements of x are 0."},
		{Name: "sort", Group: "scans", Operands: "x", Infer: alongLast, FLOPs: perElement(8), Apart: allButLast,
			Doc: "The elements of the last axis in ascending order. No cotangent passes: detach what is sorted."},
		{Name: "inverse_cdf", Group: "scans", Operands: "edges,weights,u", FLOPs: perElement(16),
			Infer: func(c *Call) ([]Type, error) {
				e, w, u := c.Args[0], c.Args[1], c.Args[2]
				if err := wantFloat(c, 0, 1, 2); err != nil {
					return nil, err
				}
				if e.Rank() != 2 || w.Rank() != 2 || u.Rank() != 2 || e.Dims[0] != w.Dims[0] || e.Dims[0] != u.Dims[0] {
					return nil, fmt.Errorf("edges, weights and draws must have the same rows, not %v, %v and %v", e, w, u)
				}
				n, ok := e.Dims[1].Const()
				if k, ok2 := w.Dims[1].Const(); !ok || !ok2 || n != k+1 || k < 1 {
					return nil, fmt.Errorf("n bins have n+1 edges, not %v for %v", e, w)
				}
				return []Type{u}, nil
			}, Doc: "Draws from the piecewise uniform density with the given bin edges and weights, by the inverse of its distribution function at u; a bin whose share is below 1e-5 is not divided by (NeRF's hierarchical sampling, Mildenhall et al. 2020, section 5.2). No cotangent passes."},
		{Name: "restricted_softmax", Group: "losses", Operands: "x", Flags: Differentiable, Infer: alongLast, FLOPs: perElement(10), Apart: allButLast,
			Doc: "softmax along the last axis with one more score, 0, that takes its share and is left out (Fey 2019, DNA). softmax_grad is its gradient."},
		{Name: "causal", Group: "shape", Operands: "x", Flags: Differentiable, Attrs: []AttrSpec{{"fill", FloatAttr, 0.0, nil}},
			Infer: func(c *Call) ([]Type, error) {
				x := c.Args[0]
				if r := x.Rank(); r < 2 || x.Dims[r-1] != x.Dims[r-2] {
					return nil, fmt.Errorf("a causal mask is for square matrices, not %v", x)
				}
				return []Type{x}, wantFloat(c, 0)
			}, Doc: "x where the column is at most the row, fill above the diagonal of the last two axes."},
		{Name: "positions", Group: "leaves", Operands: "",
			Attrs: []AttrSpec{{"shape", DimsAttr, nil, nil}, {"kind", WordAttr, "sinusoid", []string{"sinusoid", "previous", "uniform", "cubic", "current"}}, {"dtype", WordAttr, "f32", []string{"f32", "f64"}}},
			Infer: func(c *Call) ([]Type, error) {
				shape := c.DimList("shape")
				if len(shape) != 2 || c.Str("kind") != "sinusoid" && shape[0] != shape[1] {
					return nil, fmt.Errorf("positions are [time, width], and attention weights [time, time], not [%s]", dimStrings(shape))
				}
				dt, _ := parseDType(c.Str("dtype"))
				return []Type{Tensor(dt, slices.Clone(shape)...)}, nil
			}, Doc: "A fixed matrix: sinusoid positions (Vaswani et al. 2017, section 3.5), or the weights of a fixed causal attention head over the current token, the previous one, all at least three back evenly, or those by the cube of their place."},
	}
}
