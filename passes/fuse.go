package passes

import (
	"slices"

	"graft/graph"
)

// fuse makes one sweep over memory of an activation and the bias before it. The sum is kept apart where something else reads it.
var fuse = Pass{
	Name: "fuse",
	Why:  "an activation after a bias reads and writes memory once",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		users := g.Users()
		fused := map[*graph.Node]bool{}
		for _, n := range g.Nodes {
			if fusible(n, users) {
				fused[n.Args[0].Node] = true
			}
		}
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			switch {
			case fused[n]: // its reader computes it
			case fusible(n, users):
				x, bias := biasOf(n.Args[0].Node)
				attrs := graph.Attrs{"act": n.Op.Name}
				if n.Op.Name == "elu" {
					attrs["alpha"] = n.Float("alpha")
				}
				c.New.At(graph.Context{Phase: n.Phase, Label: n.Label, Region: n.Region, Pos: n.Pos})
				v := c.New.Add("bias_act", attrs, c.Value(x), c.Value(bias))[0]
				v.ReadBy = n.Results[0].ReadBy
				c.Map(n.Results[0], v)
			default:
				c.Copy(n)
			}
		}
		return c.New, c.New.Err()
	},
}

// fusible reports whether n is an activation that alone reads the sum of a value and a bias.
func fusible(n *graph.Node, users map[*graph.Value][]*graph.Node) bool {
	if !slices.Contains([]string{"relu", "elu", "sigmoid", "tanh"}, n.Op.Name) {
		return false
	}
	sum := n.Args[0]
	if !sum.Is("add") || len(users[sum]) != 1 {
		return false
	}
	x, _ := biasOf(sum.Node)
	return x != nil
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
