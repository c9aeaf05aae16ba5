package graph

import "fmt"

var streamAttr = AttrSpec{"stream", StringAttr, nil, nil}

func wantKey(c *Call, i int) error {
	if !c.Args[i].Equal(Tensor(I32, Int(2))) {
		return fmt.Errorf("operand %d must be a key, i32[2], not %v", i, c.Args[i])
	}
	return nil
}

func randomOps() []*Op {
	rate := AttrSpec{"rate", FloatAttr, nil, nil}
	wantRate := func(c *Call) error {
		if r := c.Float("rate"); r < 0 || r >= 1 {
			return fmt.Errorf("rate=%v must lie in [0, 1)", r)
		}
		return wantFloat(c, 0)
	}
	// eval is what stands for a draw in evaluation.
	draw := func(name string, eval float64, doc string) *Op {
		return &Op{Name: name, Group: "random", Operands: "key", Flags: Random, Doc: doc, FLOPs: perElement(8), Apart: everyAxis,
			Attrs: []AttrSpec{{"shape", DimsAttr, nil, nil}, streamAttr, {"eval", FloatAttr, eval, nil}, {"dtype", WordAttr, "f32", []string{"f32", "f64"}}},
			Infer: func(c *Call) ([]Type, error) {
				dt, _ := parseDType(c.Str("dtype"))
				return []Type{Tensor(dt, c.DimList("shape")...)}, wantKey(c, 0)
			}}
	}
	return []*Op{
		{Name: "key", Group: "random", Operands: "seed,step",
			Infer: func(c *Call) ([]Type, error) {
				if err := wantScalar(c, 0, I32); err != nil {
					return nil, err
				}
				return []Type{Tensor(I32, Int(2))}, wantScalar(c, 1, I32)
			}, Doc: "The key of the step's random ops: seed and step. Element i of a draw depends on (seed, step, stream, i) alone."},
		draw("random_uniform", 0.5, "Uniform draws from [0, 1), 24 bits each; in evaluation all are eval."),
		draw("random_normal", 0, "Standard normal draws (Box-Muller on pairs of elements); in evaluation all are eval."),
		{Name: "dropout", Group: "random", Operands: "x,key", Flags: Random | Elementwise | Differentiable, Attrs: []AttrSpec{rate, streamAttr}, Apart: everyAxis,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantRate(c); err != nil {
					return nil, err
				}
				return []Type{c.Args[0]}, wantKey(c, 1)
			}, FLOPs: perElement(9),
			Doc: "x / (1-rate) where the stream's uniform draw is at least rate, else 0. Linear in x, so it is its own gradient."},
		{Name: "dropout_given", Group: "random", Operands: "x,u", Flags: Elementwise | Differentiable, Attrs: []AttrSpec{rate}, Apart: everyAxis,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantSame(c, 0, 1); err != nil {
					return nil, err
				}
				return []Type{c.Args[0]}, wantRate(c)
			}, FLOPs: perElement(2),
			Doc: "dropout with given uniform draws u. No cotangent reaches u."},
	}
}

func feedbackOps() []*Op {
	return []*Op{
		{Name: "feedback_matrix", Group: "feedback", Operands: "seed", Flags: Random,
			Attrs: []AttrSpec{{"shape", DimsAttr, nil, nil}, streamAttr,
				{"dist", WordAttr, "uniform", []string{"uniform", "normal", "rademacher", "orthogonal", "identity"}},
				{"dtype", WordAttr, "f32", []string{"f32", "f64"}}},
			Infer: func(c *Call) ([]Type, error) {
				shape := c.DimList("shape")
				if len(shape) != 2 {
					return nil, fmt.Errorf("a feedback matrix has two axes, not [%s]", dimStrings(shape))
				}
				for _, d := range shape {
					if _, ok := d.Const(); !ok {
						return nil, fmt.Errorf("a feedback matrix has known dimensions, not [%s]", dimStrings(shape))
					}
				}
				dt, _ := parseDType(c.Str("dtype"))
				return []Type{Tensor(dt, shape...)}, wantScalar(c, 0, I32)
			}, FLOPs: perElement(8),
			Doc: "A fixed random matrix [error width, widest point]: uniform on [-1, 1), standard normal, +-1, orthogonal rows or columns of the same mean square as normal, or ones on the diagonal."},
		{Name: "project", Group: "feedback", Operands: "e,B", Attrs: []AttrSpec{{"scale", FloatAttr, 1.0, nil}},
			Infer: projected, FLOPs: projectFLOPs,
			Doc: "scale * e B: the error's random projection."},
		{Name: "project_generated", Group: "feedback", Operands: "e,seed", Flags: Random, Attrs: generatedAttrs(),
			Infer: projectedGenerated, FLOPs: generatedFLOPs,
			Doc: "scale * e B, with B the feedback_matrix of seed, stream and dist that has so many columns: its elements are generated where they are multiplied, so it takes no memory."},
		{Name: "row_cosine", Group: "feedback", Operands: "a,b",
			Infer: func(c *Call) ([]Type, error) {
				if err := wantSame(c, 0, 1); err != nil {
					return nil, err
				}
				if c.Args[0].Rank() != 2 {
					return nil, fmt.Errorf("rows to be compared are a matrix, not %v", c.Args[0])
				}
				dt := c.Args[0].DType
				return []Type{Tensor(dt), Tensor(dt), Tensor(I32), Tensor(I32)}, wantFloat(c, 0)
			}, FLOPs: perOperand(0, 6),
			Doc: "Mean and standard deviation (n-1) of the cosine between rows of a and b, the number of rows compared, and of rows left out since either is zero."},
	}
}

// projected is the shape rule of a projection.
func projected(c *Call) ([]Type, error) {
	if err := wantFloat(c, 0, 1); err != nil {
		return nil, err
	}
	e, b := c.Args[0], c.Args[1]
	if e.Rank() != 2 || b.Rank() != 2 || e.Dims[1] != b.Dims[0] || e.DType != b.DType {
		return nil, fmt.Errorf("an error %v cannot be projected by %v", e, b)
	}
	return []Type{Tensor(e.DType, e.Dims[0], b.Dims[1])}, nil
}

// generatedAttrs are those of a projection whose matrix is generated. An element of the other distributions is no function of its index
// alone, or takes longer to make than to read.
func generatedAttrs() []AttrSpec {
	return []AttrSpec{{"scale", FloatAttr, 1.0, nil}, {"columns", IntAttr, nil, nil}, streamAttr,
		{"dist", WordAttr, "uniform", []string{"uniform", "rademacher"}}}
}

// projectedGenerated is the shape rule of a projection whose matrix is generated.
func projectedGenerated(c *Call) ([]Type, error) {
	if err := wantFloat(c, 0); err != nil {
		return nil, err
	}
	e, columns := c.Args[0], c.Int("columns")
	if e.Rank() != 2 || columns < 1 {
		return nil, fmt.Errorf("an error %v cannot be projected by a matrix of %d columns", e, columns)
	}
	return []Type{Tensor(e.DType, e.Dims[0], Int(columns))}, wantScalar(c, 1, I32)
}

// generatedFLOPs counts the matrix's elements once, as feedback_matrix does.
func generatedFLOPs(n *Node) Cost {
	elements := n.Args[0].Type.Dims[1].Mul(n.Results[0].Type.Dims[1])
	return projectFLOPs(n).Plus(CostOf(elements.Mul(Int(8))))
}

func projectFLOPs(n *Node) Cost {
	return CostOf(product(n.Results[0].Type.Dims).Mul(n.Args[0].Type.Dims[1]).Mul(Int(2)))
}
