package geometric

import (
	"graft/graph"
	"graft/zoo/layer"
)

// GATOptions are the choices of the two-layer graph attention network.
type GATOptions struct {
	Features  int     `option:"features" default:"1433" min:"1" doc:"words of the vocabulary"`
	Hidden    int     `option:"hidden" default:"8" min:"1" doc:"width of a head of the hidden layer"`
	Heads     int     `option:"heads" default:"8" min:"1" doc:"heads of the hidden layer"`
	Classes   int     `option:"classes" default:"7" min:"2" doc:"number of classes"`
	Dropout   float64 `option:"dropout" default:"0.6" min:"0" max:"0.99" doc:"dropout of the features and of the hidden layer"`
	Attention float64 `option:"attention_dropout" default:"0.6" min:"0" max:"0.99" doc:"dropout of the hidden layer's attention"`
	Output    float64 `option:"output_attention_dropout" default:"0.6" min:"0" max:"0.99" doc:"dropout of the output layer's attention"`
	Route     string  `option:"route_operator" default:"symmetric" enum:"symmetric|symmetric_neighbours|mean|mean_neighbours|attention" doc:"operator that routed errors travel along; _neighbours leaves out self loops"`
}

// GAT returns GATConv of Launay et al. (2020, table 3): two graph attention layers (Velickovic et al. 2018), the first of several
// heads side by side, the second of one, with dropout before each and ELU between them. The feedback point sits between the ELU
// and the second dropout, the error site at the logits of all nodes.
//
// Nodes attend to where the propagation matrix has entries: their neighbours and themselves. Its values are for the route alone. By
// the route operator "attention" errors travel instead with the coefficients of the second layer, as a gradient would: they are
// activations, and not fixed.
func GAT(o GATOptions) *graph.Graph {
	c := newClassifier("gat", o.Features, o.Route)
	neighbours := c.propagation.Pattern
	hidden := layer.Attention{Heads: o.Heads, Width: o.Hidden, Dropout: o.Attention}
	h := graph.Apply("elu", layer.GATConv(neighbours, c.dropped(o.Dropout), "conv1", hidden))
	output := layer.NewGAT(c.Graph, "conv2", o.Heads*o.Hidden, layer.Attention{Heads: 1, Width: o.Classes, Dropout: o.Output})
	if o.Route == byAttention {
		c.route = output.Coefficients(neighbours, layer.Full{Value: h})
	}
	h = c.point(h, "conv1", "logits")
	h = graph.Dropout(h, o.Dropout, "conv1/dropout")
	return c.finish(output.Of(neighbours, layer.Full{Value: h}))
}
