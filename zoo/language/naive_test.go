package language_test

import (
	"fmt"
	"math"

	"graft/zoo/language"
)

// naive is a Transformer written down position by position, without dropout, from the same parameters.
type naive struct {
	language.Options
	kind   language.Attention
	mixed  bool
	values map[string][]float64
}

type vector = []float64

// logits returns those of every position of a batch of sequences.
func (n naive) logits(tokens [][]int) (out []float64) {
	h := make([][]vector, len(tokens))
	for b, sequence := range tokens {
		for t, token := range sequence {
			x := make(vector, n.Width)
			for d := range x {
				angle := float64(t) / math.Pow(10000, float64(d/2*2)/float64(n.Width))
				position := math.Sin(angle)
				if d%2 == 1 {
					position = math.Cos(angle)
				}
				x[d] = n.values["embedding/weight"][token*n.Width+d]*math.Sqrt(float64(n.Width)) + position
			}
			h[b] = append(h[b], x)
		}
	}
	for i := range n.Blocks {
		h = n.block(h, fmt.Sprintf("block%d", i))
	}
	for b := range h {
		for t := range h[b] {
			if n.Tied {
				for v := range n.Vocabulary {
					out = append(out, dot(h[b][t], n.values["embedding/weight"][v*n.Width:(v+1)*n.Width])+n.values["decoder/bias"][v])
				}
			} else {
				out = append(out, n.linear(h[b][t], "decoder", n.Vocabulary)...)
			}
		}
	}
	return out
}

func (n naive) block(h [][]vector, name string) [][]vector {
	var mixed [][]vector
	switch n.kind {
	case language.Standard:
		mixed = n.standard(h, name+"/attention")
	case language.Dense:
		mixed = n.dense(h, name+"/attention")
	case language.Random:
		mixed = n.random(h, name+"/attention")
	case language.Fixed:
		mixed = n.fixed(h, name+"/attention")
	}
	out := make([][]vector, len(h))
	for b := range h {
		for t := range h[b] {
			x := n.norm(sum(h[b][t], mixed[b][t]), name+"/norm1")
			hidden := n.linear(x, name+"/ffn/hidden", n.FFN)
			for i := range hidden {
				hidden[i] = max(hidden[i], 0)
			}
			out[b] = append(out[b], n.norm(sum(x, n.linear(hidden, name+"/ffn/out", n.Width)), name+"/norm2"))
		}
	}
	return out
}

func (n naive) standard(h [][]vector, name string) [][]vector {
	depth := n.Width / n.Heads
	out := make([][]vector, len(h))
	for b := range h {
		packed := make([]vector, len(h[b]))
		for t := range h[b] {
			packed[t] = n.linear(h[b][t], name+"/in", 3*n.Width)
		}
		for t := range h[b] {
			var joined vector
			for head := range n.Heads {
				q, at := packed[t][head*depth:(head+1)*depth], head*depth
				var scores vector
				var v []vector
				for s := range t + 1 {
					scores = append(scores, dot(q, packed[s][n.Width+at:n.Width+at+depth])/math.Sqrt(float64(depth)))
					v = append(v, packed[s][2*n.Width+at:2*n.Width+at+depth])
				}
				joined = append(joined, mix(softmax(scores), v)...)
			}
			out[b] = append(out[b], n.linear(joined, name+"/out", n.Width))
		}
	}
	return out
}

// dense synthesizes; mixed, the weights of the k-th (head, sequence) in that order serve the k-th (sequence, head).
func (n naive) dense(h [][]vector, name string) [][]vector {
	depth := n.Width / n.Heads
	hidden := max(depth, n.Time)
	logits := make([][]vector, 0, n.Heads*len(h)) // by head and sequence, then [position][position]
	values := make([][]vector, len(h))
	for b := range h {
		for t := range h[b] {
			values[b] = append(values[b], n.linear(h[b][t], name+"/in", 2*n.Width)[n.Width:])
		}
	}
	for head := range n.Heads {
		for b := range h {
			var rows []vector
			for t := range h[b] {
				x := n.linear(h[b][t], name+"/in", 2*n.Width)[head*depth : (head+1)*depth]
				y := n.headLinear(x, name+"/1", head, hidden)
				for i := range y {
					y[i] = max(y[i], 0)
				}
				rows = append(rows, n.headLinear(y, name+"/2", head, n.Time))
			}
			logits = append(logits, rows)
		}
	}
	return n.synthesized(values, name, func(b, head, t int) vector {
		k := head*len(h) + b
		if n.mixed {
			k = b*n.Heads + head
		}
		return logits[k][t]
	})
}

