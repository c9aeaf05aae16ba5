package native

import (
	"slices"
	"strings"

	"graft/graph"
)

// fusedReference computes element by element what the fused ops stand for, every step rounded as its own op rounds it: fusion
// does not change a bit.
func fusedReference() Table {
	return Table{
		"bias_act":         floats(perElement, biasAct[float32], biasAct[float64]).inPlace(0),
		"fused_matmul":     product(),
		"fused_matmul_add": product().inPlace(2),
		"fused_project":    product(),
		"fused_mul_sum":    mulSumReference(),
		"weight_bias_grad": weightBiasGrad(),
	}
}

// weightBiasGrad divides the rows of the weight's gradient; the first part also makes the bias's.
func weightBiasGrad() Kernel {
	k := product()
	weight := k.Run
	k.Run = func(c *Call, part, parts int) error {
		if part == 0 && c.Out[0].DType == graph.F32 {
			sumColumns[float32](c)
		} else if part == 0 {
			sumColumns[float64](c)
		}
		return weight(c, part, parts)
	}
	return k
}

// sumColumns sums the columns of the second operand, as sum does.
func sumColumns[T float](c *Call) {
	y, out := data[T](c.In[1]), data[T](c.Out[1])
	for j := range out {
		total := 0.0
		for i := j; i < len(y); i += len(out) {
			total += float64(y[i])
		}
		out[j] = T(total)
	}
}

// mulSumReference rounds each product, as mul does.
func mulSumReference() Kernel {
	k := floats(perElement, mulSum[float32], mulSum[float64])
	k.Prepare = func(c *Call) error {
		c.Data = newMulSums(c)
		return nil
	}
	return k
}

// mulSums are the terms of a sum of products, counted as the elements of the products' array, and where those lie in the operands.
type mulSums struct {
	*reduction
	terms *layout
}

func newMulSums(c *Call) *mulSums {
	x, y := c.In[0].Shape, c.In[1].Shape
	if len(x) < len(y) {
		x, y = y, x
	}
	dims := slices.Clone(x)
	for a, d := range y {
		if at := len(x) - len(y) + a; dims[at] == 1 {
			dims[at] = d
		}
	}
	terms := &layout{dims: dims}
	for k, s := range [][]int{c.In[0].Shape, c.In[1].Shape} {
		terms.strides[k] = broadcastStrides(s, dims)
	}
	return &mulSums{reductionOf(dims, c.Node.Ints("axes")), terms}
}

func mulSum[T float](c *Call, lo, hi int) error {
	s, x, y, out := c.Data.(*mulSums), data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0])
	for i := lo; i < hi; i++ {
		first, total := s.kept.at(0, i), 0.0
		for j := range s.count {
			at := first + s.summed.at(0, j)
			total += float64(T(float64(x[s.terms.at(0, at)]) * float64(y[s.terms.at(1, at)])))
		}
		out[i] = T(total)
	}
	return nil
}

func biasAct[T float](c *Call, lo, hi int) error {
	act := activation(c.Node.Str("act"))
	x, bias, out, alpha := data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0]), c.Node.Float("alpha")
	for i := lo; i < hi; i++ {
		sum := T(float64(x[i]) + float64(bias[i%len(bias)]))
		out[i] = T(act(float64(sum), alpha))
	}
	return nil
}

// tail says what a fused op does with the elements of its product; -1 stands for an operand that there is not.
type tail struct {
	bias, z, of int    // operands
	act         string // an op, or "none"
	alpha       float64
}

// plain is the tail of a product alone.
var plain = tail{bias: -1, z: -1, of: -1, act: "none"}

func tailOf(n *graph.Node) tail {
	t := plain
	if _, has := n.Op.Attr("act"); !has {
		return t
	}
	t.act, t.alpha = n.Str("act"), n.Float("alpha")
	next, end := 2, len(n.Args)
	if n.Op.Name == "fused_matmul_add" {
		t.z, next = next, next+1
	}
	if strings.HasSuffix(t.act, "_grad") {
		end--
		t.of = end
	}
	if next < end {
		t.bias = next
	}
	return t
}

// finisher finishes elements of a product.
type finisher[T float] struct {
	bias, z, of []T // nil where there is none
	act         func(x, p float64) float64
	grad        func(dy, y, p float64) float64
	alpha       float64
}

func newFinisher[T float](c *Call, t tail) (f finisher[T]) {
	operand := func(i int) []T {
		if i < 0 {
			return nil
		}
		return data[T](c.In[i])
	}
	f = finisher[T]{bias: operand(t.bias), z: operand(t.z), of: operand(t.of), alpha: t.alpha}
	if t.of >= 0 {
		f.grad = gradient(t.act)
	} else if t.act != "none" {
		f.act = activation(t.act)
	}
	return f
}

// finish returns what becomes of v, the product's element i, in column j.
func (f *finisher[T]) finish(v T, i, j int) T {
	if f.bias != nil {
		v = T(float64(v) + float64(f.bias[j]))
	}
	if f.z != nil {
		v = T(float64(v) + float64(f.z[i]))
	}
	switch {
	case f.grad != nil:
		v = T(f.grad(float64(v), float64(f.of[i]), f.alpha))
	case f.act != nil:
		v = T(f.act(float64(v), f.alpha))
	}
	return v
}

// activation returns the function of an op's name.
func activation(op string) func(x, alpha float64) float64 {
	switch op {
	case "relu":
		return relu
	case "elu":
		return elu
	case "sigmoid":
		return sigmoid
	}
	return tanh
}

// gradient returns the function of the name of an activation's gradient.
func gradient(op string) func(dy, y, alpha float64) float64 {
	switch op {
	case "relu_grad":
		return reluGrad
	case "elu_grad":
		return eluGrad
	case "sigmoid_grad":
		return sigmoidGrad
	}
	return tanhGrad
}
