package geometric

import (
	"graft/graph"
	"graft/zoo/layer"
)

// ChebOptions are the choices of the two-layer Chebyshev network.
type ChebOptions struct {
	Features int     `option:"features" default:"1433" min:"1" doc:"words of the vocabulary"`
	Hidden   int     `option:"hidden" default:"16" min:"1" doc:"width of the hidden layer"`
	Classes  int     `option:"classes" default:"7" min:"2" doc:"number of classes"`
	Dropout  float64 `option:"dropout" default:"0.5" min:"0" max:"0.99" doc:"dropout after the hidden activation"`
	Route    string  `option:"route_operator" default:"symmetric" enum:"symmetric|symmetric_neighbours|mean|mean_neighbours" doc:"operator that routed errors travel along; _neighbours leaves out self loops"`
}

// Cheb returns ChebConv of Launay et al. (2020, table 3): two Chebyshev convolutions of order 2 (Defferrard et al. 2016) with
// ReLU and dropout between them. The feedback point sits after the dropout, the error site at the logits of all nodes.
//
// Inputs besides those of all classifiers: laplacian, sparse [nodes, nodes], -D^-1/2 A D^-1/2.
func Cheb(o ChebOptions) *graph.Graph {
	c := newClassifier("cheb", o.Features, o.Route)
	laplacian := c.sparse("laplacian", "nodes", "edges")
	h := graph.Relu(layer.ChebConv(laplacian, c.x, "conv1", o.Hidden))
	h = graph.Dropout(h, o.Dropout, "conv1/dropout")
	h = c.point(h, "conv1", "logits")
	return c.finish(layer.ChebConv(laplacian, layer.Full{Value: h}, "conv2", o.Classes))
}
