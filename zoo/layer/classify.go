package layer

import "graft/graph"

// Hits returns 1 for each row whose largest logit is at its label, else 0.
func Hits(logits, label *graph.Value) *graph.Value {
	logits.Graph().Helper()
	return graph.Cast(graph.Equal(graph.Argmax(logits), label), graph.F32)
}

// NegativeLogLikelihood returns the mean of -logp[label] over the rows of logp [rows, classes], weighted by weight. Its cotangent
// at logp is -weight at the labels, divided by the total weight, whatever logp is.
func NegativeLogLikelihood(logp, label, weight *graph.Value) *graph.Value {
	g := logp.Graph()
	g.Helper()
	classes, ok := lastDim(logp)
	if !ok {
		return g.Invalid("the log-probabilities must be [rows, a known number of classes], not %v", logp)
	}
	identity := g.Add("positions", graph.Attrs{"shape": graph.Dims(classes, classes), "kind": "current"})[0]
	picked := graph.Sum(graph.Mul(logp, g.Add("gather", nil, identity, label)[0]), 1)
	total := graph.Sum(graph.Mul(picked, weight), 0)
	return graph.Apply("neg", graph.Div(total, graph.Sum(weight, 0)))
}
