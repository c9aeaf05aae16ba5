package graph

import (
	"cmp"
	"fmt"
	"slices"
)

// optimizerOps are the update rules and what clips their gradients. A rule that is clipped has the factor as its last operand, so that
// no scaled gradient is ever in memory.
func optimizerOps() []*Op {
	decay := AttrSpec{"weight_decay", FloatAttr, 0.0, nil}
	last := []AttrSpec{{"lr_scale", FloatAttr, 1.0, nil}, {"clipped", BoolAttr, false, nil}}
	betas := []AttrSpec{{"beta1", FloatAttr, 0.9, nil}, {"beta2", FloatAttr, 0.999, nil}, {"eps", FloatAttr, 1e-8, nil}, decay}
	sgd := append([]AttrSpec{{"momentum", FloatAttr, 0.0, nil}, decay}, last...)
	adam := slices.Concat(betas, []AttrSpec{{"decoupled", BoolAttr, false, nil}}, last)
	radam := slices.Concat(betas, last)
	const dense, rows = "w,m,v,g,lr,step,factor?", "w,m,v,rows,lr,step,index,factor?"
	return []*Op{
		{Name: "sgd", Group: "optimizers", Operands: "w,g,lr,m?,factor?", Flags: Optimizer, Attrs: sgd, Infer: sgdUpdate, FLOPs: updateFLOPs(6),
			Doc: "m' = momentum*m + g + weight_decay*w; w' = w - lr*lr_scale*m'. Without m, plain gradient descent. If clipped, the last operand is a factor of g: the product is rounded, as by mul, before it is used."},
		{Name: "adam", Group: "optimizers", Operands: dense, Flags: Optimizer, Attrs: adam, Infer: denseUpdate, FLOPs: updateFLOPs(16),
			Doc: "Adam (Kingma & Ba 2015) with the bias correction of step+1; results w', m', v'. weight_decay is added to the gradient (coupled L2), or with decoupled subtracted from the weight (AdamW, Loshchilov & Hutter 2019). A factor as in sgd."},
		{Name: "radam", Group: "optimizers", Operands: dense, Flags: Optimizer, Attrs: radam, Infer: denseUpdate, FLOPs: updateFLOPs(16),
			Doc: "Rectified Adam (Liu et al. 2020, algorithm 2); results w', m', v'. Where the rectification is not defined (rho < 5) the step is that of momentum: w - lr m'/(1-beta1^t). A factor as in sgd."},
		{Name: "adam_rows", Group: "optimizers", Operands: rows, Flags: Optimizer | Fused, Attrs: adam, Infer: rowUpdate, FLOPs: updateFLOPs(16),
			Doc: "adam of a table, whose gradient is that of rows made by merge_rows, in the order of a sorted index: rows of the table without an index have a gradient of 0."},
		{Name: "radam_rows", Group: "optimizers", Operands: rows, Flags: Optimizer | Fused, Attrs: radam, Infer: rowUpdate, FLOPs: updateFLOPs(16),
			Doc: "radam of a table, as adam_rows."},
		{Name: "sort_index", Group: "optimizers", Operands: "index", Flags: Fused, Attrs: []AttrSpec{{"rows", IntAttr, nil, nil}}, Infer: sortedIndex,
			Doc: "The indices of rows of a table of so many, sorted, and the places that they have in index; equal ones in the order of their places."},
		{Name: "merge_rows", Group: "optimizers", Operands: "x,index,places", Flags: Fused, Attrs: []AttrSpec{{"axes", IntAttr, nil, nil}}, Infer: mergedRows, FLOPs: perOperand(0, 1),
			Doc: "The rows that scatter_add makes of x, whose first axes are those of its index, in the order of the index and places of sort_index: the first of equal indices has the sum of x's rows at the places, the others have zeros."},
		{Name: "global_norm", Group: "optimizers", Operands: "g", Flags: Variadic,
			Infer: func(c *Call) ([]Type, error) {
				for i, g := range c.Args {
					if err := wantFloat(c, i); err != nil {
						return nil, err
					}
					if g.DType != c.Args[0].DType {
						return nil, fmt.Errorf("gradients of two dtypes: %v and %v", c.Args[0], g)
					}
				}
				return []Type{Tensor(c.Args[0].DType)}, nil
			},
			FLOPs: func(n *Node) Cost {
				var c Cost
				for _, a := range n.Args {
					c = c.Plus(CostOf(product(a.Type.Dims).Mul(Int(2))))
				}
				return c
			},
			Doc: "The Euclidean norm of all operands together, summed in operand order."},
		{Name: "clip_factor", Group: "optimizers", Operands: "norm", Attrs: []AttrSpec{{"max", FloatAttr, nil, nil}},
			Infer: func(c *Call) ([]Type, error) {
				return []Type{c.Args[0]}, wantScalar(c, 0, c.Args[0].DType)
			}, FLOPs: perElement(3),
			Doc: "min(1, max / (norm + 1e-6)), the factor by which clipping by global norm scales every gradient."},
	}
}