func (n naive) random(h [][]vector, name string) [][]vector {
	values := make([][]vector, len(h))
	for b := range h {
		for t := range h[b] {
			values[b] = append(values[b], n.linear(h[b][t], name+"/in", n.Width))
		}
	}
	return n.synthesized(values, name, func(_, head, t int) vector {
		return n.values[name+"/logits"][(head*n.Time+t)*n.Time:]
	})
}

func (n naive) synthesized(values [][]vector, name string, logits func(b, head, t int) vector) [][]vector {
	depth := n.Width / n.Heads
	out := make([][]vector, len(values))
	for b := range values {
		for t := range values[b] {
			var joined vector
			for head := range n.Heads {
				var v []vector
				for s := range t + 1 {
					v = append(v, values[b][s][head*depth:(head+1)*depth])
				}
				joined = append(joined, mix(softmax(logits(b, head, t)[:t+1]), v)...)
			}
			out[b] = append(out[b], n.linear(joined, name+"/out", n.Width))
		}
	}
	return out
}

// fixed follows the description of the four heads word by word.
func (n naive) fixed(h [][]vector, name string) [][]vector {
	out := make([][]vector, len(h))
	for b := range h {
		heads := make([][]vector, 4) // of each position, the features f with f mod 4 = head
		for t := range h[b] {
			v := n.linear(h[b][t], name+"/in", n.Width)
			for head := range heads {
				var own vector
				for f := head; f < n.Width; f += 4 {
					own = append(own, v[f])
				}
				heads[head] = append(heads[head], own)
			}
		}
		for t := range h[b] {
			evenly, cubic := vector{1}, vector{1}
			if t > 2 {
				evenly, cubic = nil, nil
				total := 0.0
				for j := range t - 2 {
					evenly = append(evenly, 1/float64(t-2))
					cubic = append(cubic, math.Pow(float64(j+1), 3))
					total += cubic[j]
				}
				for j := range cubic {
					cubic[j] /= total
				}
			}
			joined := append(vector{}, heads[0][t]...)
			joined = append(joined, heads[1][max(0, t-1)]...)
			joined = append(joined, mix(evenly, heads[2])...)
			out[b] = append(out[b], append(joined, mix(cubic, heads[3])...))
		}
	}
	return out
}

func (n naive) linear(x vector, name string, width int) vector {
	out := append(vector{}, n.values[name+"/bias"]...)
	for i, v := range x {
		for j := range out {
			out[j] += v * n.values[name+"/weight"][i*width+j]
		}
	}
	return out
}

// headLinear is a linear layer of one head: weights [heads, in, out], biases [heads, 1, out].
func (n naive) headLinear(x vector, name string, head, width int) vector {
	out := append(vector{}, n.values[name+"/bias"][head*width:(head+1)*width]...)
	for i, v := range x {
		for j := range out {
			out[j] += v * n.values[name+"/weight"][(head*len(x)+i)*width+j]
		}
	}
	return out
}

func (n naive) norm(x vector, name string) vector {
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	out := make(vector, len(x))
	for i, v := range x {
		out[i] = n.values[name+"/weight"][i]*(v-mean)/math.Sqrt(variance+1e-5) + n.values[name+"/bias"][i]
	}
	return out
}

func dot(x, y vector) (s float64) {
	for i := range x {
		s += x[i] * y[i]
	}
	return s
}

func sum(x, y vector) vector {
	out := make(vector, len(x))
	for i := range x {
		out[i] = x[i] + y[i]
	}
	return out
}

func softmax(x vector) vector {
	out, total := make(vector, len(x)), 0.0
	for i, v := range x {
		out[i] = math.Exp(v)
		total += out[i]
	}
	for i := range out {
		out[i] /= total
	}
	return out
}

// mix is the sum of the vectors by weight.
func mix(weights vector, v []vector) vector {
	out := make(vector, len(v[0]))
	for s, w := range weights {
		for i := range out {
			out[i] += w * v[s][i]
		}
	}
	return out
}
