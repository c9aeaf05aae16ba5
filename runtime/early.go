package runtime

import (
	"cmp"
	"slices"

	"graft/graph"
)

// early returns the nodes of a program in the order in which they are planned: program order, but updates as soon as they may
// run. A gradient then dies shortly after it is computed, instead of all of them being alive at the end of the backward phase.
// An update waits for the other readers of the leaf that it changes and for what can fail, so that it may work in place. Sweeps
// stay together.
func early(g *graph.Graph) []*graph.Node {
	at := map[*graph.Node]int{} // the position that a node, or the last of its sweep, has, or that an update follows
	end := map[*graph.Node]int{}
	users := readers(g)
	stored := map[*graph.Value][]*graph.Value{} // the leaves that a value is stored to
	for _, n := range g.Effects("store") {
		stored[n.Args[0]] = append(stored[n.Args[0]], g.Leaf(n.Name()))
	}
	risky := 0
	for _, sweep := range g.Sweeps() {
		end[sweep[0]] = len(sweep) - 1
	}
	last := 0 // of the node's sweep
	for i, n := range g.Nodes {
		if !n.Joined {
			last = i + end[n]
		}
		at[n] = last
		if n.Phase != graph.Update && fallible(n) {
			risky = last
		}
	}
	for _, n := range g.Nodes {
		if n.Phase != graph.Update || fallible(n) {
			continue
		}
		after := risky
		for _, a := range n.Args {
			after = max(after, at[a.Node])
		}
		for _, r := range n.Results {
			for _, leaf := range stored[r] {
				for _, u := range users[leaf] {
					if u.Phase != graph.Update {
						after = max(after, at[u])
					}
				}
			}
		}
		at[n] = after
	}
	nodes := slices.Clone(g.Nodes)
	slices.SortStableFunc(nodes, func(a, b *graph.Node) int { return cmp.Compare(at[a], at[b]) })
	return nodes
}

// readers returns the nodes that read every value, also through a barrier.
func readers(g *graph.Graph) map[*graph.Value][]*graph.Node {
	users := g.Users()
	for _, n := range g.Nodes {
		if n.Op.Name == "barrier" {
			users[n.Args[0]] = append(users[n.Args[0]], users[n.Results[0]]...)
		}
	}
	return users
}
