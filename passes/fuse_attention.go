package passes

import (
	"maps"
	"slices"

	"graft/graph"
)

// manyKeys is the number of keys from which on attention is fused. To make scores twice costs more than it spares where they are few:
// with 39 keys of dim 16 attention and its gradient took 1.4 times as long as the ops apart, with 64 of dim 64 0.8 times.
const manyKeys = 64

// fuseAttention makes one op of the softmax of a head's scores and the products before and behind it, and one of each gradient that
// is taken of them. The transposes around them, from and to the layout of projections, become unnecessary. Where anything else
// reads scores or weights, all stays as it is.
var fuseAttention = Pass{
	Name: "fuse-attention",
	Why:  "scores and weights grow with the square of the time, and no more of them is needed at once than a tile",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		f := newFusion(g)
		mixes, grads := map[*graph.Node]*attention{}, map[*graph.Node]*attentionGrad{}
		for _, n := range g.Nodes {
			a := f.attention(n)
			if a == nil {
				continue
			}
			mixes[a.mix] = a
			for _, d := range a.grads {
				grads[d.nodes[0]] = d
			}
		}
		if len(mixes) == 0 {
			return g, nil
		}
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			if a := mixes[n]; a != nil {
				a.fused = f.replace(c, n, "attention", a.attrs, append(c.Values(a.operands), c.Values(a.key)...), n.Results[0])
			}
			if d := grads[n]; d != nil {
				a := d.of
				args := slices.Concat([]*graph.Value{c.Value(swapped(d.dy))}, c.Values(a.operands), a.fused, c.Values(a.key))
				f.replace(c, n, "attention_grad", a.attrs, args, d.results[:]...)
			}
			if len(n.Results) == 0 || c.Value(n.Results[0]) == nil {
				c.Copy(n)
			}
		}
		if err := c.New.Err(); err != nil {
			return nil, err
		}
		return dce.Run(c.New, o) // what has been replaced is dead
	},
}

// replace adds a node in the place of n. What swaps heads and time in one of the old values, which may be nil, becomes the new node's
// result of that number.
func (f *fusion) replace(c *graph.Copier, n *graph.Node, op string, attrs graph.Attrs, args []*graph.Value, old ...*graph.Value) []*graph.Value {
	c.New.At(graph.Context{Phase: n.Phase, Label: n.Label, Region: n.Region, Pos: n.Pos})
	results := c.New.Add(op, attrs, args...)
	for i, v := range old {
		for _, swap := range f.users[v] {
			results[i].ReadBy = append(results[i].ReadBy, swap.Results[0].ReadBy...)
			c.Map(swap.Results[0], results[i])
		}
	}
	return results
}

// attention is a pattern: mix = matmul(dropout(softmax(causal(matmul(scale(q), k')))), v), with or without a scale, a mask and dropout.
// Factors of its products are [batch, heads, time, dim], what they are made of and the operands [batch, time, heads, dim].
type attention struct {
	query, keys, values *graph.Value // factors
	weights, kept       *graph.Value // before and after dropout
	mix                 *graph.Node
	attrs               graph.Attrs
	operands, key       []*graph.Value // q, k and v; dropout's key, or none
	grads               []*attentionGrad
	fused               []*graph.Value
}

// attentionGrad are the nodes of one gradient of an attention, for the cotangent dy of mix's result.
type attentionGrad struct {
	of      *attention
	dy      *graph.Value
	nodes   []*graph.Node
	results [3]*graph.Value // the cotangents of q, k and v before they are swapped back; nil where there is none
}

// attention returns the attention of which n is the softmax, if that and its gradients can be replaced.
func (f *fusion) attention(n *graph.Node) *attention {
	if n.Op.Name != "softmax" {
		return nil
	}
	a := &attention{attrs: graph.Attrs{}, weights: n.Results[0], kept: n.Results[0]}
	scores, reader := n.Args[0], n
	if scores.Is("causal") && f.onlyReader(scores) == n {
		a.attrs["causal"], a.attrs["fill"] = true, scores.Node.Float("fill")
		scores, reader = scores.Arg(0), scores.Node
	}
	if !isMatmul(scores.Node, false, true) || f.onlyReader(scores) != reader {
		return nil
	}
	a.query, a.keys = scores.Arg(0), scores.Arg(1)
	q := a.query
	if q.Is("scale") {
		a.attrs["scale"], q = q.Node.Float("by"), q.Arg(0)
	}
	readers := f.users[a.weights]
	for _, u := range readers {
		if u.Op.Name == "dropout" && u.Float("rate") > 0 {
			a.kept, a.key = u.Results[0], u.Args[1:]
			a.attrs["rate"], a.attrs["stream"] = u.Float("rate"), u.Str("stream")
		}
	}
	if a.kept != a.weights {
		readers = slices.Concat(readers, f.users[a.kept])
	}
	for _, u := range readers {
		if isMatmul(u, false, false) && u.Args[0] == a.kept {
			a.mix, a.values = u, u.Args[1]
		}
	}
	if a.mix == nil || !f.onlySwapped(a.mix.Results[0]) {
		return nil
	}
	for _, u := range readers {
		if u != a.mix && u != a.kept.Node && !f.addGrad(a, u) {
			return nil
		}
	}
	if time, known := scores.Type.Dims[scores.Type.Rank()-1].Const(); known && time < manyKeys {
		return nil
	}
	a.operands = []*graph.Value{swapped(q), swapped(a.keys), swapped(a.values)}
	if slices.Contains(a.operands, nil) || slices.ContainsFunc(a.grads, func(d *attentionGrad) bool { return !f.complete(d) }) {
		return nil
	}
	return a
}

