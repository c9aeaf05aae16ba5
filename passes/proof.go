package passes

import (
	"fmt"
	"slices"

	"graft/graph"
)

// prove checks on a finished training program what the modes promise. The passes are not trusted: the proof reads the program
// and the regions that were found when it was differentiated.
func prove(g *graph.Graph, r *Report, allowTransport bool) error {
	if err := proveUnlocked(g, r, allowTransport); err != nil {
		return err
	}
	if err := proveOneGradient(g, r); err != nil {
		return err
	}
	for _, t := range r.Transport {
		if len(t.OtherRegion) > 0 && g.Mode == "dfa" && !allowTransport {
			return fmt.Errorf("the gradient of %q reads weights of another region: %v; a dfa program must not, unless the model allows it", t.Param, t.OtherRegion)
		}
	}
	return nil
}

// proveUnlocked shows that regions are independent in the backward phase: with the graft sections removed, no node of a region
// reads a node of another, nor a value or weight of another that no cut hands to it. Sums over regions are barriers and stand
// apart.
func proveUnlocked(g *graph.Graph, r *Report, allowTransport bool) error {
	learned := slices.ContainsFunc(r.Points, func(p PointReport) bool { return p.LearnedOperator })
	backward := func(n *graph.Node) bool {
		return n.Phase == graph.Backward && n.Label != sharedLabel && !n.Op.Is(graph.Effect)
	}
	weights := weightRegions(g)
	for _, n := range g.Nodes {
		if n.Phase == graph.Graft {
			if err := proveDelivery(n, n.Args, learned); err != nil {
				return err
			}
		}
		if !backward(n) {
			continue
		}
		own, args := n.Label, n.Args
		if n.Op.Name == "fused_project" || n.Op.Name == "fused_project_generated" { // the delivery is part of the node
			if err := proveDelivery(n, args[:2], learned); err != nil {
				return err
			}
			args = args[2:]
		}
		for _, a := range args {
			if a.Node.Phase == graph.Backward && a.Node.Label != own {
				return fmt.Errorf("the backward parts of regions %q and %q are connected at %s (%v)", own, a.Node.Label, n.Op.Name, n.Pos)
			}
			if leaf := a.Node.Op.Name == "param"; leaf && !allowTransport && !slices.Contains(weights[a], own) {
				return fmt.Errorf("the backward part of region %q reads %v, a weight of %v, at %s (%v)", own, a, weights[a], n.Op.Name, n.Pos)
			}
			if from := a.Node.Region; a.Node.Phase == graph.Forward && from != "" && from != own && !slices.Contains(a.ReadBy, own) {
				return fmt.Errorf("the backward part of region %q reads a value of region %q that no cut hands to it, at %s (%v)", own, from, n.Op.Name, n.Pos)
			}
		}
	}
	return nil
}

// proveDelivery shows that what n reads to deliver an error is the error, feedback matrices and fixed operators, and nothing
// learned by gradient and no activation, but for the entries of an operator that the definition calls learned.
func proveDelivery(n *graph.Node, args []*graph.Value, learned bool) error {
	for i, a := range args {
		if operator := n.Op.Name == "spmm" && i == 1; operator && learned && a.Node.Op.Name != "param" {
			continue
		}
		if a.Node.Op.Name == "param" || a.Node.Phase == graph.Forward {
			return fmt.Errorf("the delivery of an error reads %v, at %s (%v)", a, n.Op.Name, n.Pos)
		}
	}
	return nil
}

// proveOneGradient shows that each parameter has exactly one gradient or none and is then listed as frozen and never stored.
func proveOneGradient(g *graph.Graph, r *Report) error {
	count := map[string]int{}
	for _, n := range g.Nodes {
		if name, ok := gradientName(n); ok {
			count[name]++
		}
		if n.Op.Name == "store" && g.Leaf(n.Name()) != nil && g.Leaf(n.Name()).Is("param") {
			count[n.Name()]++
		}
	}
	for _, p := range g.Leaves("param") {
		name := p.Node.Name()
		frozen := slices.Contains(r.Frozen, name)
		switch {
		case frozen && count[name] > 0:
			return fmt.Errorf("parameter %q is frozen, but the program updates it", name)
		case !frozen && count[name] != 1:
			return fmt.Errorf("parameter %q has %d gradients", name, count[name])
		}
	}
	return nil
}

// weightRegions returns the regions whose forward part reads each parameter, directly or through values made of weights alone.
func weightRegions(g *graph.Graph) map[*graph.Value][]string {
	only := weightOnly(g)
	out := map[*graph.Value][]string{}
	for _, n := range g.Nodes {
		if n.Region == "" {
			continue
		}
		for _, a := range n.Args {
			for _, p := range only[a] {
				if !slices.Contains(out[p], n.Region) {
					out[p] = append(out[p], n.Region)
				}
			}
		}
	}
	return out
}

// weightOnly returns, for every value that is made of parameters alone (transposed, packed and scaled copies count), those
// parameters.
func weightOnly(g *graph.Graph) map[*graph.Value][]*graph.Value {
	out := map[*graph.Value][]*graph.Value{}
	for _, n := range g.Nodes {
		if n.Op.Name == "param" {
			out[n.Results[0]] = []*graph.Value{n.Results[0]}
			continue
		}
		if len(n.Args) == 0 || n.Phase == graph.Update {
			continue
		}
		var params []*graph.Value
		for _, a := range n.Args {
			if a.Is("const") || a.Is("positions") {
				continue // fixed, whatever the weights
			}
			if out[a] == nil {
				params = nil
				break
			}
			for _, p := range out[a] {
				if !slices.Contains(params, p) { // a value may come by many paths
					params = append(params, p)
				}
			}
		}
		for _, v := range n.Results {
			if params != nil {
				out[v] = slices.Clone(params)
			}
		}
	}
	return out
}
