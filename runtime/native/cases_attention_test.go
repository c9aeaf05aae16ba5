package native

import (
	"math"

	"graft/graph"
)

// attentionCases has shapes [batch, time, heads, dim] of a single key, and of sequences around the sizes of tiles. A fill of -1 gives
// weight to what is masked, so that no tile may be left out.
func attentionCases(add addCase) {
	for _, s := range [][]int{{1, 1, 1, 1}, {2, 5, 3, 4}, {0, 3, 2, 2}, {1, queryRows, 2, 8}, {1, keyCols + 2, 2, 33}, {1, 2*keyCols + 9, 1, 9}} {
		for _, attrs := range []graph.Attrs{
			{}, {"scale": 0.3}, {"causal": true, "fill": -1e9}, {"causal": true, "fill": -1.0},
			{"scale": 2.0, "rate": 0.3, "stream": "a"},
			{"scale": 0.25, "causal": true, "fill": -1e9, "rate": 0.3, "stream": "a"}, {"causal": true, "fill": -1.0, "rate": 0.3, "stream": "a"},
		} {
			x, rows := normals(s...), normals(s[0], s[2], s[1])
			mix, grad := []operand{x, x, x}, []operand{x, x, x, x, x, rows}
			if attrs["rate"] != nil {
				mix, grad = append(mix, keyOf(3, 4)), append(grad, keyOf(3, 4))
			}
			add("attention", attrs, mix...)
			add("attention_grad", attrs, grad...)
		}
	}
}

// attended puts attention's own results in place of the operands y and logsum of attention_grad.
func attended(c *Call) error {
	g, leaves := graph.New("attended"), c.In[1:4:4]
	if key := 6; len(c.In) > key {
		leaves = append(leaves, c.In[key])
	}
	var args []*graph.Value
	for i, b := range leaves {
		args = append(args, g.Input(string(rune('a'+i)), b.DType, anyDims(b.Shape)...))
	}
	out, err := Reference().Eval(g.Add("attention", c.Node.Attrs, args...)[0].Node, graph.Binding{"none": 0}, leaves...)
	if err == nil {
		c.In[4], c.In[5] = out[0], out[1]
	}
	return err
}

func anyDims(shape []int) []any {
	dims := make([]any, len(shape))
	for i, d := range shape {
		dims[i] = d
		if d == 0 {
			dims[i] = "none"
		}
	}
	return dims
}

// attentionBound is the error that elements of attention's results, or its gradient's, may have. With eps half a unit in the last
// place, a score errs by eps (dim+4) m, where m is the largest sum of the magnitudes of a score's terms, and so may the logarithm
// of the sum: its exponential by twice that, relatively. To that come the roundings of a sum over time, and a few more.
func attentionBound(want *Call, eps float64) func(k, i int) float64 {
	h, n := newHeaded(want), want.Node
	operands, grad := want.In, n.Op.Name == "attention_grad"
	if grad {
		operands = want.In[1:]
	}
	largest := func(x []float64) (m float64) {
		for _, v := range x {
			m = max(m, math.Abs(v))
		}
		return m
	}
	// terms returns the largest sum of the magnitudes of the terms of a product of rows.
	terms := func(x, y []float64) (m float64) {
		for head := range h.batch * h.heads {
			for i := range h.time {
				for j := range h.time {
					sum := 0.0
					for l := range h.dim {
						sum += math.Abs(x[h.first(head)+i*h.down+l] * y[h.first(head)+j*h.down+l])
					}
					m = max(m, sum)
				}
			}
		}
		return m
	}
	q, k, v, t, keep := operands[0].F64, operands[1].F64, operands[2].F64, float64(h.time), 1-h.rate
	score := float64(h.dim+4) * h.scale * terms(q, k)
	weight := eps * (2*score + t + 32)
	if !grad {
		return func(result, i int) float64 {
			if result == 1 {
				return eps * (score + t + 8 + 2*math.Abs(want.Out[1].F64[i]))
			}
			return weight * largest(v) / keep // the weights add up to 1
		}
	}
	// A cotangent of a score is its weight times a difference of two sums like dy v', whose terms' roundings are dim+4 more.
	// The weights of a row add up to 1, those of a key to time at most.
	dy := want.In[0].F64
	change := (weight + eps*float64(h.dim+4)) * 2 * terms(dy, v) / keep
	bound := []float64{change * h.scale * largest(k), change * h.scale * largest(q) * t, weight * largest(dy) / keep * t}
	return func(result, _ int) float64 { return bound[result] }
}
