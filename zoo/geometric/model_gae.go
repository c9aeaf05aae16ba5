package geometric

import (
	"graft/graph"
	"graft/zoo/layer"
)

// GAEOptions are the choices of the graph auto-encoder.
type GAEOptions struct {
	Features int    `option:"features" default:"1433" min:"1" doc:"words of the vocabulary"`
	Hidden   int    `option:"hidden" default:"32" min:"1" doc:"width of the hidden layer"`
	Latent   int    `option:"latent" default:"16" min:"1" doc:"width of a node's code"`
	Route    string `option:"route_operator" default:"symmetric" enum:"symmetric|symmetric_neighbours|mean|mean_neighbours" doc:"operator that routed errors travel along; _neighbours leaves out self loops"`
}

// GAE returns the graph auto-encoder of Launay et al. (2020, table 4; Kipf & Welling 2016): two graph convolutions with ReLU
// between them make a code z [nodes, latent], and the sigmoid of the inner product of two codes is the probability of an edge.
// The loss is -mean log(p + 1e-15) over the positive pairs and -mean log(1 - p + 1e-15) over the negative ones. The feedback point
// sits after the ReLU, the error site at z: the error passes through the decoder exactly.
//
// Inputs: x and propagation, sparse [nodes, features] and [nodes, nodes], and the route operator if it is another; positive and
// negative, patterns [nodes, nodes]. Outputs: z, and the inner products positive and negative, one for each pair.
func GAE(o GAEOptions) *graph.Graph {
	g := unlabelled("gae", o.Features)
	g.routeBy(o.Route)
	positive := g.InputOf("positive", graph.PatternType(graph.Sym("nodes"), graph.Sym("nodes"), graph.Sym("positives")))
	negative := g.InputOf("negative", graph.PatternType(graph.Sym("nodes"), graph.Sym("nodes"), graph.Sym("negatives")))

	h := graph.Relu(layer.GraphConv(g.propagation, g.x, "conv1", o.Hidden))
	h = g.point(h, "conv1", "z")
	z := graph.ErrorSite(layer.GraphConv(g.propagation, layer.Full{Value: h}, "conv2", o.Latent), "z")
	pos, neg := g.Add("sddmm", nil, positive, z, z)[0], g.Add("sddmm", nil, negative, z, z)[0]
	g.Output("z", z)
	g.Output("positive", pos)
	g.Output("negative", neg)

	shift := func(v *graph.Value, by float64) *graph.Value { return g.Add("shift", graph.Attrs{"by": by}, v)[0] }
	unlikely := shift(graph.Apply("neg", graph.Apply("sigmoid", neg)), 1)
	cost := func(p *graph.Value) *graph.Value {
		return graph.Apply("neg", graph.Mean(graph.Apply("log", shift(p, 1e-15)), 0))
	}
	g.Loss(graph.Add(cost(graph.Apply("sigmoid", pos)), cost(unlikely)))
	return g.Graph
}
