package native

import "graft/runtime/buffer"

// headReference computes what the ops of a head stand for, every step rounded as its own op rounds it: fusion does not change a
// bit. It holds all logits.
func headReference() Table {
	k := floats(whole, linearCrossEntropy[float32], linearCrossEntropy[float64])
	k.Prepare = func(c *Call) error {
		h := newHead(c)
		h.logits = buffer.New(h.loss.DType, h.rows, h.classes)
		c.Data = h
		return nil
	}
	return Table{"linear_cross_entropy": k, "linear_cross_entropy_grad": k}
}

// head is what linear_cross_entropy, or its gradient, reads and makes; nil stands for what there is not.
type head struct {
	x, w, label, bias, weight *buffer.Buffer
	dloss                     *buffer.Buffer // of the gradient
	loss, dw, db, dx          *buffer.Buffer
	rows, inner, classes      int
	rowW, colW                int            // distances of the rows and columns of w, inner x classes
	logits                    *buffer.Buffer // scratch memory
}

func newHead(c *Call) *head {
	h, in, out := &head{loss: c.Out[0]}, c.In, c.Out[1:]
	gradient := c.Node.Op.Name == "linear_cross_entropy_grad"
	if gradient {
		h.dloss, in = in[0], in[1:]
	}
	h.x, h.w, h.label, in = in[0], in[1], in[2], in[3:]
	if c.Node.Bool("weighted") {
		last := len(in) - 1
		h.weight, in = in[last], in[:last]
	}
	if len(in) > 0 {
		h.bias = in[0]
	}
	if gradient {
		h.dw, out = out[0], out[1:]
		if h.bias != nil {
			h.db, out = out[0], out[1:]
		}
		if c.Node.Bool("dx") {
			h.dx = out[0]
		}
	}
	h.rows, h.inner, h.classes = h.x.Shape[0], h.x.Shape[1], h.w.Shape[1]
	h.rowW, h.colW = h.classes, 1
	if c.Node.Bool("transB") {
		h.classes = h.w.Shape[0]
		h.rowW, h.colW = 1, h.inner
	}
	return h
}

// labelled returns labels and weights for rows of logits.
func labelled[T float](h *head, logits []T) classes[T] {
	s := classes[T]{logits: logits, label: h.label.I32, n: h.classes}
	if h.weight != nil {
		s.weight = data[T](h.weight)
	}
	return s
}

func linearCrossEntropy[T float](c *Call, _, _ int) error {
	h := c.Data.(*head)
	x, w, d := data[T](h.x), data[T](h.w), data[T](h.logits)
	for r := range h.rows {
		for j := range h.classes {
			v := T(strided(x[r*h.inner:][:h.inner], w, j*h.colW, h.rowW))
			if h.bias != nil {
				v = T(float64(v) + float64(data[T](h.bias)[j]))
			}
			d[r*h.classes+j] = v
		}
	}
	s := labelled(h, d)
	divisor, err := s.divisor(c)
	if err != nil {
		return err
	}
	total := 0.0
	for r := range h.rows {
		l, err := s.loss(r)
		if err != nil {
			return err
		}
		total += l
	}
	data[T](h.loss)[0] = T(total / divisor)
	if h.dloss == nil {
		return nil
	}
	scale := float64(data[T](h.dloss)[0]) / divisor
	for r := range h.rows {
		if err := s.gradient(s.row(r), r, scale); err != nil {
			return err
		}
	}
	headGradients(h, x, w, d)
	return nil
}

// headGradients makes the gradients of weights, bias and x of d, the gradient of the logits.
func headGradients[T float](h *head, x, w, d []T) {
	dw := data[T](h.dw)
	for j := range h.classes {
		for i := range h.inner {
			total := 0.0
			for r := range h.rows {
				total += float64(x[r*h.inner+i]) * float64(d[r*h.classes+j])
			}
			dw[i*h.rowW+j*h.colW] = T(total)
		}
		if h.db != nil {
			total := 0.0
			for r := range h.rows {
				total += float64(d[r*h.classes+j])
			}
			data[T](h.db)[j] = T(total)
		}
	}
	if h.dx == nil {
		return
	}
	dx := data[T](h.dx)
	for r := range h.rows {
		for i := range h.inner {
			dx[r*h.inner+i] = T(strided(d[r*h.classes:][:h.classes], w, i*h.rowW, h.colW))
		}
	}
}

// strided returns the inner product of a and elements of b that lie step apart, the first at number from.
func strided[T float](a, b []T, from, step int) (total float64) {
	for l, v := range a {
		total += float64(v) * float64(b[from+l*step])
	}
	return total
}
