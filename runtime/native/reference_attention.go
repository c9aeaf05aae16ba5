package native

import (
	"math"

	"graft/graph"
	"graft/runtime/rng"
)

// attentionReference computes what attention's ops stand for, a row of scores at a time, every step rounded as its own op rounds it:
// fusion does not change a bit. attention_grad makes the weights from the beginning and reads neither y nor logsum.
func attentionReference() Table {
	return Table{
		"attention":      attentionRows(attention[float32], attention[float64]),
		"attention_grad": attentionRows(attentionGrad[float32], attentionGrad[float64]),
	}
}

func attentionRows(f32, f64 body) Kernel {
	k := floats(whole, f32, f64)
	k.Prepare = func(c *Call) error {
		if c.Out[0].DType == graph.F64 {
			c.Data = newScoreRow[float64](c)
		} else {
			c.Data = newScoreRow[float32](c)
		}
		return nil
	}
	return k
}

// headed is what the operands and attributes of attention's ops say.
type headed struct {
	batch, time, heads, dim int
	down                    int // how far the rows of a head lie apart
	scale                   float64
	causal                  bool
	fill                    float64
	rate                    float64 // where above 0, the key is the last operand
}

func newHeaded(c *Call) headed {
	s, n := c.In[0].Shape, c.Node
	return headed{s[0], s[1], s[2], s[3], s[2] * s[3], n.Float("scale"), n.Bool("causal"), n.Float("fill"), n.Float("rate")}
}

// first returns where the first row of a head lies; heads are counted over the whole batch.
func (h *headed) first(head int) int { return head/h.heads*h.time*h.down + head%h.heads*h.dim }

// draws returns the stream of dropout's draws.
func (h *headed) draws(c *Call) (s rng.Stream) {
	if h.rate > 0 {
		s = stream(c, len(c.In)-1)
	}
	return s
}

// scoreRow has room for a row of scores.
type scoreRow[T float] struct {
	headed
	query, weights, kept, grad []T
	drawn                      []float32
	dk, dv                     []float64 // sums over the rows of a head
}

func newScoreRow[T float](c *Call) *scoreRow[T] {
	h := newHeaded(c)
	row := func() []T { return make([]T, h.time) }
	sums := func() []float64 { return make([]float64, h.time*h.dim) }
	return &scoreRow[T]{h, make([]T, h.dim), row(), row(), row(), make([]float32, h.time), sums(), sums()}
}

// weigh makes row i of a head's weights, and of what dropout keeps of them, and returns the logarithm of the sum of exp(score).
func (r *scoreRow[T]) weigh(draws rng.Stream, q, k []T, head, i int) (logSum float64) {
	first := r.first(head)
	for l, v := range q[first+i*r.down:][:r.dim] {
		r.query[l] = T(r.scale * float64(v))
	}
	for j := range r.weights {
		if r.causal && j > i {
			r.weights[j] = T(r.fill)
		} else {
			r.weights[j] = dotOf(r.query, k[first+j*r.down:])
		}
	}
	largest, sum := logSumExp(r.weights)
	for j, v := range r.weights {
		r.weights[j] = T(math.Exp(float64(v)-largest) / sum)
	}
	copy(r.kept, r.weights)
	if r.rate > 0 {
		draws.Uniform32(r.drawn, (head*r.time+i)*r.time)
		drop(r.kept, r.kept, r.drawn, r.rate)
	}
	return largest + math.Log(sum)
}

func dotOf[T float](x, y []T) T {
	total := 0.0
	for l, v := range x {
		total += float64(v) * float64(y[l])
	}
	return T(total)
}

// mix sums rows of v by the weights.
func mix[T float](dst, weights, v []T, down int) {
	for l := range dst {
		total := 0.0
		for j, w := range weights {
			total += float64(w) * float64(v[j*down+l])
		}
		dst[l] = T(total)
	}
}

func attention[T float](c *Call, _, _ int) error {
	r := c.Data.(*scoreRow[T])
	q, k, v, y, logSum := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2]), data[T](c.Out[0]), data[T](c.Out[1])
	draws := r.draws(c)
	for head := range r.batch * r.heads {
		first := r.first(head)
		for i := range r.time {
			logSum[head*r.time+i] = T(r.weigh(draws, q, k, head, i))
			mix(y[first+i*r.down:][:r.dim], r.kept, v[first:], r.down)
		}
	}
	return nil
}

func attentionGrad[T float](c *Call, _, _ int) error {
	r := c.Data.(*scoreRow[T])
	dy, q, k, v := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2]), data[T](c.In[3])
	dq, dk, dv := data[T](c.Out[0]), data[T](c.Out[1]), data[T](c.Out[2])
	draws := r.draws(c)
	for head := range r.batch * r.heads {
		first := r.first(head)
		clear(r.dk)
		clear(r.dv)
		for i := range r.time {
			at := first + i*r.down
			d, dst := dy[at:][:r.dim], dq[at:][:r.dim]
			r.weigh(draws, q, k, head, i)
			for j := range r.grad {
				r.grad[j] = dotOf(d, v[first+j*r.down:])
			}
			if r.rate > 0 {
				drop(r.grad, r.grad, r.drawn, r.rate)
			}
			r.scoreGrad(i)
			mix(dst, r.grad, k[first:], r.down)
			for l := range dst {
				dst[l] = T(r.scale * float64(dst[l]))
			}
			for j := range r.grad {
				for l := range d {
					r.dk[j*r.dim+l] += float64(r.grad[j]) * float64(r.query[l])
					r.dv[j*r.dim+l] += float64(r.kept[j]) * float64(d[l])
				}
			}
		}
		for i := range r.dk {
			at := first + i/r.dim*r.down + i%r.dim
			dk[at], dv[at] = T(r.dk[i]), T(r.dv[i])
		}
	}
	return nil
}

// scoreGrad makes cotangents of row i's scores out of those of its weights.
func (r *scoreRow[T]) scoreGrad(i int) {
	dot := 0.0
	for j, w := range r.weights {
		dot += float64(r.grad[j]) * float64(w)
	}
	for j, w := range r.weights {
		if r.grad[j] = T(float64(w) * (float64(r.grad[j]) - dot)); r.causal && j > i {
			r.grad[j] = 0
		}
	}
}
