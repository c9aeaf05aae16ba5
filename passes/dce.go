package passes

import "graft/graph"

// dce drops what reaches no output and no store. The cut gradient work is dead code by now, so it is never executed.
var dce = Pass{
	Name: "dce",
	Why:  "work whose result nobody reads is not done",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		live := map[*graph.Node]bool{}
		for i := len(g.Nodes) - 1; i >= 0; i-- {
			n := g.Nodes[i]
			if !live[n] && !n.Op.Is(graph.Effect) {
				continue
			}
			live[n] = true
			for _, a := range n.Args {
				live[a.Node] = true
			}
		}
		for _, n := range g.Effects("store") { // which names its leaf and need not read it
			if leaf := g.Leaf(n.Name()); leaf != nil {
				live[leaf.Node] = true
			}
		}
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			// Parameters stay: a frozen one is part of the model still.
			if live[n] || n.Op.Name == "param" {
				c.Copy(n)
			}
		}
		return c.New, c.New.Err()
	},
}
