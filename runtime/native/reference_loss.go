package native

import (
	"fmt"
	"math"
)

func lossReference() Table {
	return Table{
		"softmax":                    floats(perRow, softmax[float32], softmax[float64]).inPlace(0),
		"softmax_grad":               floats(perRow, softmaxGrad[float32], softmaxGrad[float64]).inPlace(0),
		"log_softmax":                floats(perRow, logSoftmax[float32], logSoftmax[float64]).inPlace(0),
		"log_softmax_grad":           floats(perRow, logSoftmaxGrad[float32], logSoftmaxGrad[float64]).inPlace(0),
		"restricted_softmax":         floats(perRow, restrictedSoftmax[float32], restrictedSoftmax[float64]).inPlace(0),
		"softmax_cross_entropy":      floats(whole, crossEntropy[float32], crossEntropy[float64]),
		"softmax_cross_entropy_grad": floats(perLabel, crossEntropyGrad[float32], crossEntropyGrad[float64]).inPlace(1),
	}
}

// logSumExp returns the largest element of a row and the sum of exp(x - largest).
func logSumExp[T float](x []T) (largest, sum float64) {
	largest = math.Inf(-1)
	for _, v := range x {
		largest = max(largest, float64(v))
	}
	for _, v := range x {
		sum += math.Exp(float64(v) - largest)
	}
	return largest, sum
}

func softmax[T float](c *Call, lo, hi int) error {
	n, x, out := width(c.In[0]), data[T](c.In[0]), data[T](c.Out[0])
	for r := lo; r < hi; r++ {
		largest, sum := logSumExp(x[r*n : (r+1)*n])
		for i := r * n; i < (r+1)*n; i++ {
			out[i] = T(math.Exp(float64(x[i])-largest) / sum)
		}
	}
	return nil
}

// restrictedSoftmax gives its share to one more score, 0.
func restrictedSoftmax[T float](c *Call, lo, hi int) error {
	n, x, out := width(c.In[0]), data[T](c.In[0]), data[T](c.Out[0])
	for r := lo; r < hi; r++ {
		largest := 0.0
		for _, v := range x[r*n : (r+1)*n] {
			largest = max(largest, float64(v))
		}
		sum := math.Exp(-largest)
		for _, v := range x[r*n : (r+1)*n] {
			sum += math.Exp(float64(v) - largest)
		}
		for i := r * n; i < (r+1)*n; i++ {
			out[i] = T(math.Exp(float64(x[i])-largest) / sum)
		}
	}
	return nil
}

func softmaxGrad[T float](c *Call, lo, hi int) error {
	n, dy, y, out := width(c.In[0]), data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0])
	for r := lo; r < hi; r++ {
		dot := 0.0
		for i := r * n; i < (r+1)*n; i++ {
			dot += float64(dy[i]) * float64(y[i])
		}
		for i := r * n; i < (r+1)*n; i++ {
			out[i] = T(float64(y[i]) * (float64(dy[i]) - dot))
		}
	}
	return nil
}

func logSoftmax[T float](c *Call, lo, hi int) error {
	n, x, out := width(c.In[0]), data[T](c.In[0]), data[T](c.Out[0])
	for r := lo; r < hi; r++ {
		largest, sum := logSumExp(x[r*n : (r+1)*n])
		shift := math.Log(sum)
		for i := r * n; i < (r+1)*n; i++ {
			out[i] = T(float64(x[i]) - largest - shift)
		}
	}
	return nil
}

func logSoftmaxGrad[T float](c *Call, lo, hi int) error {
	n, dy, y, out := width(c.In[0]), data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0])
	for r := lo; r < hi; r++ {
		total := 0.0
		for i := r * n; i < (r+1)*n; i++ {
			total += float64(dy[i])
		}
		for i := r * n; i < (r+1)*n; i++ {
			out[i] = T(float64(dy[i]) - math.Exp(float64(y[i]))*total)
		}
	}
	return nil
}

// classes is what the two cross-entropy ops read: rows of logits, a label for each, and maybe a weight.
type classes[T float] struct {
	logits, weight []T
	label          []int32
	n              int                 // number of classes
	sum            func(x []T) float64 // of the weights; a loop where it is nil
}

// classesOf reads them from the operands starting at first.
func classesOf[T float](c *Call, first int) classes[T] {
	s := classes[T]{logits: data[T](c.In[first]), label: c.In[first+1].I32, n: width(c.In[first])}
	if len(c.In) > first+2 {
		s.weight = data[T](c.In[first+2])
	}
	return s
}

func (s classes[T]) weightOf(row int) float64 {
	if s.weight == nil {
		return 1
	}
	return float64(s.weight[row])
}

func (s classes[T]) row(r int) []T { return s.logits[r*s.n : (r+1)*s.n] }

func (s classes[T]) labelOf(row int) (int, error) {
	l := int(s.label[row])
	if l < 0 || l >= s.n {
		return 0, fmt.Errorf("label %d of row %d is not in [0, %d)", l, row, s.n)
	}
	return l, nil
}

// divisor is the total weight for a mean, 1 for a sum.
func (s classes[T]) divisor(c *Call) (float64, error) {
	if c.Node.Str("reduce") == "sum" {
		return 1, nil
	}
	total := float64(len(s.label))
	switch {
	case s.weight == nil:
	case s.sum != nil:
		total = s.sum(s.weight)
	default:
		total = 0
		for _, w := range s.weight {
			total += float64(w)
		}
	}
	if total == 0 {
		return 0, fmt.Errorf("the total weight of the %d rows is 0, so they have no mean", len(s.label))
	}
	return total, nil
}

// loss returns the weighted loss of a row. A row of weight 0 is not read: its label may be anything.
func (s classes[T]) loss(r int) (float64, error) {
	w := s.weightOf(r)
	if w == 0 {
		return 0, nil
	}
	l, err := s.labelOf(r)
	if err != nil {
		return 0, err
	}
	x := s.row(r)
	largest, sum := logSumExp(x)
	return w * (math.Log(sum) + largest - float64(x[l])), nil
}

func crossEntropy[T float](c *Call, _, _ int) error {
	s := classesOf[T](c, 0)
	divisor, err := s.divisor(c)
	if err != nil {
		return err
	}
	total := 0.0
	for r := range s.label {
		l, err := s.loss(r)
		if err != nil {
			return err
		}
		total += l
	}
	data[T](c.Out[0])[0] = T(total / divisor)
	return nil
}

// perLabel counts the rows of softmax_cross_entropy_grad.
func perLabel(c *Call) int { return c.In[2].Len() }

func crossEntropyGrad[T float](c *Call, lo, hi int) error {
	s, out := classesOf[T](c, 1), data[T](c.Out[0])
	divisor, err := s.divisor(c)
	if err != nil {
		return err
	}
	scale := float64(data[T](c.In[0])[0]) / divisor
	for r := lo; r < hi; r++ {
		if err := s.gradient(out[r*s.n:(r+1)*s.n], r, scale); err != nil {
			return err
		}
	}
	return nil
}

// gradient makes dx, the gradient of row r times scale. It may be the row itself.
func (s classes[T]) gradient(dx []T, r int, scale float64) error {
	w := s.weightOf(r)
	if w == 0 {
		clear(dx)
		return nil
	}
	l, err := s.labelOf(r)
	if err != nil {
		return err
	}
	x := s.row(r)
	largest, sum := logSumExp(x)
	for j, v := range x {
		p := math.Exp(float64(v)-largest) / sum
		if j == l {
			p--
		}
		dx[j] = T(scale * w * p)
	}
	return nil
}
