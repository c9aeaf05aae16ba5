package passes_test

import (
	"math"
	"slices"
	"testing"

	"graft/graph"
	"graft/zoo/geometric"
	"graft/zoo/mlp"
)

// model is a definition with something to run it on.
type model struct {
	name string
	def  *graph.Graph
	w    *world
}

// perceptron is the zoo's, tiny and with layers of unequal widths.
func perceptron(hidden ...int) model {
	w := newWorld(graph.Binding{"batch": 4})
	w.values["label"] = []float64{0, 2, 1, 2}
	w.values["seed"], w.values["step"], w.values["lr"] = []float64{7}, []float64{3}, []float64{0.1}
	return model{"mlp", mlp.Model(mlp.Options{Inputs: 5, Hidden: hidden, Classes: 3}), w}
}

// The network's sizes.
const nodes, hiddenWidth, classes = 6, 5, 3

// convolution is the zoo's graph network on a small random graph whose propagation is not symmetric, with dropout on and the
// loss on some nodes only.
func convolution(t *testing.T) model {
	w := newWorld(graph.Binding{"nodes": nodes})
	w.sparse(t, "x", "words", nodes, 7)
	w.sparse(t, "propagation", "links", nodes, nodes)
	w.values["label"] = []float64{0, 2, 1, 2, 0, 1}
	w.values["mask"] = []float64{1, 0, 1, 1, 0, 0}
	w.values["seed"], w.values["step"], w.values["lr"] = []float64{7}, []float64{3}, []float64{0.1}
	o := geometric.GCNOptions{Features: 7, Hidden: hiddenWidth, Classes: classes, Dropout: 0.3}
	return model{"gcn", geometric.GCN(o), w}
}

func models(t *testing.T) []model {
	return []model{perceptron(4), perceptron(4, 6), perceptron(6, 3, 5), convolution(t), normalised()}
}

// crossed is a definition with everything that the zoo's models lack: points of both levels, two error sites, a point with three
// times its site's rows, a value with two points, and one that is read both before and after its cut.
func crossed() model {
	g := graph.New("crossed")
	x := g.Input("x", graph.F32, "batch", 4)
	inner := graph.Apply("tanh", graph.MatMul(x, g.Param("inner", "zeros", 4, 5)))
	cut := graph.Feedback(inner, graph.Point{Name: "inner", Site: "logits", Micro: true})
	block := graph.Apply("sigmoid", graph.MatMul(cut, g.Param("block", "zeros", 5, 6)))
	block = graph.Feedback(block, graph.Point{Name: "block", Site: "aux"})
	tokens := graph.Mul(graph.Reshape(block, "batch", 3, 2), g.Param("gain", "ones", 2))
	tokens = graph.Feedback(graph.Apply("tanh", tokens), graph.Point{Name: "tokens", Site: "logits", Rows: 2})

	twin := graph.Feedback(inner, graph.Point{Name: "twin", Site: "aux"})
	aux := graph.Add(graph.MatMul(block, g.Param("aux", "zeros", 6, 2)), graph.MatMul(twin, g.Param("twin", "zeros", 5, 2)))
	aux = graph.ErrorSite(aux, "aux")
	main := graph.MatMul(graph.Reshape(tokens, "batch", 6), g.Param("head", "zeros", 6, 3))
	bypass := graph.MatMul(inner, g.Param("bypass", "zeros", 5, 3))
	logits := graph.ErrorSite(graph.Add(main, bypass), "logits")
	label := g.Input("label", graph.I32, "batch")
	g.Loss(graph.Add(graph.SoftmaxCrossEntropy(logits, label), graph.Mean(graph.Apply("square", aux), 0, 1)))

	w := newWorld(graph.Binding{"batch": 4})
	w.values["label"] = []float64{0, 2, 1, 2}
	w.values["seed"], w.values["step"], w.values["lr"] = []float64{7}, []float64{3}, []float64{0.1}
	return model{"crossed", g, w}
}

// softmaxError is the closed form of the cotangent of logits under the (weighted) mean of the cross entropy.
func softmaxError(logits, label, weight []float64, classes int) []float64 {
	if weight == nil {
		weight = slices.Repeat([]float64{1}, len(label))
	}
	total := 0.0
	for _, x := range weight {
		total += x
	}
	e := make([]float64, len(logits))
	for r, l := range label {
		row, sum := logits[r*classes:(r+1)*classes], 0.0
		for _, x := range row {
			sum += math.Exp(x)
		}
		for c, x := range row {
			e[r*classes+c] = weight[r] / total * math.Exp(x) / sum
		}
		e[r*classes+int(l)] -= weight[r] / total
	}
	return e
}

// matrix products in plain loops, for closed forms.

// times returns a [m, k] times b [k, n].
func times(a, b []float64, m, k, n int) []float64 {
	out := make([]float64, m*n)
	for i := range m {
		for j := range n {
			for l := range k {
				out[i*n+j] += a[i*k+l] * b[l*n+j]
			}
		}
	}
	return out
}

// transposed returns the transpose of a [m, n].
func transposed(a []float64, m, n int) []float64 {
	out := make([]float64, m*n)
	for i := range m {
		for j := range n {
			out[j*m+i] = a[i*n+j]
		}
	}
	return out
}

// dense returns a sparse leaf as a dense matrix.
func (w *world) dense(name string) []float64 {
	p := w.patterns[name]
	out := make([]float64, p.Rows*p.Cols)
	for k, x := range w.values[name+"/entries"] {
		out[int(p.Row[k])*p.Cols+int(p.Col[k])] = x
	}
	return out
}
