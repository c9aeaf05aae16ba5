package graph

import (
	"fmt"
	"slices"
	"sync"
)

// Standard returns graft's own op table.
func Standard() *Table { return standard() }

// The table is immutable, so one copy serves every graph.
var standard = sync.OnceValue(func() *Table {
	t, err := NewTable(slices.Concat(
		leafOps(), markOps(), effectOps(), elementwiseOps(), shapeOps(), productOps(), lossOps(), sparseOps(),
		normOps(), tableOps(), edgeOps(), historyOps(), groupedOps(), scanOps(), randomOps(), feedbackOps(), optimizerOps(), fusedOps(), attentionOps(), headOps(),
	)...)
	if err != nil {
		panic(err) // a broken table is a broken program
	}
	return t
})

func declared(c *Call) ([]Type, error) { return []Type{*c.Declared}, nil }

func leafOps() []*Op {
	dense := func(c *Call) ([]Type, error) {
		if c.Declared.Sparse {
			return nil, fmt.Errorf("a %s is dense: a pattern can only be an input", c.Op.Name)
		}
		return declared(c)
	}
	return []*Op{
		{Name: "input", Group: "leaves", Flags: Leaf, Infer: declared,
			Doc: "A value fed at every step."},
		{Name: "param", Group: "leaves", Flags: Leaf, Infer: dense,
			Attrs: []AttrSpec{{"init", WordAttr, "zeros", nil}},
			Doc:   "A trainable parameter; init names its initial distribution."},
		{Name: "state", Group: "leaves", Flags: Leaf, Infer: dense,
			Attrs: []AttrSpec{{"init", WordAttr, "zeros", nil}},
			Doc:   "A stored value that is not trained by gradient: an optimizer slot, a running statistic, a given feedback matrix."},
		{Name: "const", Group: "leaves", Flags: Leaf, Infer: dense,
			Attrs: []AttrSpec{{"value", FloatAttr, nil, nil}},
			Doc:   "Every element is value."},
	}
}

// rowsAttr is the number of leading row axes of a marked value.
var rowsAttr = AttrSpec{"rows", IntAttr, 1, nil}

func markOps() []*Op {
	mark := func(c *Call) ([]Type, error) {
		if !c.Args[0].Differentiable() {
			return nil, fmt.Errorf("only a dense floating-point value can be marked, not %v", c.Args[0])
		}
		return []Type{c.Args[0]}, nil
	}
	rowed := func(c *Call) ([]Type, error) {
		if r := c.Int("rows"); r < 0 || r > c.Args[0].Rank() {
			return nil, fmt.Errorf("rows=%d, but the value %v has %d axes", r, c.Args[0], c.Args[0].Rank())
		}
		return mark(c)
	}
	point := func(c *Call) ([]Type, error) {
		if len(c.Args) == 2 {
			return nil, fmt.Errorf("a route operator is two operands: a pattern and its entries")
		}
		if len(c.Args) == 3 {
			if err := wantSparse(c, 1); err != nil {
				return nil, err
			}
			if p, e := c.Args[1], c.Args[2]; p.Dims[0] != p.Dims[1] || e.Rank() != 1 {
				return nil, fmt.Errorf("a route operator must be square and have one entry for each position, not %v with entries %v", p, e)
			}
		}
		return rowed(c)
	}
	pointAttrs := []AttrSpec{
		{"point", StringAttr, nil, nil}, {"site", StringAttr, nil, nil},
		{"level", WordAttr, "macro", []string{"macro", "micro"}}, rowsAttr, {"graft", BoolAttr, true, nil}, {"learned", BoolAttr, false, nil},
	}
	return []*Op{
		{Name: "error", Group: "marks", Operands: "x", Flags: Mark, Infer: rowed,
			Attrs: []AttrSpec{{"site", StringAttr, nil, nil}, rowsAttr},
			Doc:   "An error site: the cotangent of x is a global error. rows leading axes are rows of the error."},
		{Name: "feedback", Group: "marks", Operands: "x,pattern?,entries?", Flags: Mark, Infer: point, Attrs: pointAttrs,
			Doc: "A feedback point: a mode may cut here and deliver the projected error of site. The optional sparse matrix is the point's route operator, which is fixed unless learned says that activations make it."},
		{Name: "cut", Group: "marks", Operands: "x,pattern?,entries?", Flags: Mark, Infer: point, Attrs: pointAttrs,
			Doc: "A selected feedback point: no cotangent passes from the result to x."},
		{Name: "detach", Group: "marks", Operands: "x", Flags: Mark, Infer: mark,
			Doc: "No cotangent passes, in any mode."},
		{Name: "cotangent", Group: "marks", Operands: "x", Flags: Mark, Infer: rowed,
			Attrs: []AttrSpec{{"site", StringAttr, nil, nil}, rowsAttr},
			Doc:   "Stands for the cotangent of the error site x until differentiate resolves it."},
		{Name: "barrier", Group: "marks", Operands: "x", Flags: Mark,
			Infer: func(c *Call) ([]Type, error) {
				if c.Args[0].Sparse {
					return nil, fmt.Errorf("a barrier is for dense values, not %v", c.Args[0])
				}
				return []Type{c.Args[0]}, nil
			},
			Doc: "x, in the backward phase: what is computed again from it is not merged with what forward has computed from x. It moves nothing."},
	}
}

