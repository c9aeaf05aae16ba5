package passes

import (
	"fmt"
	"slices"
	"strings"

	"graft/graph"
)

// cse computes equal nodes once. Across regions it merges only projections and values that carry no cotangent: the backward
// parts of two regions must stay apart, or they would not be independent. Within a region, backward takes from forward what it
// would compute again; where that is meant, recompute has put a barrier.
var cse = Pass{
	Name: "cse",
	Why:  "points that share a matrix share its projection",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		ids := map[*graph.Value]int{}
		first := map[string]*graph.Node{}
		for _, n := range g.Nodes {
			args := c.Values(n.Args)
			key := cseKey(n, args, ids)
			if m := first[key]; m != nil && key != "" && m.Phase <= n.Phase {
				for i, r := range n.Results {
					m.Results[i].ReadBy = slices.Concat(m.Results[i].ReadBy, r.ReadBy)
					c.Map(r, m.Results[i])
				}
				continue
			}
			m := c.Copy(n)
			if m == nil {
				break
			}
			first[key] = m
			for _, r := range m.Results {
				ids[r] = len(ids)
			}
		}
		return c.New, c.New.Err()
	},
}

// cseKey is equal for nodes that compute equal values and may be merged; "" for those that may not.
func cseKey(n *graph.Node, args []*graph.Value, ids map[*graph.Value]int) string {
	if n.Op.Is(graph.Leaf) || n.Op.Is(graph.Effect) || n.Op.Is(graph.Mark) {
		return ""
	}
	operands := make([]int, len(args))
	for i, a := range args {
		operands[i] = ids[a]
	}
	if n.Op.Is(graph.Commutative) {
		slices.Sort(operands[:2])
	}
	phase, region := n.Phase, n.Region
	if phase == graph.Backward {
		phase, region = graph.Forward, n.Label
	}
	var b strings.Builder
	fmt.Fprint(&b, n.Op.Name, operands, int(phase), "|", region)
	for _, spec := range n.Op.Attrs {
		fmt.Fprint(&b, "|", n.Attrs[spec.Name])
	}
	return b.String()
}
