package graph

import "slices"

func checkLoss(g *Graph, _ *stage) *fault {
	losses := g.Effects("loss")
	if len(losses) > 1 {
		return faultf(losses[1], "the loss is declared already, at %v", losses[0].Pos)
	}
	for _, n := range g.Nodes {
		if n.Op.Name == "cotangent" && len(losses) == 0 {
			return faultf(n, "the error site %q has no cotangent: the graph has no loss", n.Str("site"))
		}
	}
	return nil
}

// sites returns the error sites by name.
func sites(g *Graph) map[string]*Node {
	out := map[string]*Node{}
	for _, n := range g.Effects("error") {
		out[n.Str("site")] = n
	}
	return out
}

// points returns the feedback points, cut or not.
func points(g *Graph) []*Node {
	return slices.DeleteFunc(slices.Clone(g.Nodes), func(n *Node) bool { return n.Op.Name != "feedback" && n.Op.Name != "cut" })
}

func checkSites(g *Graph, _ *stage) *fault {
	byName := sites(g)
	var names []string
	for _, n := range g.Effects("error") {
		name := n.Str("site")
		switch {
		case name == "":
			return faultf(n, "an error site needs a name")
		case byName[name] != n:
			return faultf(n, "there is another error site %q, at %v", name, byName[name].Pos)
		}
		names = append(names, name)
	}
	for _, n := range g.Nodes {
		switch n.Op.Name {
		case "feedback", "cut", "cotangent":
			if name := n.Str("site"); byName[name] == nil {
				return faultf(n, "there is no error site %q%s", name, suggest(name, names))
			}
		}
	}
	return nil
}

func checkPoints(g *Graph, _ *stage) *fault {
	first := map[string]*Node{}
	for _, n := range points(g) {
		name := n.Str("point")
		if name == "" {
			return faultf(n, "a feedback point needs a name")
		}
		if first[name] != nil {
			return faultf(n, "there is a feedback point %q already, at %v", name, first[name].Pos)
		}
		first[name] = n
	}
	return nil
}

// rowsAndWidth splits the elements of a marked value into its rows and the width of each.
func rowsAndWidth(n *Node) (rows, width Dim) {
	dims := n.Args[0].Type.Dims
	k := n.Int("rows")
	return product(dims[:k]), product(dims[k:])
}

func checkRows(g *Graph, _ *stage) *fault {
	byName := sites(g)
	for _, n := range points(g) {
		if !n.Bool("graft") {
			continue // nothing is delivered
		}
		site := byName[n.Str("site")]
		have, _ := rowsAndWidth(n)
		want, _ := rowsAndWidth(site)
		ratio, ok := have.Div(want)
		if _, number := ratio.Const(); !ok || !number {
			return faultf(n, "point %q has %v rows, which is not a whole multiple of the %v rows of its error site %q, %v",
				n.Str("point"), have, want, n.Str("site"), site.Results[0])
		}
	}
	return nil
}

func checkWidths(g *Graph, _ *stage) *fault {
	byName := sites(g)
	for _, n := range points(g) {
		if !n.Bool("graft") {
			continue
		}
		if _, width := rowsAndWidth(n); !width.isConst() {
			return faultf(n, "the rows of point %q have the width %v, which must be a number", n.Str("point"), width)
		}
		site := byName[n.Str("site")]
		if _, width := rowsAndWidth(site); !width.isConst() {
			return faultf(site, "the rows of error site %q have the width %v, which must be a number", n.Str("site"), width)
		}
	}
	return nil
}

func (d Dim) isConst() bool {
	_, ok := d.Const()
	return ok
}

func checkRoutes(g *Graph, _ *stage) *fault {
	for _, n := range points(g) {
		if len(n.Args) < 3 {
			continue
		}
		if rows, _ := rowsAndWidth(n); n.Args[1].Type.Dims[0] != rows {
			return faultf(n, "point %q has %v rows, its route operator is %v", n.Str("point"), rows, n.Args[1].Type)
		}
	}
	return nil
}

func checkAncestors(g *Graph, _ *stage) *fault {
	above := map[string]map[*Node]bool{}
	for name, n := range sites(g) {
		above[name] = ancestors(g, n)
	}
	for _, n := range points(g) {
		if site := n.Str("site"); !above[site][n] {
			return faultf(n, "point %q is not an ancestor of its error site %q", n.Str("point"), site)
		}
	}
	return nil
}

// ancestors returns the nodes that roots depend on, themselves included.
func ancestors(g *Graph, roots ...*Node) map[*Node]bool {
	seen := map[*Node]bool{}
	for _, n := range roots {
		seen[n] = true
	}
	for _, n := range slices.Backward(g.Nodes) {
		if seen[n] {
			for _, a := range n.Args {
				seen[a.Node] = true
			}
		}
	}
	return seen
}

func checkStreams(g *Graph, _ *stage) *fault {
	first := map[string]*Node{}
	for _, n := range g.Nodes {
		if spec, ok := n.Op.Attr("stream"); !ok || spec.Kind != StringAttr || !n.Op.Is(Random) {
			continue
		}
		stream := n.Str("stream")
		if m := first[stream]; m != nil {
			return faultf(n, "the stream %q is drawn from already, by the %s at %v", stream, m.Op.Name, m.Pos)
		}
		first[stream] = n
	}
	return nil
}

func checkSeeds(g *Graph, _ *stage) *fault {
	cuts, seeded := map[string]*Node{}, map[string]*Node{}
	for _, n := range g.Effects("cut") {
		cuts[n.Str("point")] = n
	}
	for _, n := range g.Effects("seed") {
		point := n.Str("point")
		switch {
		case cuts[point] == nil:
			return faultf(n, "no point %q is cut", point)
		case !cuts[point].Bool("graft"):
			return faultf(n, "point %q has graft=false: nothing is delivered to it", point)
		case seeded[point] != nil:
			return faultf(n, "point %q is seeded already, at %v", point, seeded[point].Pos)
		}
		seeded[point] = n
	}
	return nil
}
