package passes

import (
	"slices"

	"graft/graph"
)

// hoist moves forward work to phase once that reads nothing but constants, inputs that stay the same and parameters that are not trained.
// In shallow, whose lower layers are frozen, that is most of a full-batch step.
var hoist = Pass{
	Name: "hoist",
	Why:  "what is the same at every step is computed at the first",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		trained := map[string]bool{}
		for _, n := range g.Effects("store") {
			trained[n.Name()] = true
		}
		same := func(v *graph.Value) bool {
			switch name := v.Node.Name(); v.Node.Op.Name {
			case "const":
				return true
			case "param":
				return !trained[name] && (o.Part != Predict || slices.Contains(o.Frozen, name))
			case "state":
				return !trained[name] && o.Part != Predict
			case "input":
				return !v.Type.IsScalar() || name == "seed"
			}
			return v.Node.Phase == graph.Once
		}
		c := graph.NewCopier(g)
		var later []*graph.Node
		moved := map[*graph.Value]bool{}
		for _, n := range g.Nodes {
			leaf := n.Op.Is(graph.Leaf)
			moves := n.Phase == graph.Forward && !n.Op.Is(graph.Effect) && !slices.ContainsFunc(n.Args, func(v *graph.Value) bool { return !same(v) && !moved[v] })
			if !leaf && n.Phase != graph.Once && !moves {
				later = append(later, n)
				continue
			}
			m := c.Copy(n)
			if m != nil && moves {
				m.Phase, m.Label = graph.Once, ""
			}
			for _, r := range n.Results {
				moved[r] = moves
			}
		}
		for _, n := range later {
			c.Copy(n)
		}
		return c.New, c.New.Err()
	},
}
