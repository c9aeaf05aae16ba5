package geometric

import (
	"cmp"
	"slices"
)

// near is how many of the nodes that were numbered last count as near: their rows are likely to be in a processor's first cache.
const near = 64

// renumbered returns c with its nodes in an order in which neighbours lie near each other: what goes along edges then finds most rows in
// the cache. The next number goes to the node with the most neighbours among those that were numbered last; where there is none, a part
// of the graph begins with the node of least degree. Ties go to the lower degree, then to the lower old number.
//
// No result depends on the numbers but through draws, which are made by them: of dropout, and of splits.
func (c *Citation) renumbered() (*Citation, error) {
	neighbours := func(v int32) []int32 { return c.Adj.Col[c.Adj.RowPtr[v]:c.Adj.RowPtr[v+1]] }
	before := func(u, v int32) int {
		return cmp.Or(cmp.Compare(len(neighbours(u)), len(neighbours(v))), cmp.Compare(u, v))
	}
	starts := slices.SortedFunc(slices.Values(sequence(0, c.Nodes)), before)
	number := slices.Repeat([]int32{-1}, c.Nodes)
	var order []int32
	links := map[int32]int{} // to the near nodes, of those without a number
	count := func(v int32, by int) {
		for _, u := range neighbours(v) {
			if number[u] >= 0 {
				continue
			}
			if links[u] += by; links[u] == 0 {
				delete(links, u)
			}
		}
	}
	for len(order) < c.Nodes {
		next := int32(-1)
		for u, n := range links {
			if next < 0 || n > links[next] || n == links[next] && before(u, next) < 0 {
				next = u
			}
		}
		if next < 0 {
			for number[starts[0]] >= 0 {
				starts = starts[1:]
			}
			next = starts[0]
		}
		number[next] = int32(len(order))
		order = append(order, next)
		delete(links, next)
		count(next, 1)
		if len(order) > near {
			count(order[len(order)-1-near], -1)
		}
	}
	return c.permuted(order, number)
}

// permuted returns c with node order[i] as node i; number is the inverse.
func (c *Citation) permuted(order, number []int32) (*Citation, error) {
	out := *c
	rows := make([][]stored, c.Nodes)
	out.Label = make([]int32, c.Nodes)
	for i, v := range order {
		out.Label[i] = c.Label[v]
		for k := c.X.RowPtr[v]; k < c.X.RowPtr[v+1]; k++ {
			rows[i] = append(rows[i], stored{c.X.Col[k], c.XEntries[k]})
		}
	}
	renamed := func(nodes []int32) []int32 {
		to := make([]int32, len(nodes))
		for i, v := range nodes {
			to[i] = number[v]
		}
		return to
	}
	out.Train, out.Val, out.Test = renamed(c.Train), renamed(c.Val), renamed(c.Test)
	var err error
	if out.X, out.XEntries, err = sparse(rows, c.Features); err != nil {
		return nil, err
	}
	edges := make([][2]int32, len(c.Adj.Row))
	for k := range edges {
		edges[k] = [2]int32{number[c.Adj.Row[k]], number[c.Adj.Col[k]]}
	}
	if out.Adj, err = adjacency(c.Nodes, edges); err != nil {
		return nil, err
	}
	return &out, out.Validate()
}
