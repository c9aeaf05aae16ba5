package geometric

import (
	"fmt"
	"slices"

	"graft/graph"
	"graft/zoo/layer"
)

// DNAOptions are the choices of the dynamic neighbourhood aggregation network.
type DNAOptions struct {
	Features  int     `option:"features" default:"1433" min:"1" doc:"words of the vocabulary"`
	Hidden    int     `option:"hidden" default:"128" min:"1" doc:"width of the hidden layers, a multiple of groups"`
	Layers    int     `option:"layers" default:"5" min:"1" doc:"number of aggregations"`
	Heads     int     `option:"heads" default:"8" min:"1" doc:"heads of the attention over layers"`
	Groups    int     `option:"groups" default:"16" min:"1" doc:"groups of the projections, a multiple of heads"`
	Classes   int     `option:"classes" default:"7" min:"2" doc:"number of classes"`
	Dropout   float64 `option:"dropout" default:"0.5" min:"0" max:"0.99" doc:"dropout after the first layer and before the last"`
	Attention float64 `option:"attention_dropout" default:"0.8" min:"0" max:"0.99" doc:"dropout of the attention"`
	Route     string  `option:"route_operator" default:"symmetric" enum:"symmetric|symmetric_neighbours|mean|mean_neighbours|attention" doc:"operator that routed errors travel along; _neighbours leaves out self loops"`
}

// DNA returns DNAConv of Launay et al. (2020, table 3): a linear layer, aggregations (Fey 2019) that attend over all
// representations before them, each with ReLU, and a linear layer. Feedback points sit after the first layer and after every
// aggregation, and the history holds what is behind them.
//
// By the route operator "attention" errors travel with the coefficients by which the next aggregation reads what is behind a point.
// No error is carried to the last point, whatever the operator: between it and the site no aggregation propagates.
//
// The error site is at the logits of all nodes, or, at the log-probabilities, where the published code has it: there
// the error is -1/n at the labels of the n training nodes whatever the prediction.
func DNA(o DNAOptions, atLogProbabilities bool) *graph.Graph {
	c := newClassifier("dna", o.Features, o.Route)
	site := "logits"
	if atLogProbabilities {
		site = "log_probabilities"
	}
	h := graph.Relu(layer.DenseSparse(c.x, "lin1", o.Hidden))
	h = graph.Dropout(h, o.Dropout, "lin1/dropout")
	name := "lin1"
	var history []*graph.Value // behind the points
	for i := range o.Layers {
		next := fmt.Sprintf("convs/%d", i)
		conv := layer.NewDNA(c.Graph, next, o.Hidden, layer.Jumps{Heads: o.Heads, Groups: o.Groups, Dropout: o.Attention})
		if o.Route == byAttention {
			c.route = conv.Newest(c.propagation, append(slices.Clone(history), h))
		}
		history = append(history, c.point(h, name, site))
		h, name = graph.Relu(conv.Of(c.propagation, history)), next
	}
	c.route = layer.Sparse{} // nothing propagates between the last point and the site
	history = append(history, c.point(h, name, site))
	h = graph.Dropout(history[o.Layers], o.Dropout, "lin2/dropout")
	logits := layer.Dense(h, "lin2", o.Classes)
	if !atLogProbabilities {
		return c.finish(logits)
	}
	c.outputs(logits)
	logp := graph.ErrorSite(graph.Apply("log_softmax", logits), site)
	c.Loss(layer.NegativeLogLikelihood(logp, c.label, c.mask))
	return c.Graph
}
