package recommend

import (
	"fmt"

	"graft/graph"
	"graft/zoo/layer"
)

// AutoIntOptions are the choices of AutoInt.
type AutoIntOptions struct {
	Fields    int     `option:"fields" default:"39" min:"1" doc:"fields of a row"`
	Features  int     `option:"features" default:"1000000" min:"1" doc:"features of all fields: rows of the table"`
	Embedding int     `option:"embedding" default:"16" min:"1" doc:"width of an embedding"`
	Attention int     `option:"attention" default:"32" min:"1" doc:"width of the attention layers"`
	Heads     int     `option:"heads" default:"2" min:"1" doc:"attention heads; they divide the width"`
	Layers    int     `option:"layers" default:"3" min:"1" doc:"number of attention layers"`
	MLP       []int   `option:"mlp" default:"400,400,400" min:"1" doc:"widths of the deep blocks"`
	Dropout   float64 `option:"dropout" default:"0" min:"0" max:"0.99" doc:"dropout of attention weights and after each deep block"`
}

// AutoInt returns the network of Song et al. (2019) as torchfm has it: logit = linear + attention + MLP. The fields attend to
// each other in a stack of layers; what it adds to a linear map of the embeddings goes through ReLU and a dense layer.
//
// Feedback points sit after the embedding, after its map to the attention's width, after each attention layer but the last,
// after the ReLU and after each deep block. A sample is a row: the points over fields have a width of fields times theirs.
//
// Inputs: x i32[batch, fields], label i32[batch]. Output: logits [batch].
func AutoInt(o AutoIntOptions) *graph.Graph {
	const site = "logits"
	c := newClicks("autoint", o.Fields, o.Features)
	e := graph.Feedback(c.embedding(o.Embedding), graph.Point{Name: "embedding", Site: site})
	h := layer.DenseFields(e, "attention/embedding", o.Attention)
	h = graph.Feedback(h, graph.Point{Name: "attention/embedding", Site: site})
	for i := range o.Layers {
		name := fmt.Sprintf("attention%d", i)
		h = layer.FieldAttention(h, name, o.Heads, o.Dropout)
		if i < o.Layers-1 {
			h = graph.Feedback(h, graph.Point{Name: name, Site: site})
		}
	}
	h = graph.Relu(graph.Add(h, layer.DenseFields(e, "attention/residual", o.Attention)))
	h = graph.Feedback(flat(h), graph.Point{Name: "attention/relu", Site: site})
	deep := tower(flat(e), "mlp", o.MLP, o.Dropout, site)
	logit := graph.Add(c.linear(), layer.Dense(h, "attention/output", 1))
	return c.finish(graph.ErrorSite(graph.Add(logit, layer.Dense(deep, "output", 1)), site))
}
