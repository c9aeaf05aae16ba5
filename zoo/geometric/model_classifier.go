package geometric

import (
	"graft/graph"
	"graft/zoo/layer"
)

// classifier is what the definitions of node classifiers have in common.
//
// Inputs: x, sparse [nodes, features]; propagation, sparse [nodes, nodes], the normalised adjacency with self loops; another such
// matrix where it is chosen as the points' route operator; label i32[nodes]; mask f32[nodes], 1 at the nodes that the loss is the
// mean of. Outputs: logits [nodes, classes], and hits [nodes], 1 for each node classified right.
type classifier struct {
	*graph.Graph
	x, propagation layer.Sparse
	label, mask    *graph.Value
	route          layer.Sparse // the operator of the next points, if any
	learned        bool         // it is made of activations
}

func newClassifier(name string, features int, route string) classifier {
	c := unlabelled(name, features)
	c.label = c.Input("label", graph.I32, "nodes")
	c.mask = c.Input("mask", graph.F32, "nodes")
	c.routeBy(route)
	return c
}

// routeBy has errors travel along an operator; "" is the symmetric one.
func (c *classifier) routeBy(operator string) {
	switch operator {
	case bySymmetric, "":
		c.route = c.propagation
	case byAttention: // the definition's own, for each point
		c.learned = true
	default:
		c.route = c.sparse(operator, "nodes", routeSizes[operator])
	}
}

// unlabelled has the inputs x and propagation alone.
func unlabelled(name string, features int) classifier {
	c := classifier{Graph: graph.New(name)}
	c.x = c.sparse("x", features, "words")
	c.propagation = c.sparse("propagation", "nodes", "links")
	return c
}

// sparse declares a sparse input with a row a node.
func (c classifier) sparse(name string, cols, nnz any) layer.Sparse {
	c.Helper()
	p, e := c.Sparse(name, "nodes", cols, nnz)
	return layer.Sparse{Pattern: p, Entries: e}
}

// dropped returns the features with dropout.
func (c classifier) dropped(rate float64) layer.Sparse {
	c.Helper()
	return layer.Sparse{Pattern: c.x.Pattern, Entries: graph.Dropout(c.x.Entries, rate, "x/dropout")}
}

// point marks h as the feedback point of a block.
func (c classifier) point(h *graph.Value, name, site string) *graph.Value {
	c.Helper()
	return graph.Feedback(h, graph.Point{Name: name, Site: site, Pattern: c.route.Pattern, Entries: c.route.Entries, Learned: c.learned && c.route.Pattern != nil})
}

// finish makes the logits an error site and declares the outputs and the loss.
func (c classifier) finish(logits *graph.Value) *graph.Graph {
	c.Helper()
	logits = graph.ErrorSite(logits, "logits")
	c.outputs(logits)
	c.Loss(graph.SoftmaxCrossEntropy(logits, c.label, c.mask))
	return c.Graph
}

func (c classifier) outputs(logits *graph.Value) {
	c.Helper()
	c.Output("logits", logits)
	c.Output("hits", layer.Hits(logits, c.label))
}
