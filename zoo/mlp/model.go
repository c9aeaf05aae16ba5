package mlp

import (
	"fmt"

	"graft/graph"
	"graft/zoo/layer"
)

// Options are the choices of the multilayer perceptron.
type Options struct {
	Inputs  int   `option:"inputs" default:"784" min:"1" doc:"input width"`
	Hidden  []int `option:"hidden" default:"256,256" min:"1" doc:"widths of the hidden layers"`
	Classes int   `option:"classes" default:"10" min:"2" doc:"number of classes"`
}

// Model returns the perceptron of TinyDFA's MNIST example: dense layers with ReLU, a feedback point after each activation, and
// the error taken at the logits.
//
// Inputs: x f32[batch, inputs], label i32[batch]. Outputs: logits, and hits, 1 for each row classified right.
func Model(o Options) *graph.Graph {
	g := graph.New("mlp")
	x := g.Input("x", graph.F32, "batch", o.Inputs)
	label := g.Input("label", graph.I32, "batch")
	h := x
	for i, width := range o.Hidden {
		name := fmt.Sprintf("dense%d", i)
		h = graph.Relu(layer.Dense(h, name, width))
		h = graph.Feedback(h, graph.Point{Name: name, Site: "logits"})
	}
	logits := graph.ErrorSite(layer.Dense(h, "output", o.Classes), "logits")
	g.Output("logits", logits)
	g.Output("hits", layer.Hits(logits, label))
	g.Loss(graph.SoftmaxCrossEntropy(logits, label))
	return g
}
