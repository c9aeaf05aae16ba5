package graph

import (
	"fmt"
	"strings"
)

// activations are what a fused op may apply, by op name; their gradients read the activation's result.
var activations = []string{"relu", "elu", "sigmoid", "tanh"}

// fusedOps are made by fusion alone. They compute what the ops that they stand for compute one after the other, each rounded,
// and pass over memory once.
func fusedOps() []*Op {
	alpha, act := AttrSpec{"alpha", FloatAttr, 1.0, nil}, actFLOPs()
	flops := func(n *Node) Cost { return matmulFLOPs(n).Plus(addedFLOPs(n)).Plus(act(n)) }
	var gradients []string
	for _, name := range activations {
		gradients = append(gradients, name+"_grad")
	}
	last := AttrSpec{"act", WordAttr, "none", append(append([]string{"none"}, activations...), gradients...)}
	trans := []AttrSpec{{"transA", BoolAttr, false, nil}, {"transB", BoolAttr, false, nil}}
	return []*Op{
		{Name: "bias_act", Group: "fused", Operands: "x,bias", Flags: Elementwise | Fused, Apart: everyAxis,
			Attrs: []AttrSpec{{"act", WordAttr, nil, activations}, alpha},
			Infer: func(c *Call) ([]Type, error) {
				if err := wantFloat(c, 0, 1); err != nil {
					return nil, err
				}
				return []Type{c.Args[0]}, wantBias(c, c.Args[0], 1)
			}, FLOPs: func(n *Node) Cost { return perElement(1)(n).Plus(act(n)) },
			Doc: "act(x + bias), the bias along the last axis."},
		{Name: "fused_matmul", Group: "fused", Operands: "x,y,bias?,of?", Flags: Fused, Attrs: append(trans, last, alpha),
			Infer: func(c *Call) ([]Type, error) { return fusedProduct(c, 2) },
			FLOPs: flops,
			Doc:   "act(matmul(x, y) + bias), the bias along the last axis. Where act is a gradient, of is the activation's result."},
		{Name: "fused_matmul_add", Group: "fused", Operands: "x,y,z,bias?,of?", Flags: Fused, Attrs: append(trans, last, alpha),
			Infer: func(c *Call) ([]Type, error) { return fusedProduct(c, 3) },
			FLOPs: flops,
			Doc:   "act(matmul(x, y) + bias + z), as fused_matmul, with z of the product's shape. It may be computed in z's memory."},
		{Name: "weight_bias_grad", Group: "fused", Operands: "x,dy", Flags: Fused,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantFloat(c, 0, 1); err != nil {
					return nil, err
				}
				x, dy := c.Args[0], c.Args[1]
				if x.Rank() != 2 || dy.Rank() != 2 || x.DType != dy.DType || x.Dims[0] != dy.Dims[0] {
					return nil, fmt.Errorf("%v and %v are not matrices of as many rows", x, dy)
				}
				return []Type{Tensor(x.DType, x.Dims[1], dy.Dims[1]), Tensor(x.DType, dy.Dims[1])}, nil
			},
			FLOPs: func(n *Node) Cost {
				x, dy := n.Args[0].Type.Dims, product(n.Args[1].Type.Dims)
				return CostOf(dy.Mul(x[1]).Mul(Int(2))).Plus(CostOf(dy))
			},
			Doc: "The gradients of a dense layer's weight and bias, matmul(x, dy) with x transposed and the sum of dy over rows: dy is read once."},
		{Name: "fused_project", Group: "fused", Operands: "e,B,of", Flags: Fused,
			Attrs: []AttrSpec{{"scale", FloatAttr, 1.0, nil}, {"act", WordAttr, nil, gradients}, alpha},
			Infer: func(c *Call) ([]Type, error) {
				out, err := projected(c)
				if err != nil {
					return nil, err
				}
				return out, wantOf(c, out[0], 2)
			},
			FLOPs: func(n *Node) Cost { return projectFLOPs(n).Plus(act(n)) },
			Doc:   "act(project(e, B), of): a projected error passes the gradient of the activation whose result is of."},
		{Name: "fused_project_generated", Group: "fused", Operands: "e,seed,of", Flags: Random | Fused,
			Attrs: append(generatedAttrs(), AttrSpec{"act", WordAttr, nil, gradients}, alpha),
			Infer: func(c *Call) ([]Type, error) {
				out, err := projectedGenerated(c)
				if err != nil {
					return nil, err
				}
				return out, wantOf(c, out[0], 2)
			},
			FLOPs: func(n *Node) Cost { return generatedFLOPs(n).Plus(act(n)) },
			Doc:   "act(project_generated(e, seed), of), as fused_project."},
		{Name: "fused_mul_sum", Group: "fused", Operands: "x,y", Flags: Fused, Attrs: []AttrSpec{{"axes", IntsAttr, nil, nil}},
			Infer: func(c *Call) ([]Type, error) {
				terms, err := multipliedElements(c)
				if err != nil {
					return nil, err
				}
				return reduced(terms, c.Ints("axes"), false)
			},
			FLOPs: func(n *Node) Cost {
				terms, _ := broadcastDims(n.Args[0].Type.Dims, n.Args[1].Type.Dims)
				return CostOf(product(terms).Mul(Int(2)))
			},
			Doc: "sum(mul(x, y), axes), without the products of elements in memory: the inner products of graph attention's heads, and their gradients."},
	}
}

