package graph

// The functions of this file append one node to the graph of their first operand.

func one(op string, attrs Attrs, args ...*Value) *Value {
	return args[0].graph.Add(op, attrs, args...)[0]
}

// Graph returns the graph that v belongs to.
func (v *Value) Graph() *Graph { return v.graph }

// Add returns x + y, broadcasting.
func Add(x, y *Value) *Value { return one("add", nil, x, y) }

// Sub returns x - y, broadcasting.
func Sub(x, y *Value) *Value { return one("sub", nil, x, y) }

// Mul returns the elementwise product, broadcasting.
func Mul(x, y *Value) *Value { return one("mul", nil, x, y) }

// Div returns the elementwise quotient, broadcasting.
func Div(x, y *Value) *Value { return one("div", nil, x, y) }

// Scale returns by * x.
func Scale(x *Value, by float64) *Value { return one("scale", Attrs{"by": by}, x) }

// Apply returns an elementwise function of x by its op name: relu, sigmoid, tanh, exp, log, sqrt, square, neg, elu.
func Apply(op string, x *Value) *Value { return one(op, nil, x) }

// Relu returns max(x, 0).
func Relu(x *Value) *Value { return one("relu", nil, x) }

// MatMul returns the product over the last two axes.
func MatMul(x, y *Value) *Value { return one("matmul", nil, x, y) }

// MatMulT returns the product over the last two axes with either factor transposed.
func MatMulT(x, y *Value, transA, transB bool) *Value {
	return one("matmul", Attrs{"transA": transA, "transB": transB}, x, y)
}

// SpMM returns the sparse matrix (pattern, entries) times x.
func SpMM(pattern, entries, x *Value) *Value { return one("spmm", nil, pattern, entries, x) }

// Sum returns the sum of x over axes.
func Sum(x *Value, axes ...int) *Value { return one("sum", Attrs{"axes": axes}, x) }

// Mean returns the mean of x over axes.
func Mean(x *Value, axes ...int) *Value { return one("mean", Attrs{"axes": axes}, x) }

// Reshape returns x's elements under another shape.
func Reshape(x *Value, dims ...any) *Value { return one("reshape", Attrs{"shape": Dims(dims...)}, x) }

// Argmax returns the position of the largest element of the last axis.
func Argmax(x *Value) *Value { return one("argmax", nil, x) }

// Equal returns whether x and y are equal, element by element.
func Equal(x, y *Value) *Value { return one("equal", nil, x, y) }

// Cast returns x as dtype.
func Cast(x *Value, dt DType) *Value { return one("cast", Attrs{"dtype": dt.String()}, x) }

// Softmax normalises exp(x) along the last axis.
func Softmax(x *Value) *Value { return one("softmax", nil, x) }

// SoftmaxCrossEntropy returns the mean over rows of -log softmax(logits)[label]; with a weight, the weighted mean.
func SoftmaxCrossEntropy(logits, label *Value, weight ...*Value) *Value {
	return one("softmax_cross_entropy", nil, append([]*Value{logits, label}, weight...)...)
}

// Dropout zeroes elements with probability rate and scales the others by 1/(1-rate). stream names the draw: equal streams
// give equal masks.
func Dropout(x *Value, rate float64, stream string) *Value {
	if x.Node == nil {
		return x
	}
	return one("dropout", Attrs{"rate": rate, "stream": stream}, x, x.graph.Key())
}

// Detach stops cotangents in every mode.
func Detach(x *Value) *Value { return one("detach", nil, x) }

// ErrorSite marks x as an error site with one leading row axis, or as many as rows says.
func ErrorSite(x *Value, site string, rows ...int) *Value {
	a := Attrs{"site": site}
	if len(rows) > 0 {
		a["rows"] = rows[0]
	}
	return one("error", a, x)
}

// Point describes a feedback point.
type Point struct {
	Name  string
	Site  string // the error site whose projection the point receives
	Micro bool   // a point inside a block; otherwise it sits after a whole block
	Rows  int    // leading row axes; 0 stands for 1
	// NoGraft makes a point that cuts and receives nothing.
	NoGraft bool
	// Pattern and Entries are the point's route operator, a square sparse matrix over the rows; both or none.
	Pattern, Entries *Value
	// Learned says that activations make the operator's entries. A delivery that reads activations is refused otherwise.
	Learned bool
}

// Feedback marks x as a feedback point and returns it.
func Feedback(x *Value, p Point) *Value {
	a := Attrs{"point": p.Name, "site": p.Site, "graft": !p.NoGraft}
	if p.Micro {
		a["level"] = "micro"
	}
	if p.Rows != 0 {
		a["rows"] = p.Rows
	}
	if p.Learned {
		a["learned"] = true
	}
	args := []*Value{x}
	if p.Pattern != nil {
		args = append(args, p.Pattern, p.Entries)
	}
	return one("feedback", a, args...)
}
