package passes

import (
	"slices"

	"graft/graph"
)

// denseGradients makes one node of the gradients of a dense layer's weight and bias, which both read the layer's cotangent: the
// bias's is its sum over rows, and costs next to nothing where the product has it in the cache.
func (f *fusion) denseGradients() {
	for _, n := range f.Nodes {
		if n.Op.Name != "matmul" || !n.Bool("transA") || n.Bool("transB") || n.Results[0].Type.Rank() != 2 || f.taken[n] || f.by[n] != nil {
			continue
		}
		x, dy := n.Args[0], n.Args[1]
		sum := f.rowSum(dy, n)
		if sum == nil {
			continue
		}
		// The node stands where the first of the two stood, since either may have readers right behind.
		first, second := n, sum
		if f.at[sum] < f.at[n] {
			first, second = sum, n
		}
		if f.at[x.Node] > f.at[first] {
			continue
		}
		f.taken[second] = true
		f.by[first] = &whole{"weight_bias_grad", nil, []*graph.Value{x, dy}, []*graph.Value{n.Results[0], sum.Results[0]}}
	}
}

// rowSum returns the node that sums the rows of dy in the same region as n, if nothing else has been made of it; or nil.
func (f *fusion) rowSum(dy *graph.Value, n *graph.Node) *graph.Node {
	for _, u := range f.users[dy] {
		if u.Op.Name == "sum" && slices.Equal(u.Ints("axes"), []int{0}) && !f.taken[u] && f.by[u] == nil &&
			u.Phase == n.Phase && u.Label == n.Label && u.Region == n.Region {
			return u
		}
	}
	return nil
}