// fusedProduct checks a product and the operands from number first on: an optional bias, and the result of the activation
// whose gradient act is.
func fusedProduct(c *Call, first int) ([]Type, error) {
	out, err := multiplied(c)
	if err != nil {
		return nil, err
	}
	for i := 2; i < len(c.Args); i++ {
		if err := wantFloat(c, i); err != nil {
			return nil, err
		}
	}
	if first == 3 && !c.Args[2].Equal(out[0]) {
		return nil, fmt.Errorf("what is added to a product %v has its type, not %v", out[0], c.Args[2])
	}
	end := len(c.Args)
	if strings.HasSuffix(c.Str("act"), "_grad") {
		if end--; end < first {
			return nil, fmt.Errorf("%s needs the activation's result as the last operand", c.Str("act"))
		}
		if err := wantOf(c, out[0], end); err != nil {
			return nil, err
		}
	}
	switch end - first {
	case 0:
		return out, nil
	case 1:
		return out, wantBias(c, out[0], first)
	}
	return nil, fmt.Errorf("%s reads no operand %d", c.Str("act"), end-1)
}

// multipliedElements returns the type of the product of the operands' elements.
func multipliedElements(c *Call) (Type, error) {
	if err := wantFloat(c, 0, 1); err != nil {
		return Type{}, err
	}
	x, y := c.Args[0], c.Args[1]
	dims, ok := broadcastDims(x.Dims, y.Dims)
	if !ok || x.DType != y.DType {
		return Type{}, fmt.Errorf("%v and %v cannot be multiplied", x, y)
	}
	return Tensor(x.DType, dims...), nil
}

// wantBias checks that operand i is a vector along x's last axis.
func wantBias(c *Call, x Type, i int) error {
	if b := c.Args[i]; x.DType != b.DType || b.Rank() != 1 || x.Rank() < 1 || b.Dims[0] != x.Dims[x.Rank()-1] {
		return fmt.Errorf("a bias for %v has its last axis, not %v", x, b)
	}
	return nil
}

// wantOf checks that operand i may be the result of the activation whose gradient is taken of x.
func wantOf(c *Call, x Type, i int) error {
	if !c.Args[i].Equal(x) {
		return fmt.Errorf("%s of %v reads an activation's result of that type, not %v", c.Str("act"), x, c.Args[i])
	}
	return nil
}

// actFLOPs counts what the activation, or its gradient, costs as an op of its own.
func actFLOPs() func(n *Node) Cost {
	of := map[string]func(n *Node) Cost{"none": func(*Node) Cost { return nil }}
	for _, op := range elementwiseOps() {
		of[op.Name] = op.FLOPs
	}
	return func(n *Node) Cost { return of[n.Str("act")](n) }
}

// addedFLOPs counts an addition for each operand that is added to a product.
func addedFLOPs(n *Node) (c Cost) {
	added := n.Args[2:]
	if strings.HasSuffix(n.Str("act"), "_grad") {
		added = added[:len(added)-1]
	}
	for range added {
		c = c.Plus(perElement(1)(n))
	}
	return c
}
