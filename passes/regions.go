package passes

import (
	"fmt"

	"graft/graph"
)

// regions are the connected components of the values that carry a cotangent once the cut edges are removed. Parameters, and
// values made of parameters alone, do not connect them. They are computed from the graph alone; a region is named after its topmost feedback point, the one that holds
// the loss "head", or "network" in a graph without cuts.
type regions struct {
	carries map[*graph.Value]bool // a parameter or error site lies at or below, along uncut edges
	byNode  map[*graph.Node]string
	users   map[*graph.Value][]*graph.Node
}

func findRegions(g *graph.Graph, d *differentiator) regions {
	r := regions{carries: map[*graph.Value]bool{}, byNode: map[*graph.Node]string{}, users: d.users}
	// Error sites want their cotangent even where no parameter lies below them.
	wanted := map[*graph.Value]bool{}
	for _, n := range g.Nodes {
		if n.Op.Name == "cotangent" || n.Op.Name == "error" || n.Op.Name == "feedback" {
			wanted[n.Args[0]] = true
		}
	}
	for _, n := range g.Nodes {
		below := n.Op.Name == "param"
		for _, a := range n.Args {
			below = below || r.carries[a] && !d.stops(n)
		}
		for _, v := range n.Results {
			r.carries[v] = v.Type.Differentiable() && (below || wanted[v])
		}
	}

	// reached says that a seed lies at or above, along uncut edges.
	reached := map[*graph.Value]bool{}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		above := n.Op.Name == "loss"
		for _, v := range n.Results {
			above = above || reached[v] && !d.stops(n)
		}
		for j, a := range n.Args {
			if above || n.Op.Name == "seed" && j == 0 && !d.ignoreCuts {
				reached[a] = true
			}
		}
	}

	// A scaled or transposed copy of a parameter connects regions no more than the parameter does.
	weights := weightOnly(g)
	if loss := g.LossValue(); loss != nil && weights[loss] != nil {
		weights = nil // there is nothing else
	}
	live := func(v *graph.Value) bool {
		return r.carries[v] && reached[v] && !v.Node.Op.Is(graph.Leaf) && weights[v] == nil
	}
	parent := map[*graph.Value]*graph.Value{}
	var find func(v *graph.Value) *graph.Value
	find = func(v *graph.Value) *graph.Value {
		if parent[v] == nil || parent[v] == v {
			return v
		}
		parent[v] = find(parent[v])
		return parent[v]
	}
	for _, n := range g.Nodes {
		if d.stops(n) {
			continue
		}
		for _, v := range n.Results {
			for _, a := range n.Args {
				if live(v) && live(a) {
					parent[find(a)] = find(v)
				}
			}
		}
		for _, v := range n.Results[min(1, len(n.Results)):] {
			if live(v) && live(n.Results[0]) {
				parent[find(v)] = find(n.Results[0])
			}
		}
	}
	r.name(g, live, find)
	return r
}

// name gives every component its name and every node the component of its results.
func (r *regions) name(g *graph.Graph, live func(*graph.Value) bool, find func(*graph.Value) *graph.Value) {
	names := map[*graph.Value]string{}
	cuts := g.Effects("cut")
	for _, n := range cuts { // later points overwrite: the topmost stays
		if live(n.Args[0]) {
			names[find(n.Args[0])] = n.Str("point")
		}
	}
	if loss := g.LossValue(); loss != nil && live(loss) {
		names[find(loss)] = "head"
		if len(cuts) == 0 {
			names[find(loss)] = "network"
		}
	}
	for _, n := range g.Nodes {
		for _, v := range n.Results {
			if !live(v) {
				continue
			}
			root := find(v)
			if names[root] == "" {
				names[root] = fmt.Sprintf("region%d", len(names))
			}
			r.byNode[n] = names[root]
		}
	}
}

// of returns the region of the node's results, or "".
func (r *regions) of(n *graph.Node) string { return r.byNode[n] }

// readers returns the regions that read v, looking through marks.
func (r *regions) readers(v *graph.Value) []string {
	var out []string
	for _, n := range r.users[v] {
		if n.Op.Is(graph.Mark) && n.Op.Name != "cut" {
			out = append(out, r.readers(n.Results[0])...)
		} else if name := r.byNode[n]; name != "" {
			out = append(out, name)
		}
	}
	return out
}
