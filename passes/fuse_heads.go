package passes

import (
	"slices"

	"graft/graph"
)

// heads makes one op of the sums of products that graph attention makes of its heads: inner products of every node's heads with a
// vector for each, and the gradient of such vectors, a sum over nodes. Kept apart they would write and read an array of all the
// products of elements. In the gradient a number for each head has been repeated along the head, which it need not be.
func (f *fusion) heads() {
	for _, n := range f.Nodes {
		if n.Op.Name != "mul" || f.taken[n] || f.by[n] != nil {
			continue
		}
		sum := f.onlyReader(n.Results[0])
		if sum == nil || sum.Op.Name != "sum" || sum.Bool("keep") || sum.Phase != n.Phase || sum.Label != n.Label || sum.Region != n.Region {
			continue
		}
		x, y := f.headsOf(n, sum.Ints("axes"))
		if x == nil {
			continue
		}
		if y.Node.Op.Name == "broadcast" && len(f.users[y]) == 1 {
			f.taken[y.Node] = true
		}
		f.taken[n] = true
		f.by[sum] = &whole{"fused_mul_sum", graph.Attrs{"axes": sum.Ints("axes")}, []*graph.Value{x, narrow(y)}, sum.Results}
	}
}

// narrow returns what a broadcast repeats along axes that it has already; other values as they are.
func narrow(v *graph.Value) *graph.Value {
	if n := v.Node; n.Op.Name == "broadcast" && n.Args[0].Type.Rank() == v.Type.Rank() {
		return n.Args[0]
	}
	return v
}

// headsOf splits a product into an array of all its elements and one that is, once narrowed, the same for all nodes where the last
// axis is summed, or for all of a head where nodes are; or returns nil.
func (f *fusion) headsOf(n *graph.Node, axes []int) (x, y *graph.Value) {
	all := n.Results[0].Type.Dims
	last, same := len(all)-1, 0
	switch {
	case last < 1:
		return nil, nil
	case slices.Equal(axes, []int{0}):
		same = last
	case !slices.Equal(axes, []int{last}):
		return nil, nil
	}
	shared := slices.Clone(all)
	shared[same] = graph.Int(1)
	for i, y := range n.Args {
		if x := n.Args[1-i]; slices.Equal(x.Type.Dims, all) && slices.Equal(narrow(y).Type.Dims, shared) {
			return x, y
		}
	}
	return nil, nil
}
