package layer

import "graft/graph"

// Hits returns 1 for each row whose largest logit is at its label, else 0.
func Hits(logits, label *graph.Value) *graph.Value {
	logits.Graph().Helper()
	return graph.Cast(graph.Equal(graph.Argmax(logits), label), graph.F32)
}
