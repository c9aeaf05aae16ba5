package passes

import (
	"maps"
	"slices"
	"strings"

	"graft/graph"
)

// products fuses each dense product with what is done to its elements, in this order and each at most once: a bias is added, a
// value of the product's type is added, and an activation, or an activation's gradient, is applied. An activation behind a reshape
// comes before it, and so does a gradient where the activation's result is there in the product's shape. Products are taken from the
// last to the first, so that of two that are added the later one adds the earlier one's result.
func (f *fusion) products() {
	for _, n := range slices.Backward(f.Nodes) {
		switch n.Op.Name {
		case "matmul":
			f.matmul(n)
		case "project", "project_generated":
			f.project(n)
		}
	}
}

func (f *fusion) matmul(n *graph.Node) {
	op, v := "fused_matmul", n.Results[0]
	attrs, last := graph.Attrs{}, n
	maps.Copy(attrs, n.Attrs)
	var bias, z, of *graph.Value
	take := func(next *graph.Node) {
		f.taken[last] = true
		last, v = next, next.Results[0]
	}
	if sum := f.follower(n, v); sum != nil && sum.Op.Name == "add" {
		if x, b := biasOf(sum); x == v {
			bias = b
			take(sum)
		}
	}
	if sum := f.follower(n, v); sum != nil && sum.Op.Name == "add" {
		other := sum.Args[0]
		if other == v {
			other = sum.Args[1]
		}
		// What comes after the product would make it wait.
		if other.Type.Equal(v.Type) && f.at[other.Node] < f.at[n] {
			op, z = "fused_matmul_add", other
			take(sum)
		}
	}
	act := f.follower(n, v)
	if act != nil && act.Op.Name == "reshape" {
		if behind := f.follower(n, act.Results[0]); behind != nil {
			if y := f.resultOf(behind, act.Results[0], v.Type); y != nil || slices.Contains(activations, behind.Op.Name) {
				take(act)
				act, of = behind, y
			}
		}
	}
	if act != nil && of == nil {
		of = f.resultOf(act, v, v.Type)
	}
	if act != nil && (of != nil || slices.Contains(activations, act.Op.Name)) {
		maps.Copy(attrs, actAttrs(act))
		take(act)
	}
	if last == n {
		return
	}
	args := slices.Clone(n.Args)
	for _, a := range []*graph.Value{z, bias, of} {
		if a != nil {
			args = append(args, a)
		}
	}
	f.by[last] = &whole{op, attrs, args, last.Results}
}

// resultOf returns the result, in type t, of the activation whose gradient act takes of v; or nil where act is no such gradient or that
// would be one more copy. A layer over more axes than two reshapes its activation for the product behind it, which is found here.
func (f *fusion) resultOf(act *graph.Node, v *graph.Value, t graph.Type) *graph.Value {
	if !isActivationGrad(act.Op.Name) || act.Args[0] != v {
		return nil
	}
	y := act.Args[1]
	if y.Type.Equal(t) {
		return y
	}
	for _, u := range f.users[y] {
		if u.Op.Name == "reshape" && u.Results[0].Type.Equal(t) && u.Phase < act.Phase &&
			u.Region == y.Node.Region && slices.Equal(u.Results[0].ReadBy, y.ReadBy) { // and may be read where y may be
			return u.Results[0]
		}
	}
	return nil
}

// follower returns the node that alone reads v, if it is part of the same region as n, which v has been made of: nothing is merged
// across regions.
func (f *fusion) follower(n *graph.Node, v *graph.Value) *graph.Node {
	next := f.onlyReader(v)
	if next == nil || next.Phase != n.Phase || next.Label != n.Label || next.Region != n.Region {
		return nil
	}
	return next
}

// project fuses a projected error and the activation's gradient that alone reads it. The projection carries no cotangent, so it may
// become part of the region that it is delivered to.
func (f *fusion) project(n *graph.Node) {
	next := f.onlyReader(n.Results[0])
	if next == nil || !isActivationGrad(next.Op.Name) || next.Args[0] != n.Results[0] {
		return
	}
	attrs := actAttrs(next)
	maps.Copy(attrs, n.Attrs)
	f.taken[n] = true
	f.by[next] = &whole{"fused_" + n.Op.Name, attrs, append(slices.Clone(n.Args), next.Args[1]), next.Results}
}

func isActivationGrad(op string) bool {
	name, ok := strings.CutSuffix(op, "_grad")
	return ok && slices.Contains(activations, name)
}
