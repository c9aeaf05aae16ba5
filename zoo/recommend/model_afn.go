package recommend

import (
	"graft/graph"
	"graft/zoo/layer"
)

// AFNOptions are the choices of the adaptive factorization network.
type AFNOptions struct {
	Fields    int     `option:"fields" default:"39" min:"1" doc:"fields of a row"`
	Features  int     `option:"features" default:"1000000" min:"1" doc:"features of all fields: rows of the table"`
	Embedding int     `option:"embedding" default:"10" min:"1" doc:"width of an embedding"`
	LNN       int     `option:"lnn" default:"1500" min:"1" doc:"logarithmic neurons"`
	MLP       []int   `option:"mlp" default:"400,400,400" min:"1" doc:"widths of the deep blocks"`
	Dropout   float64 `option:"dropout" default:"0" min:"0" max:"0.99" doc:"dropout after each deep block"`
}

// AFN returns the adaptive factorization network (Cheng et al. 2020): logit = linear + MLP of logarithmic neurons. Feedback
// points sit after the neurons and after each deep block.
//
// frozen adds what the published code has and the paper does not mention: a point after the embedding that cuts and receives
// nothing, so that dfa and shallow leave the table at its random start.
//
// Inputs: x i32[batch, fields], label i32[batch]. Output: logits [batch].
func AFN(o AFNOptions, frozen bool) *graph.Graph {
	const site = "logits"
	c := newClicks("afn", o.Fields, o.Features)
	e := c.embedding(o.Embedding)
	if frozen {
		e = graph.Feedback(e, graph.Point{Name: "embedding", Site: site, NoGraft: true})
	}
	h := graph.Feedback(logarithmic(e, "lnn", o.LNN), graph.Point{Name: "lnn", Site: site})
	h = tower(h, "mlp", o.MLP, o.Dropout, site)
	logit := graph.Add(c.linear(), layer.Dense(h, "output", 1))
	return c.finish(graph.ErrorSite(logit, site))
}

// logarithmic is a layer of n logarithmic neurons, products of powers of the embeddings (Cheng et al. 2020, equation 7), as
// torchfm computes it: relu(expm1(W log1p(|e| + 1e-7))) over the fields of e [batch, fields, width], neuron by neuron
// [batch, n*width]. W [fields, n] is uniform on +-1/sqrt(fields); there is no bias.
func logarithmic(e *graph.Value, name string, n int) *graph.Value {
	g := e.Graph()
	if e.Type.Rank() != 3 {
		return g.Invalid("logarithmic neurons %q: %v is not [batch, fields, width]", name, e)
	}
	batch, fields, width := e.Type.Dims[0], e.Type.Dims[1], e.Type.Dims[2]
	swap := func(x *graph.Value) *graph.Value {
		return g.Add("transpose", graph.Attrs{"perm": []int{0, 2, 1}}, x)[0]
	}
	logs := graph.Apply("log1p", g.Add("shift", graph.Attrs{"by": 1e-7}, graph.Apply("abs", e))[0])
	byWidth := graph.Reshape(swap(logs), batch.Mul(width), fields)
	powers := graph.MatMul(byWidth, g.Param(name+"/weight", "lecun_uniform", fields, n))
	return flat(graph.Relu(graph.Apply("expm1", swap(graph.Reshape(powers, batch, width, n)))))
}
