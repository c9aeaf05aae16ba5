package graph

import "math/rand/v2"

// Shuffle returns a copy of g in another topological order, drawn from seed: leaves first, then the nodes, which change
// places with independent ones of their own section. Sections stay in order; sweeps may come apart. It is used to show that no pass leans on the
// incidental order of a graph.
func Shuffle(g *Graph, seed int64) *Graph {
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	c := NewCopier(g)
	var leaves, nodes []*Node
	for _, n := range g.Nodes {
		if n.Op.Is(Leaf) {
			leaves = append(leaves, n)
		} else {
			nodes = append(nodes, n)
		}
	}
	for _, i := range r.Perm(len(leaves)) {
		c.Copy(leaves[i])
	}
	for len(nodes) > 0 {
		k := 1
		for k < len(nodes) && nodes[k].Phase == nodes[0].Phase && nodes[k].Label == nodes[0].Label {
			k++
		}
		for _, n := range randomOrder(nodes[:k], r) {
			c.Copy(n)
		}
		nodes = nodes[k:]
	}
	return c.New
}

// randomOrder returns the nodes in a random order in which each follows the nodes that it reads.
func randomOrder(nodes []*Node, r *rand.Rand) []*Node {
	unread := map[*Node]int{} // the operands of a node that have not been placed
	readers := map[*Node][]*Node{}
	for _, n := range nodes {
		unread[n] = 0
	}
	var ready, out []*Node
	for _, n := range nodes {
		for _, a := range n.Args {
			if _, inside := unread[a.Node]; inside {
				unread[n]++
				readers[a.Node] = append(readers[a.Node], n)
			}
		}
		if unread[n] == 0 {
			ready = append(ready, n)
		}
	}
	for len(ready) > 0 {
		i := r.IntN(len(ready))
		n := ready[i]
		ready[i] = ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		out = append(out, n)
		for _, m := range readers[n] {
			if unread[m]--; unread[m] == 0 {
				ready = append(ready, m)
			}
		}
	}
	return out
}