func effectOps() []*Op {
	nameGiven := func(c *Call) ([]Type, error) {
		if c.Str("name") == "" {
			return nil, fmt.Errorf("the name is empty")
		}
		return nil, nil
	}
	named := []AttrSpec{{"name", StringAttr, nil, nil}}
	return []*Op{
		{Name: "loss", Group: "effects", Operands: "x", Flags: Effect,
			Infer: func(c *Call) ([]Type, error) {
				if !c.Args[0].IsScalar() || !c.Args[0].DType.IsFloat() {
					return nil, fmt.Errorf("a loss is a floating-point scalar, not %v", c.Args[0])
				}
				return nil, nil
			},
			Doc: "Declares x as the loss: its cotangent is 1."},
		{Name: "seed", Group: "effects", Operands: "x,cotangent", Flags: Effect, Attrs: []AttrSpec{{"point", StringAttr, nil, nil}},
			Infer: func(c *Call) ([]Type, error) {
				if !c.Args[0].Equal(c.Args[1]) {
					return nil, fmt.Errorf("the cotangent's type %v differs from the value's %v", c.Args[1], c.Args[0])
				}
				return nil, nil
			},
			Doc: "Adds a given cotangent to x."},
		{Name: "output", Group: "effects", Operands: "x", Flags: Effect, Attrs: named, Infer: nameGiven,
			Doc: "Declares x as a result of the program."},
		{Name: "store", Group: "effects", Operands: "x", Flags: Effect, Attrs: named, Infer: nameGiven,
			Doc: "Replaces the param or state of that name by x after the step."},
	}
}

