package passes

import (
	"cmp"
	"slices"

	"graft/graph"
)

// section is where a node stands in the text form.
type section struct {
	phase graph.Phase
	label string
}

// layout puts a program into its canonical order: leaves, then the sections by phase, those of the backward phase as they
// depend on one another, each holding its nodes in the order in which they were built.
func layout(g *graph.Graph) (*graph.Graph, error) {
	if err := g.Err(); err != nil {
		return nil, err
	}
	c := graph.NewCopier(g)
	for _, n := range g.Nodes {
		if n.Op.Is(graph.Leaf) {
			c.Copy(n)
		}
	}
	rest := slices.DeleteFunc(slices.Clone(g.Nodes), func(n *graph.Node) bool { return n.Op.Is(graph.Leaf) })
	done := map[*graph.Node]bool{}
	ready := func(n *graph.Node) bool {
		return !slices.ContainsFunc(n.Args, func(a *graph.Value) bool { return !a.Node.Op.Is(graph.Leaf) && !done[a.Node] })
	}
	take := func(s section) {
		rest = slices.DeleteFunc(rest, func(n *graph.Node) bool {
			if (section{n.Phase, n.Label}) != s || !ready(n) {
				return false
			}
			done[n] = true
			c.Copy(n)
			return true
		})
	}
	for len(rest) > 0 {
		take(nextSection(rest, ready))
	}
	return c.New, c.New.Err()
}

// nextSection chooses the earliest phase with a node that is ready, and in it the section whose nodes depend on no node of
// another section that is still to come; failing that, the first that is ready.
func nextSection(rest []*graph.Node, ready func(*graph.Node) bool) section {
	var candidates []section
	for _, n := range rest {
		if s := (section{n.Phase, n.Label}); ready(n) && !slices.Contains(candidates, s) {
			candidates = append(candidates, s)
		}
	}
	// Graft belongs to the backward phase: which of its sections comes next is a matter of dependence.
	rank := func(p graph.Phase) int {
		if p == graph.Graft {
			return int(graph.Backward)
		}
		return int(p)
	}
	slices.SortStableFunc(candidates, func(a, b section) int { return cmp.Compare(rank(a.phase), rank(b.phase)) })
	for _, s := range candidates {
		if rank(s.phase) == rank(candidates[0].phase) && closed(rest, s) {
			return s
		}
	}
	return candidates[0]
}

// closed reports whether the remaining nodes of s depend on remaining nodes of s only.
func closed(rest []*graph.Node, s section) bool {
	left := map[*graph.Node]bool{}
	for _, n := range rest {
		left[n] = true
	}
	for _, n := range rest {
		if (section{n.Phase, n.Label}) != s {
			continue
		}
		for _, a := range n.Args {
			if left[a.Node] && (section{a.Node.Phase, a.Node.Label}) != s {
				return false
			}
		}
	}
	return true
}
