package graph

import (
	"fmt"
	"slices"
)

// eps is the attribute that keeps a normalisation away from division by zero.
var epsAttr = AttrSpec{"eps", FloatAttr, 1e-5, nil}

// wantVectors checks that operands i and following hold one number for each element of the last axis of operand 0.
func wantVectors(c *Call, i int) error {
	x := c.Args[0]
	if err := wantFloat(c, 0); err != nil {
		return err
	}
	if x.Rank() < 2 {
		return fmt.Errorf("a value that is normalised has rows and features, not %v", x)
	}
	want := Tensor(x.DType, x.Dims[x.Rank()-1])
	for ; i < len(c.Args); i++ {
		if !c.Args[i].Equal(want) {
			return fmt.Errorf("operand %d must be %v, a number for each feature of %v, not %v", i, want, x, c.Args[i])
		}
	}
	return nil
}

func normOps() []*Op {
	rows := func(x Type) Type { return Tensor(x.DType, x.Dims[:x.Rank()-1]...) }
	return []*Op{
		{Name: "batch_norm", Group: "normalisation", Operands: "x,gamma,beta,running_mean,running_var", Flags: Differentiable,
			Attrs: []AttrSpec{epsAttr, {"momentum", FloatAttr, 0.1, nil}},
			Infer: func(c *Call) ([]Type, error) {
				v := Tensor(c.Args[0].DType, c.Args[0].Dims[max(0, c.Args[0].Rank()-1):]...)
				return []Type{c.Args[0], v, v, v, v}, wantVectors(c, 1)
			}, FLOPs: perElement(8),
			Doc: "Batch normalisation over all leading axes (Ioffe & Szegedy 2015): gamma (x-mean)/sqrt(var+eps) + beta with the batch's mean and biased variance. Results: y, mean, var, and the new running statistics (1-momentum) old + momentum new, of which the variance is unbiased."},
		{Name: "batch_norm_grad", Group: "normalisation", Operands: "dy,x,gamma,mean,var", Attrs: []AttrSpec{epsAttr},
			Infer: func(c *Call) ([]Type, error) {
				if err := wantVectors(c, 2); err != nil {
					return nil, err
				}
				return []Type{c.Args[1], c.Args[2], c.Args[2]}, wantSame(c, 0, 1)
			}, FLOPs: perElement(12),
			Doc: "The cotangents of x, gamma and beta; mean and var are batch_norm's results and carry x's dependence on the batch."},
		{Name: "batch_norm_eval", Group: "normalisation", Operands: "x,gamma,beta,running_mean,running_var", Flags: Differentiable, Attrs: []AttrSpec{epsAttr}, Apart: allButLast,
			Infer: func(c *Call) ([]Type, error) { return []Type{c.Args[0]}, wantVectors(c, 1) }, FLOPs: perElement(4),
			Doc: "gamma (x-running_mean)/sqrt(running_var+eps) + beta: what batch_norm is in evaluation."},
		{Name: "layer_norm", Group: "normalisation", Operands: "x,gamma,beta", Flags: Differentiable, Attrs: []AttrSpec{epsAttr}, Apart: allButLast,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantVectors(c, 1); err != nil {
					return nil, err
				}
				return []Type{c.Args[0], rows(c.Args[0]), rows(c.Args[0])}, nil
			}, FLOPs: perElement(8),
			Doc: "Layer normalisation along the last axis (Ba et al. 2016). Results: y, and each row's mean and 1/sqrt(var+eps)."},
		{Name: "layer_norm_grad", Group: "normalisation", Operands: "dy,x,gamma,mean,rstd",
			Infer: func(c *Call) ([]Type, error) {
				if err := wantSame(c, 0, 1); err != nil {
					return nil, err
				}
				if err := wantFloat(c, 1); err != nil {
					return nil, err
				}
				x := c.Args[1]
				if x.Rank() < 2 || !c.Args[2].Equal(Tensor(x.DType, x.Dims[x.Rank()-1])) || !c.Args[3].Equal(rows(x)) || !c.Args[4].Equal(rows(x)) {
					return nil, fmt.Errorf("gamma, mean and rstd do not fit %v", x)
				}
				return []Type{x, c.Args[2], c.Args[2]}, nil
			}, FLOPs: perElement(12),
			Doc: "The cotangents of x, gamma and beta; mean and rstd are layer_norm's results."},
	}
}

func tableOps() []*Op {
	return []*Op{
		{Name: "gather", Group: "tables", Operands: "table,index", Flags: Differentiable,
			Infer: func(c *Call) ([]Type, error) {
				t, i := c.Args[0], c.Args[1]
				if err := wantFloat(c, 0); err != nil {
					return nil, err
				}
				if t.Rank() < 1 || i.Sparse || i.DType != I32 {
					return nil, fmt.Errorf("rows of a table are gathered by i32 indices, not from %v by %v", t, i)
				}
				return []Type{Tensor(t.DType, slices.Concat(i.Dims, t.Dims[1:])...)}, nil
			},
			Doc: "Row index of the table, for every index: an embedding. An index out of range is an error."},
		{Name: "scatter_add", Group: "tables", Operands: "x,index", Flags: Differentiable, Attrs: []AttrSpec{{"rows", DimsAttr, nil, nil}},
			Infer: func(c *Call) ([]Type, error) {
				x, rows := c.Args[0], c.DimList("rows")
				if err := wantFloat(c, 0); err != nil {
					return nil, err
				}
				if len(rows) != 1 {
					return nil, fmt.Errorf("%v has no row for each index of %v", x, c.Args[1])
				}
				t, err := scattered(x, c.Args[1], rows[0])
				return []Type{t}, err
			}, FLOPs: perOperand(0, 1),
			Doc: "A table of zeros to which the rows of x are added at index, in order: the gradient of gather."},
	}
}

// scattered returns the type of a table of so many rows, to which the rows of x are added at an index.
func scattered(x, index Type, rows Dim) (Type, error) {
	r := index.Rank()
	if index.Sparse || index.DType != I32 || x.Rank() < r || !slices.Equal(x.Dims[:r], index.Dims) {
		return Type{}, fmt.Errorf("%v has no row for each index of %v", x, index)
	}
	return Tensor(x.DType, slices.Concat([]Dim{rows}, x.Dims[r:])...), nil
}
