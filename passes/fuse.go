package passes

import (
	"slices"

	"graft/graph"
)

// fuse makes one sweep over memory of a dense product and what is done to its elements, and of an activation and the bias before
// it, one of a dense layer's gradients, and one of the inner products of heads. What something else reads is kept apart.
var fuse = Pass{
	Name: "fuse",
	Why:  "what follows a product is done while its result is in the cache, instead of in sweeps over memory",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		f := newFusion(g)
		f.products()
		f.biases()
		f.heads()
		f.denseGradients()
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			switch w := f.by[n]; {
			case f.taken[n]: // it is computed where the last of its group is
			case w != nil:
				c.New.At(graph.Context{Phase: n.Phase, Label: n.Label, Region: n.Region, Pos: n.Pos})
				for i, v := range c.New.Add(w.op, w.attrs, c.Values(w.args)...) {
					old := w.results[i]
					if t := old.Type; !v.Type.Equal(t) {
						v = c.New.Add("reshape", graph.Attrs{"shape": t.Dims}, v)[0]
					}
					v.ReadBy = old.ReadBy
					c.Map(old, v)
				}
			default:
				c.Copy(n)
			}
		}
		return c.New, c.New.Err()
	},
}

// fusion says what becomes of the nodes of a graph.
type fusion struct {
	*graph.Graph
	users map[*graph.Value][]*graph.Node
	at    map[*graph.Node]int    // places in the graph
	taken map[*graph.Node]bool   // nodes that others compute
	by    map[*graph.Node]*whole // what computes a node and those taken for it
}

// whole is a fused node; its results are reshaped to those that they stand for.
type whole struct {
	op      string
	attrs   graph.Attrs
	args    []*graph.Value
	results []*graph.Value
}

func newFusion(g *graph.Graph) *fusion {
	f := &fusion{g, g.Users(), map[*graph.Node]int{}, map[*graph.Node]bool{}, map[*graph.Node]*whole{}}
	for i, n := range g.Nodes {
		f.at[n] = i
	}
	return f
}

// onlyReader returns the node that alone reads v, and reads it once, if no other has been made of it; or nil. An output is a
// reader too.
func (f *fusion) onlyReader(v *graph.Value) *graph.Node {
	if u := f.users[v]; len(u) == 1 && !f.taken[u[0]] && f.by[u[0]] == nil {
		return u[0]
	}
	return nil
}

// biases fuses the sums of a value and a bias that an activation alone reads.
func (f *fusion) biases() {
	for _, n := range f.Nodes {
		if n.Op.Name != "add" || f.taken[n] || f.by[n] != nil {
			continue
		}
		act := f.onlyReader(n.Results[0])
		if act == nil || !slices.Contains(activations, act.Op.Name) {
			continue
		}
		if x, bias := biasOf(n); x != nil {
			f.taken[n] = true
			f.by[act] = &whole{"bias_act", actAttrs(act), []*graph.Value{x, bias}, act.Results}
		}
	}
}

// activations can be fused with what comes before them, and so can their gradients.
var activations = []string{"relu", "elu", "sigmoid", "tanh"}

// actAttrs are the attributes of a fused op that ends in the activation, or gradient, n.
func actAttrs(n *graph.Node) graph.Attrs {
	attrs := graph.Attrs{"act": n.Op.Name}
	if n.Op.Name == "elu" || n.Op.Name == "elu_grad" {
		attrs["alpha"] = n.Float("alpha")
	}
	return attrs
}

// biasOf splits a sum into a value and a vector along its last axis.
func biasOf(n *graph.Node) (x, bias *graph.Value) {
	for i, b := range n.Args {
		x := n.Args[1-i]
		if r := x.Type.Rank(); b.Type.Rank() == 1 && r > 1 && b.Type.Dims[0] == x.Type.Dims[r-1] {
			return x, b
		}
	}
	return nil, nil
}
