package graph

import (
	"fmt"
	"slices"
)

func shapeOps() []*Op {
	axes := AttrSpec{"axes", IntsAttr, nil, nil}
	keep := AttrSpec{"keep", BoolAttr, false, nil}
	shape := AttrSpec{"shape", DimsAttr, nil, nil}
	axis := AttrSpec{"axis", IntAttr, nil, nil}
	reduce := func(c *Call) ([]Type, error) {
		if err := wantFloat(c, 0); err != nil {
			return nil, err
		}
		return reduced(c.Args[0], c.Ints("axes"), c.Bool("keep"))
	}
	return []*Op{
		{Name: "sum", Group: "shape", Operands: "x", Flags: Differentiable, Attrs: []AttrSpec{axes, keep}, Infer: reduce, Apart: beforeAxes,
			FLOPs: perOperand(0, 1), Doc: "The sum over axes (ascending); keep leaves them with length 1."},
		{Name: "mean", Group: "shape", Operands: "x", Flags: Differentiable, Attrs: []AttrSpec{axes, keep}, Infer: reduce, Apart: beforeAxes,
			FLOPs: perOperand(0, 1), Doc: "The mean over axes (ascending); keep leaves them with length 1."},
		{Name: "argmax", Group: "shape", Operands: "x", Apart: allButLast, Infer: func(c *Call) ([]Type, error) {
			if err := wantFloat(c, 0); err != nil {
				return nil, err
			}
			if c.Args[0].Rank() == 0 {
				return nil, fmt.Errorf("a scalar has no last axis")
			}
			return []Type{Tensor(I32, c.Args[0].Dims[:c.Args[0].Rank()-1]...)}, nil
		}, FLOPs: perOperand(0, 1), Doc: "The position of the largest element along the last axis; the first of several."},
		{Name: "reshape", Group: "shape", Operands: "x", Flags: Differentiable, Attrs: []AttrSpec{shape}, Apart: everyAxis,
			Infer: func(c *Call) ([]Type, error) {
				x := c.Args[0]
				if x.Sparse {
					return nil, fmt.Errorf("a pattern cannot be reshaped")
				}
				if a, b := product(x.Dims), product(c.DimList("shape")); a != b {
					return nil, fmt.Errorf("%v has %v elements, shape [%s] has %v", x, a, dimStrings(c.DimList("shape")), b)
				}
				return []Type{Tensor(x.DType, c.DimList("shape")...)}, nil
			}, Doc: "The same elements in row-major order under another shape."},
		{Name: "broadcast", Group: "shape", Operands: "x", Flags: Differentiable, Attrs: []AttrSpec{shape}, Apart: everyAxis,
			Infer: func(c *Call) ([]Type, error) {
				x, to := c.Args[0], c.DimList("shape")
				if d, ok := broadcastDims(x.Dims, to); x.Sparse || !ok || !slices.Equal(d, to) {
					return nil, fmt.Errorf("%v does not broadcast to [%s]", x, dimStrings(to))
				}
				return []Type{Tensor(x.DType, to...)}, nil
			}, Doc: "x repeated along new leading axes and along axes of length 1, as in NumPy."},
		{Name: "spread", Group: "shape", Operands: "x", Flags: Differentiable, Attrs: []AttrSpec{shape}, Apart: sharedAxes,
			Infer: func(c *Call) ([]Type, error) {
				x, to := c.Args[0], c.DimList("shape")
				if err := wantFloat(c, 0); err != nil {
					return nil, err
				}
				if d, ok := broadcastDims(x.Dims, to); !ok || !slices.Equal(d, to) {
					return nil, fmt.Errorf("%v does not broadcast to [%s]", x, dimStrings(to))
				}
				return []Type{Tensor(x.DType, to...)}, nil
			}, FLOPs: perElement(1),
			Doc: "broadcast, each element divided by the number of its copies: the gradient of mean."},
		{Name: "transpose", Group: "shape", Operands: "x", Flags: Differentiable, Attrs: []AttrSpec{{"perm", IntsAttr, nil, nil}}, Apart: fixedAxes,
			Infer: func(c *Call) ([]Type, error) {
				x, perm := c.Args[0], c.Ints("perm")
				sorted := slices.Sorted(slices.Values(perm))
				if x.Sparse || len(perm) != x.Rank() || !slices.Equal(sorted, ascending(len(perm))) {
					return nil, fmt.Errorf("perm=%v is not a permutation of the axes of %v", perm, x)
				}
				dims := make([]Dim, len(perm))
				for i, p := range perm {
					dims[i] = x.Dims[p]
				}
				return []Type{Tensor(x.DType, dims...)}, nil
			}, Doc: "Axis i of the result is axis perm[i] of x."},
		{Name: "slice", Group: "shape", Operands: "x", Flags: Differentiable, Apart: beforeAxis,
			Attrs: []AttrSpec{axis, {"start", IntAttr, 0, nil}, {"size", IntAttr, nil, nil}},
			Infer: func(c *Call) ([]Type, error) {
				x := c.Args[0]
				a, start, size := c.Int("axis"), c.Int("start"), c.Int("size")
				if err := wantAxis(x, a); err != nil {
					return nil, err
				}
				n, ok := x.Dims[a].Const()
				if !ok || start < 0 || size < 1 || size > n-start {
					return nil, fmt.Errorf("elements %d to %d are not all on axis %d of %v", start, start+size, a, x)
				}
				return []Type{Tensor(x.DType, replaceDim(x.Dims, a, Int(size))...)}, nil
			}, Doc: "size elements of an axis of known length, from start."},
		{Name: "pad", Group: "shape", Operands: "x", Flags: Differentiable, Apart: beforeAxis,
			Attrs: []AttrSpec{axis, {"before", IntAttr, 0, nil}, {"after", IntAttr, 0, nil}},
			Infer: func(c *Call) ([]Type, error) {
				x, a, before, after := c.Args[0], c.Int("axis"), c.Int("before"), c.Int("after")
				if err := wantAxis(x, a); err != nil {
					return nil, err
				}
				n, ok := x.Dims[a].Const()
				if !ok || before < 0 || after < 0 {
					return nil, fmt.Errorf("axis %d of %v cannot take %d zeros before and %d after", a, x, before, after)
				}
				return []Type{Tensor(x.DType, replaceDim(x.Dims, a, Int(before+n+after))...)}, nil
			}, Doc: "Zeros before and after the elements of an axis of known length."},
		{Name: "concat", Group: "shape", Operands: "x,y", Flags: Differentiable | Variadic, Attrs: []AttrSpec{axis}, Apart: beforeAxis,
			Infer: func(c *Call) ([]Type, error) {
				a, sum := c.Int("axis"), 0
				for i, x := range c.Args {
					if err := wantAxis(x, a); err != nil {
						return nil, err
					}
					n, ok := x.Dims[a].Const()
					if !ok {
						return nil, fmt.Errorf("operand %d: axis %d of %v has no known length", i, a, x)
					}
					if first := c.Args[0]; x.DType != first.DType || !slices.Equal(replaceDim(x.Dims, a, Int(1)), replaceDim(first.Dims, a, Int(1))) {
						return nil, fmt.Errorf("operands 0 and %d, %v and %v, differ outside of axis %d", i, first, x, a)
					}
					sum += n
				}
				return []Type{Tensor(c.Args[0].DType, replaceDim(c.Args[0].Dims, a, Int(sum))...)}, nil
			}, Doc: "The operands one after the other along an axis of known lengths."},
		{Name: "repeat", Group: "shape", Operands: "x", Flags: Differentiable, Apart: beforeAxis, Attrs: []AttrSpec{axis, {"times", IntAttr, nil, nil}},
			Infer: func(c *Call) ([]Type, error) {
				x, a := c.Args[0], c.Int("axis")
				if err := wantAxis(x, a); err != nil {
					return nil, err
				}
				if c.Int("times") < 1 {
					return nil, fmt.Errorf("times=%d must be positive", c.Int("times"))
				}
				return []Type{Tensor(x.DType, replaceDim(x.Dims, a, x.Dims[a].Mul(Int(c.Int("times"))))...)}, nil
			}, Doc: "Every element of an axis times times in a row."},
	}
}

func wantAxis(x Type, axis int) error {
	if x.Sparse || axis < 0 || axis >= x.Rank() {
		return fmt.Errorf("%v has no axis %d", x, axis)
	}
	return nil
}

func replaceDim(dims []Dim, axis int, d Dim) []Dim {
	out := slices.Clone(dims)
	out[axis] = d
	return out
}

func ascending(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// reduced returns x's type without axes, or with length 1 there.
func reduced(x Type, axes []int, keep bool) ([]Type, error) {
	var dims []Dim
	for i, d := range x.Dims {
		switch {
		case !slices.Contains(axes, i):
			dims = append(dims, d)
		case keep:
			dims = append(dims, Int(1))
		}
	}
	for i, a := range axes {
		if err := wantAxis(x, a); err != nil {
			return nil, err
		}
		if i > 0 && axes[i-1] >= a {
			return nil, fmt.Errorf("axes=%v must ascend", axes)
		}
	}
	return []Type{Tensor(x.DType, dims...)}, nil
}