// updateFLOPs are k operations for an element, and one more where its gradient is clipped.
func updateFLOPs(k int) func(*Node) Cost {
	return func(n *Node) Cost {
		if n.Bool("clipped") {
			return perElement(k + 1)(n)
		}
		return perElement(k)(n)
	}
}

// unclipped checks the factor of an update, if it has one, and returns the number of operands before it.
func unclipped(c *Call) (int, error) {
	n := len(c.Args)
	if !c.Bool("clipped") {
		return n, nil
	}
	return n - 1, wantScalar(c, n-1, c.Args[0].DType)
}

// updated checks that the given operands are of the type of the first, floating-point, and returns it for each of the results.
func updated(c *Call, results int, operands ...int) ([]Type, error) {
	if err := wantFloat(c, 0); err != nil {
		return nil, err
	}
	for _, i := range operands {
		if err := wantSame(c, 0, i); err != nil {
			return nil, err
		}
	}
	return slices.Repeat([]Type{c.Args[0]}, results), nil
}

// sgdUpdate is the shape rule of sgd.
func sgdUpdate(c *Call) ([]Type, error) {
	n, err := unclipped(c)
	if err = cmp.Or(err, wantScalar(c, 2, c.Args[0].DType)); err != nil {
		return nil, err
	}
	switch n {
	case 3:
		return updated(c, 1, 1)
	case 4:
		return updated(c, 2, 1, 3)
	}
	return nil, fmt.Errorf("%d operands, of which the last is no factor, as it is where an update is clipped", n)
}

// moments checks what adam and radam have in common, when other operands come before the factor.
func moments(c *Call, others int) error {
	n, err := unclipped(c)
	if err = cmp.Or(err, wantScalar(c, 4, c.Args[0].DType), wantScalar(c, 5, I32)); err != nil {
		return err
	}
	if n != others {
		return fmt.Errorf("%d operands before the factor of a clipped update; want %d", n, others)
	}
	return nil
}

// denseUpdate is the shape rule of adam and radam.
func denseUpdate(c *Call) ([]Type, error) {
	if err := moments(c, 6); err != nil {
		return nil, err
	}
	return updated(c, 3, 1, 2, 3)
}

// rowUpdate is the shape rule of adam_rows and radam_rows.
func rowUpdate(c *Call) ([]Type, error) {
	if err := moments(c, 7); err != nil {
		return nil, err
	}
	w, rows, index := c.Args[0], c.Args[3], c.Args[6]
	if w.Rank() < 1 {
		return nil, fmt.Errorf("%v is no table", w)
	}
	if g, err := scattered(rows, index, w.Dims[0]); err != nil || index.Rank() != 1 || !g.Equal(w) {
		return nil, cmp.Or(err, fmt.Errorf("%v and %v are no merged rows of %v", rows, index, w))
	}
	return updated(c, 3, 1, 2)
}

// sortedIndex is the shape rule of sort_index.
func sortedIndex(c *Call) ([]Type, error) {
	if rows := c.Int("rows"); rows < 1 {
		return nil, fmt.Errorf("a table has rows, not %d", rows)
	}
	index := c.Args[0]
	if index.Sparse || index.DType != I32 {
		return nil, fmt.Errorf("an index is i32, not %v", index)
	}
	sorted := Tensor(I32, product(index.Dims))
	return []Type{sorted, sorted}, nil
}

// mergedRows is the shape rule of merge_rows.
func mergedRows(c *Call) ([]Type, error) {
	if err := wantFloat(c, 0); err != nil {
		return nil, err
	}
	x, axes := c.Args[0], c.Int("axes")
	if axes < 0 || axes > x.Rank() {
		return nil, fmt.Errorf("%v has no %d axes", x, axes)
	}
	n := product(x.Dims[:axes])
	for i := 1; i <= 2; i++ {
		if want := Tensor(I32, n); !c.Args[i].Equal(want) {
			return nil, fmt.Errorf("operand %d must be %v, one for each row of %v, not %v", i, want, x, c.Args[i])
		}
	}
	return []Type{Tensor(x.DType, slices.Concat([]Dim{n}, x.Dims[axes:])...)}, nil
}
