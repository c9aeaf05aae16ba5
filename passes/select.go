package passes

import "graft/graph"

// eraseFeedback removes the feedback points, so that differentiation runs through the whole graph. It leaves them where
// cotangents are observed: they are what differentiation reports on before it drops them, identities that they are.
var eraseFeedback = Pass{
	Name: "erase-feedback",
	Why:  "backpropagation sees no feedback points",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		return eraseWhere(g, func(n *graph.Node) bool { return n.Op.Name == "feedback" && !o.Observe })
	},
}

// selectPoints removes the feedback points that the granularity does not select.
var selectPoints = Pass{
	Name: "select-points",
	Why:  "macro granularity keeps only the points after whole blocks",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		return eraseWhere(g, func(n *graph.Node) bool {
			return n.Op.Name == "feedback" && !o.Feedback.Selects(n.Str("level"))
		})
	},
}

// eraseWhere lets the first operand of the chosen nodes, which are identities, stand for their results.
func eraseWhere(g *graph.Graph, identity func(*graph.Node) bool) (*graph.Graph, error) {
	c := graph.NewCopier(g)
	for _, n := range g.Nodes {
		if identity(n) {
			c.Map(n.Results[0], c.Value(n.Args[0]))
		} else {
			c.Copy(n)
		}
	}
	return c.New, c.New.Err()
}

// cut makes a cut of every selected point.
var cut = Pass{
	Name: "cut",
	Why:  "no cotangent passes a selected feedback point",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			if n.Op.Name != "feedback" {
				c.Copy(n)
				continue
			}
			c.New.At(graph.Context{Pos: n.Pos})
			c.Map(n.Results[0], c.New.Add("cut", n.Attrs, c.Values(n.Args)...)[0])
		}
		return c.New, c.New.Err()
	},
}
