package geometric

import (
	"graft/graph"
	"graft/zoo/layer"
)

// SplineOptions are the choices of the two-layer spline network.
type SplineOptions struct {
	Features int     `option:"features" default:"1433" min:"1" doc:"words of the vocabulary"`
	Hidden   int     `option:"hidden" default:"16" min:"1" doc:"width of the hidden layer"`
	Classes  int     `option:"classes" default:"7" min:"2" doc:"number of classes"`
	Dropout  float64 `option:"dropout" default:"0.5" min:"0" max:"0.99" doc:"dropout of the features and of the hidden layer"`
	Route    string  `option:"route_operator" default:"symmetric" enum:"symmetric|symmetric_neighbours|mean|mean_neighbours" doc:"operator that routed errors travel along; _neighbours leaves out self loops"`
}

// Spline returns SplineConv of Launay et al. (2020, table 3): two spline convolutions (Fey et al. 2018) with dropout before each
// and ELU between them. The feedback point sits between the ELU and the second dropout, the error site at the logits of all nodes.
//
// Inputs besides those of all classifiers: spline0 and spline1, sparse [nodes, nodes], the means over incoming edges weighted by
// 1-u and u, where u is the target's degree in units of the largest.
func Spline(o SplineOptions) *graph.Graph {
	c := newClassifier("spline", o.Features, o.Route)
	s := [2]layer.Sparse{c.sparse("spline0", "nodes", "edges"), c.sparse("spline1", "nodes", "edges")}
	h := graph.Apply("elu", layer.SplineConv(s, c.dropped(o.Dropout), "conv1", o.Hidden))
	h = c.point(h, "conv1", "logits")
	h = graph.Dropout(h, o.Dropout, "conv1/dropout")
	return c.finish(layer.SplineConv(s, layer.Full{Value: h}, "conv2", o.Classes))
}
