package recommend

import (
	"graft/graph"
	"graft/zoo/layer"
)

// DeepFMOptions are the choices of DeepFM.
type DeepFMOptions struct {
	Fields    int     `option:"fields" default:"39" min:"1" doc:"fields of a row"`
	Features  int     `option:"features" default:"1000000" min:"1" doc:"features of all fields: rows of the table"`
	Embedding int     `option:"embedding" default:"10" min:"1" doc:"width of an embedding"`
	MLP       []int   `option:"mlp" default:"400,400,400" min:"1" doc:"widths of the deep blocks"`
	Dropout   float64 `option:"dropout" default:"0.5" min:"0" max:"0.99" doc:"dropout after each deep block"`
}

// DeepFM returns the network of Guo et al. (2017, equation 1): logit = linear + FM + MLP, the last two over one embedding.
//
// The error site is the MLP's scalar output, whose error is that of the logit. Feedback points sit after each deep block; one
// more, "mlp/input", cuts and receives nothing. With the cut, the embedding learns exactly, but through FM alone.
//
// Inputs: x i32[batch, fields], label i32[batch]. Output: logits [batch].
func DeepFM(o DeepFMOptions) *graph.Graph {
	const site = "mlp"
	c := newClicks("deepfm", o.Fields, o.Features)
	e := c.embedding(o.Embedding)
	h := graph.Feedback(flat(e), graph.Point{Name: "mlp/input", Site: site, NoGraft: true})
	h = tower(h, "mlp", o.MLP, o.Dropout, site)
	deep := graph.ErrorSite(layer.Dense(h, "output", 1), site)
	return c.finish(graph.Add(graph.Add(c.linear(), factorize(e)), deep))
}