func elementwiseOps() []*Op {
	unary := func(name, doc string, flops int, attrs ...AttrSpec) *Op {
		return &Op{Name: name, Group: "elementwise", Operands: "x", Flags: Elementwise | Differentiable, Attrs: attrs, Apart: everyAxis,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantFloat(c, 0); err != nil {
					return nil, err
				}
				return []Type{c.Args[0]}, nil
			}, FLOPs: perElement(flops), Doc: doc}
	}
	grad := func(name, doc string, flops int, attrs ...AttrSpec) *Op {
		return &Op{Name: name, Group: "elementwise", Operands: "dy,y", Flags: Elementwise, Attrs: attrs, Apart: everyAxis,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantSame(c, 0, 1); err != nil {
					return nil, err
				}
				return []Type{c.Args[0]}, wantFloat(c, 0)
			}, FLOPs: perElement(flops), Doc: doc}
	}
	binary := func(name, doc string, flags Flags) *Op {
		return &Op{Name: name, Group: "elementwise", Operands: "x,y", Flags: Elementwise | Differentiable | flags, Apart: everyAxis,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantFloat(c, 0, 1); err != nil {
					return nil, err
				}
				if c.Args[0].DType != c.Args[1].DType {
					return nil, fmt.Errorf("operands have types %v and %v", c.Args[0], c.Args[1])
				}
				dims, ok := broadcastDims(c.Args[0].Dims, c.Args[1].Dims)
				if !ok {
					return nil, fmt.Errorf("shapes [%s] and [%s] do not broadcast: axes aligned at the right must be equal or 1",
						dimStrings(c.Args[0].Dims), dimStrings(c.Args[1].Dims))
				}
				return []Type{Tensor(c.Args[0].DType, dims...)}, nil
			}, FLOPs: perElement(1), Doc: doc}
	}
	alpha := AttrSpec{"alpha", FloatAttr, 1.0, nil}
	by := AttrSpec{"by", FloatAttr, nil, nil}
	slope := AttrSpec{"slope", FloatAttr, 0.01, nil}
	return []*Op{
		binary("add", "x + y; shapes broadcast as in NumPy.", Commutative),
		binary("sub", "x - y; shapes broadcast.", 0),
		binary("mul", "x * y; shapes broadcast.", Commutative),
		binary("div", "x / y; shapes broadcast.", 0),
		unary("neg", "-x.", 1),
		unary("scale", "by * x.", 1, by),
		unary("shift", "x + by.", 1, by),
		unary("square", "x * x.", 1),
		unary("sqrt", "The square root; its gradient at 0 is infinite.", 8),
		unary("exp", "e to the x.", 8),
		unary("log", "The natural logarithm.", 8),
		unary("log1p", "log(1 + x), exact near 0.", 8),
		unary("expm1", "exp(x) - 1, exact near 0.", 8),
		unary("sin", "The sine.", 8),
		unary("cos", "The cosine.", 8),
		unary("abs", "|x|; the derivative at 0 is 0.", 1),
		unary("relu", "max(x, 0); the derivative at 0 is 0.", 1),
		unary("elu", "x where x > 0, alpha*(exp(x)-1) elsewhere.", 10, alpha),
		unary("leaky_relu", "x where x > 0, slope*x elsewhere; the derivative at 0 is slope.", 2, slope),
		unary("sigmoid", "1 / (1 + exp(-x)).", 10),
		unary("tanh", "The hyperbolic tangent.", 8),
		grad("relu_grad", "dy where y > 0, else 0; y is relu's result.", 1),
		grad("elu_grad", "dy where y > 0, dy*(y+alpha) elsewhere; y is elu's result.", 2, alpha),
		grad("leaky_relu_grad", "dy where y > 0, slope*dy elsewhere; y is leaky_relu's result, for a positive slope.", 2, slope),
		grad("abs_grad", "dy * sign(x), 0 at 0; the second operand is x.", 2),
		grad("sigmoid_grad", "dy * y * (1-y); y is sigmoid's result.", 3),
		grad("tanh_grad", "dy * (1 - y*y); y is tanh's result.", 3),
		{Name: "equal", Group: "elementwise", Operands: "x,y", Flags: Elementwise | Commutative, Apart: everyAxis,
			Infer: func(c *Call) ([]Type, error) {
				if err := wantSame(c, 0, 1); err != nil {
					return nil, err
				}
				return []Type{Tensor(Bool, c.Args[0].Dims...)}, nil
			}, FLOPs: perElement(1), Doc: "Whether x and y are equal, element by element."},
		{Name: "cast", Group: "elementwise", Operands: "x", Flags: Elementwise | Differentiable, Apart: everyAxis,
			Attrs: []AttrSpec{{"dtype", WordAttr, nil, dtypeNames[:]}},
			Infer: func(c *Call) ([]Type, error) {
				if c.Args[0].Sparse {
					return nil, fmt.Errorf("a pattern cannot be cast")
				}
				dt, _ := parseDType(c.Str("dtype"))
				return []Type{Tensor(dt, c.Args[0].Dims...)}, nil
			}, Doc: "x as another dtype; floats become integers by truncation, booleans become 0 or 1, and non-zero is true."},
	}
}

// broadcastDims aligns two shapes at the right; axes must be equal or 1.
func broadcastDims(a, b []Dim) ([]Dim, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	off := len(a) - len(b)
	for i, d := range b {
		switch {
		case out[off+i] == d || d == Int(1):
		case out[off+i] == Int(1):
			out[off+i] = d
		default:
			return nil, false
		}
	}
	return out, true
}

func wantFloat(c *Call, operands ...int) error {
	for _, i := range operands {
		if !c.Args[i].Differentiable() {
			return fmt.Errorf("operand %d must be a dense floating-point value, not %v", i, c.Args[i])
		}
	}
	return nil
}

func wantSame(c *Call, i, j int) error {
	if !c.Args[i].Equal(c.Args[j]) {
		return fmt.Errorf("operands %d and %d must have one type, not %v and %v", i, j, c.Args[i], c.Args[j])
	}
	return nil
}

func wantScalar(c *Call, i int, dt DType) error {
	if !c.Args[i].IsScalar() || c.Args[i].DType != dt {
		return fmt.Errorf("operand %d must be %v[], not %v", i, dt, c.Args[i])
	}
	return nil
}

// wantSparse checks that operands i and i+1 are a pattern and entries that belong to it.
func wantSparse(c *Call, i int) error {
	p, e := c.Args[i], c.Args[i+1]
	if !p.Sparse {
		return fmt.Errorf("operand %d must be a pattern, not %v", i, p)
	}
	if !e.Differentiable() || e.Rank() != 1 && e.Rank() != 2 || e.Dims[0] != p.Dims[2] {
		return fmt.Errorf("operand %d must hold one entry, or one for each head, for each position of %v, not %v", i+1, p, e)
	}
	return nil
}
