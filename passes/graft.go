package passes

import (
	"fmt"

	"graft/feedback"
	"graft/graph"
)

// graft delivers the projected cotangent of its error site to every cut. It appends to the definition: the site's cotangent (a
// placeholder that differentiate resolves), projections of it, and a seed for each point.
var graft = Pass{
	Name: "graft",
	Why:  "a random projection of the error takes the place of the gradient that was cut",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			c.Copy(n)
		}
		if err := c.New.Err(); err != nil {
			return nil, err
		}
		cuts := c.New.Effects("cut")
		if err := checkSites(c.New, cuts); err != nil {
			return nil, err
		}
		for _, s := range c.New.Effects("error") {
			if err := graftSite(c.New, s, cuts, o.Feedback); err != nil {
				return nil, err
			}
		}
		return c.New, c.New.Err()
	},
}

func graftSite(g *graph.Graph, site *graph.Node, cuts []*graph.Node, o feedback.Options) error {
	var targets []feedback.Target
	for _, n := range cuts {
		if n.Str("site") != site.Str("site") || !n.Bool("graft") {
			continue
		}
		t := feedback.Target{Name: n.Str("point"), Value: n.Args[0], Rows: n.Int("rows")}
		if len(n.Args) == 3 {
			t.Operator = &feedback.Operator{Pattern: n.Args[1], Entries: n.Args[2]}
		}
		targets = append(targets, t)
	}
	if len(targets) == 0 {
		return nil
	}
	defer g.At(g.At(graph.Context{Pos: site.Pos}))
	cot := g.Add("cotangent", graph.Attrs{"site": site.Str("site"), "rows": site.Int("rows")}, site.Results[0])[0]
	delivered, err := feedback.Deliver(g, feedback.Site{Name: site.Str("site"), Cotangent: cot, Rows: site.Int("rows")}, targets, o)
	if err != nil {
		return err
	}
	for i, t := range targets {
		g.Add("seed", graph.Attrs{"point": t.Name}, t.Value, delivered[i])
	}
	return nil
}

// checkSites refuses a point whose site does not exist or does not depend on it.
func checkSites(g *graph.Graph, cuts []*graph.Node) error {
	sites := map[string]*graph.Node{}
	for _, s := range g.Effects("error") {
		sites[s.Str("site")] = s
	}
	for _, n := range cuts {
		s := sites[n.Str("site")]
		if s == nil {
			return fmt.Errorf("%v: feedback point %q: there is no error site %q", n.Pos, n.Str("point"), n.Str("site"))
		}
		if !reaches(g, n.Results[0], s.Results[0]) {
			return fmt.Errorf("%v: feedback point %q is not an ancestor of its error site %q (%v)", n.Pos, n.Str("point"), n.Str("site"), s.Pos)
		}
	}
	return nil
}

// reaches reports whether to depends on from.
func reaches(g *graph.Graph, from, to *graph.Value) bool {
	seen := map[*graph.Node]bool{from.Node: true}
	for _, n := range g.Nodes {
		for _, a := range n.Args {
			seen[n] = seen[n] || seen[a.Node]
		}
	}
	return seen[to.Node]
}