// addGrad adds the nodes of a gradient that begin with u, a reader of the weights, and reports whether that is what they are.
func (f *fusion) addGrad(a *attention, u *graph.Node) bool {
	switch {
	case isMatmul(u, true, false) && u.Args[0] == a.kept:
		return a.grad(u.Args[1]).set(2, u, u.Results[0])
	case u.Op.Name == "softmax_grad" && u.Args[1] == a.weights:
		return f.addScoreGrad(a, u)
	}
	return false
}

// grad returns the gradient for the cotangent dy.
func (a *attention) grad(dy *graph.Value) *attentionGrad {
	for _, d := range a.grads {
		if d.dy == dy {
			return d
		}
	}
	d := &attentionGrad{of: a, dy: dy}
	a.grads = append(a.grads, d)
	return d
}

// set says which value the gradient's result i is, and the node that makes it of the gradient's others.
func (d *attentionGrad) set(i int, n *graph.Node, v *graph.Value) bool {
	if d.results[i] != nil {
		return false
	}
	d.nodes, d.results[i] = append(d.nodes, n), v
	return true
}

// addScoreGrad follows the softmax's gradient n back to the product with the values, and on to those that make cotangents.
func (f *fusion) addScoreGrad(a *attention, n *graph.Node) bool {
	dw, reader := n.Args[0], n
	if a.kept != a.weights {
		drop := dw.Node
		if !dw.Is("dropout") || f.onlyReader(dw) != n || drop.Args[1] != a.key[0] || !maps.Equal(drop.Attrs, a.kept.Node.Attrs) {
			return false
		}
		dw, reader = drop.Args[0], drop
	}
	if !isMatmul(dw.Node, false, true) || dw.Arg(1) != a.values || f.onlyReader(dw) != reader {
		return false
	}
	d, ds := a.grad(dw.Arg(0)), n.Results[0]
	d.nodes = append(d.nodes, dw.Node, n)
	if a.attrs["causal"] != nil {
		mask := f.onlyReader(ds)
		if mask == nil || mask.Op.Name != "causal" || mask.Float("fill") != 0 {
			return false
		}
		ds = mask.Results[0]
	}
	for _, u := range f.users[ds] {
		ok := false
		switch {
		case isMatmul(u, false, false) && u.Args[0] == ds && u.Args[1] == a.keys:
			if v := f.scaled(u.Results[0], a.attrs["scale"]); v != nil {
				ok = d.set(0, u, v)
			}
		case isMatmul(u, true, false) && u.Args[0] == ds && u.Args[1] == a.query:
			ok = d.set(1, u, u.Results[0])
		}
		if !ok {
			return false
		}
	}
	return true
}

// scaled returns what the only reader of v makes of it, if that scales it so, and v where there is no scale.
func (f *fusion) scaled(v *graph.Value, by any) *graph.Value {
	if by == nil {
		return v
	}
	if n := f.onlyReader(v); n != nil && n.Op.Name == "scale" && n.Float("by") == by {
		return n.Results[0]
	}
	return nil
}

// complete reports whether one node of d's region can stand for d, and puts d's nodes in order.
func (f *fusion) complete(d *attentionGrad) bool {
	slices.SortFunc(d.nodes, func(n, m *graph.Node) int { return f.at[n] - f.at[m] })
	first := d.nodes[0]
	for _, n := range d.nodes {
		if n.Phase != first.Phase || n.Label != first.Label {
			return false
		}
	}
	for _, v := range d.results {
		if v != nil && !f.onlySwapped(v) {
			return false
		}
	}
	a := d.of
	before := []*graph.Value{a.query, a.keys, a.values, a.kept}
	for i, v := range append(slices.Clone(a.operands), a.mix.Results[0]) {
		if !mayRead(first.Label, v, before[i]) {
			return false
		}
	}
	return swapped(d.dy) != nil && f.at[a.mix] < f.at[first]
}

// mayRead reports whether what a region's backward part has read of forward values it may read of v, which they are made of or which
// is made of them, as well.
func mayRead(label string, v, before *graph.Value) bool {
	region := v.Node.Region
	return region == "" || region == label || region == before.Node.Region && len(before.ReadBy) == 0
}

// swapped returns the value of which v has the heads and the time exchanged, or nil.
func swapped(v *graph.Value) *graph.Value {
	if v.Is("transpose") && slices.Equal(v.Node.Ints("perm"), []int{0, 2, 1, 3}) {
		return v.Arg(0)
	}
	return nil
}

// onlySwapped reports whether all that is done with v is to exchange heads and time.
func (f *fusion) onlySwapped(v *graph.Value) bool {
	return !slices.ContainsFunc(f.users[v], func(n *graph.Node) bool { return len(n.Results) == 0 || swapped(n.Results[0]) == nil })
}

// isMatmul reports whether n is a product of which the factors are transposed or not.
func isMatmul(n *graph.Node, transA, transB bool) bool {
	return n.Op.Name == "matmul" && n.Bool("transA") == transA && n.Bool("transB") == transB
}
