package geometric

import (
	"graft/graph"
	"graft/zoo/layer"
)

// GCNOptions are the choices of the two-layer graph convolutional network.
type GCNOptions struct {
	Features int     `option:"features" default:"1433" min:"1" doc:"words of the vocabulary"`
	Hidden   int     `option:"hidden" default:"16" min:"1" doc:"width of the hidden layer"`
	Classes  int     `option:"classes" default:"7" min:"2" doc:"number of classes"`
	Dropout  float64 `option:"dropout" default:"0.5" min:"0" max:"0.99" doc:"dropout after the hidden activation"`
	Route    string  `option:"route_operator" default:"symmetric" enum:"symmetric|symmetric_neighbours|mean|mean_neighbours" doc:"operator that routed errors travel along; _neighbours leaves out self loops"`
}

// GCN returns GraphConv of Launay et al. (2020, table 3): two graph convolutions (Kipf & Welling 2017) with ReLU and dropout
// between them. The feedback point sits after the dropout, the error site at the logits of all nodes; the point's route
// operator is the propagation matrix.
//
// Inputs: x and propagation, sparse [nodes, features] and [nodes, nodes]; label i32[nodes]; mask f32[nodes], 1 at the nodes
// that the loss is the mean of. Outputs: logits, and hits, 1 for each node classified right.
func GCN(o GCNOptions) *graph.Graph {
	c := newClassifier("gcn", o.Features, o.Route)
	h := graph.Dropout(o.hidden(c), o.Dropout, "conv1/dropout")
	h = c.point(h, "conv1", "logits")
	return c.finish(layer.GraphConv(c.propagation, layer.Full{Value: h}, "conv2", o.Classes))
}

// GCNHidden returns the hidden layer of a trained [GCN], over the same parameters: what figure 2 of Launay et al. (2020) lays out.
//
// Inputs: x and propagation. Output: hidden [nodes, hidden], ReLU of the first convolution of all nodes, without dropout.
func GCNHidden(o GCNOptions) *graph.Graph {
	c := unlabelled("gcn-hidden", o.Features)
	c.Output("hidden", o.hidden(c))
	return c.Graph
}

// hidden is the first convolution with its activation.
func (o GCNOptions) hidden(c classifier) *graph.Value {
	c.Helper()
	return graph.Relu(layer.GraphConv(c.propagation, c.x, "conv1", o.Hidden))
}
