package passes

import (
	"fmt"
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
	// Activations are the forward values that stand where a weight could: factors of the products that the cotangent passes on
	// its way to the gradient's own product, such as attention's queries, keys and values. They are no weights, though trained
	// weights made them. They are named as in the differentiated program.
	Activations []string `json:"activations,omitempty"`
}

// findTransport lists the weight transport of every gradient of a differentiated program.
func findTransport(g *graph.Graph) []Transport {
	only, weights, names := weightOnly(g), weightRegions(g), graph.Names(g)
	var out []Transport
	for _, n := range g.Nodes {
		name, ok := gradientName(n)
		if !ok {
			continue
		}
		t := Transport{Param: name}
		add := func(list *[]string, item string) {
			if !slices.Contains(*list, item) {
				*list = append(*list, item)
			}
		}
		walkTransport(n.Args[0], func(read *graph.Value, by *graph.Node, s pathState) {
			if s.below && isProduct(by) && read.Node.Phase == graph.Forward && read.Node.Region != "" {
				add(&t.Activations, fmt.Sprintf("%%%s %s : %v", names[read], read.Node.Op.Name, read.Type))
			}
			for _, p := range only[read] {
				switch other := p.Node.Name(); {
				case other == name:
				case s.errorPath:
					add(&t.ErrorPath, other)
				case slices.Contains(weights[p], by.Label):
					add(&t.OwnRegion, other)
				default:
					add(&t.OtherRegion, other)
				}
			}
		})
		out = append(out, t)
	}
	return out
}

// pathState says what lies between a gradient and a backward node that it depends on.
type pathState struct {
	errorPath bool // a projection
	below     bool // the product or sum that makes the gradient itself
}

// isProduct reports whether a node multiplies matrices. What delivers an error is not meant.
func isProduct(n *graph.Node) bool {
	return n.Phase == graph.Backward && (n.Op.Group == "products" || n.Op.Group == "sparse")
}

// isPassive reports whether a node only rearranges or scales what a gradient has been made into already.
func isPassive(n *graph.Node) bool {
	if n.Op.Name == "sum" || n.Op.Group != "shape" && !n.Op.Is(graph.Elementwise) {
		return false
	}
	return !slices.ContainsFunc(n.Args, func(a *graph.Value) bool { return a.Node.Phase == graph.Forward && a.Node.Region != "" })
}

// walkTransport visits the operands of the backward nodes that a gradient depends on, saying which node reads each and what lies
// between.
func walkTransport(grad *graph.Value, visit func(read *graph.Value, by *graph.Node, s pathState)) {
	type step struct {
		n *graph.Node
		s pathState
	}
	seen := map[step]bool{}
	var walk func(v *graph.Value, s pathState)
	walk = func(v *graph.Value, s pathState) {
		n := v.Node
		s.errorPath = s.errorPath || n.Phase == graph.Graft
		if n.Phase != graph.Backward && n.Phase != graph.Graft || seen[step{n, s}] {
			return
		}
		seen[step{n, s}] = true
		for _, a := range n.Args {
			visit(a, n, s)
			walk(a, pathState{s.errorPath, s.below || !isPassive(n)})
		}
	}
	walk(grad, pathState{})
}
