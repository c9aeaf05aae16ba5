package gorgonia

import "graft/graph"

// Share returns the share of p's floating-point operations under b that Gorgonia's own ops compute, from 0 to 1. It is 0 for
// a program without any.
func Share(p *graph.Graph, b graph.Binding) (float64, error) {
	if err := graph.Check(p); err != nil {
		return 0, err
	}
	var ours, all float64
	for _, n := range p.Nodes {
		flops, err := n.FLOPs().Bind(b)
		if err != nil {
			return 0, err
		}
		all += float64(flops)
		if ownRule(n) != nil {
			ours += float64(flops)
		}
	}
	if all == 0 {
		return 0, nil
	}
	return ours / all, nil
}
