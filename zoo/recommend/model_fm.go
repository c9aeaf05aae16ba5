package recommend

import "graft/graph"

// FMOptions are the choices of the factorization machine.
type FMOptions struct {
	Fields    int `option:"fields" default:"39" min:"1" doc:"fields of a row"`
	Features  int `option:"features" default:"1000000" min:"1" doc:"features of all fields: rows of the table"`
	Embedding int `option:"embedding" default:"16" min:"1" doc:"width of an embedding"`
}

// FM returns the factorization machine (Rendle 2010, equation 1): logit = linear + FM. It has no feedback point, so that every
// mode is backpropagation.
//
// Inputs: x i32[batch, fields], label i32[batch]. Output: logits [batch].
func FM(o FMOptions) *graph.Graph {
	c := newClicks("fm", o.Fields, o.Features)
	logit := graph.Add(c.linear(), factorize(c.embedding(o.Embedding)))
	return c.finish(graph.ErrorSite(logit, "logits"))
}

// factorize returns the sum over pairs of fields of the inner product of their embeddings, [batch, 1], for e [batch, fields,
// width]: 1/2 sum_k ((sum_f e_fk)^2 - sum_f e_fk^2) (Rendle 2010, lemma 3.1).
func factorize(e *graph.Value) *graph.Value {
	ofSum := graph.Apply("square", graph.Sum(e, 1))
	ofEach := graph.Sum(graph.Apply("square", e), 1)
	pairs := e.Graph().Add("sum", graph.Attrs{"axes": []int{1}, "keep": true}, graph.Sub(ofSum, ofEach))[0]
	return graph.Scale(pairs, 0.5)
}
