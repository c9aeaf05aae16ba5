package passes

import (
	"slices"

	"graft/graph"
)

// Transport lists the weights that the gradient of one parameter reads: the parameters other than it that reach, through values
// made of weights alone, any backward node that the gradient depends on, projections included.
type Transport struct {
	Param       string   `json:"param"`
	OwnRegion   []string `json:"own_region,omitempty"`
	ErrorPath   []string `json:"error_path,omitempty"`   // weights between the loss and the error site
	OtherRegion []string `json:"other_region,omitempty"` // refused in dfa unless the model allows it
}

// findTransport lists the weight transport of every gradient of a differentiated program.
func findTransport(g *graph.Graph) []Transport {
	only, weights := weightOnly(g), weightRegions(g)
	var out []Transport
	for _, n := range g.Nodes {
		name, ok := gradientName(n)
		if !ok {
			continue
		}
		t := Transport{Param: name}
		walkTransport(n.Args[0], func(read *graph.Value, region string, errorPath bool) {
			for _, p := range only[read] {
				other := p.Node.Name()
				list := &t.OtherRegion
				switch {
				case other == name:
					continue
				case errorPath:
					list = &t.ErrorPath
				case slices.Contains(weights[p], region):
					list = &t.OwnRegion
				}
				if !slices.Contains(*list, other) {
					*list = append(*list, other)
				}
			}
		})
		out = append(out, t)
	}
	return out
}

// walkTransport visits the operands of the backward nodes that a gradient depends on, saying in which region each is read and
// whether a projection lies between.
func walkTransport(grad *graph.Value, visit func(read *graph.Value, region string, errorPath bool)) {
	type state struct {
		n         *graph.Node
		errorPath bool
	}
	seen := map[state]bool{}
	var walk func(v *graph.Value, errorPath bool)
	walk = func(v *graph.Value, errorPath bool) {
		n := v.Node
		if n.Phase != graph.Backward && n.Phase != graph.Graft || seen[state{n, errorPath}] {
			return
		}
		seen[state{n, errorPath}] = true
		errorPath = errorPath || n.Phase == graph.Graft
		for _, a := range n.Args {
			visit(a, n.Label, errorPath)
			walk(a, errorPath)
		}
	}
	walk(grad, false)
}
