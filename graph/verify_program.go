package graph

// rank orders phases in time. Projections are delivered during the backward phase.
func (p Phase) rank() Phase {
	if p == Graft {
		return Backward
	}
	return p
}

func checkPhases(g *Graph, s *stage) *fault {
	for _, n := range g.Nodes {
		outside := n.Op.Is(Leaf) || !s.program
		switch {
		case n.Phase > Update:
			return faultf(nil, "node %v has the phase %d, which does not exist", n.Op.Name, n.Phase)
		case outside && (n.Phase != NoPhase || n.Label != ""):
			return faultf(n, "the node stands in the section %q: a leaf, and every node of a definition, has none", sectionHeader(n.Phase, n.Label))
		case !outside && n.Phase == NoPhase:
			return faultf(n, "the node has no phase")
		}
	}
	return nil
}

func checkFlow(g *Graph, _ *stage) *fault {
	for _, n := range g.Nodes {
		for i, a := range n.Args {
			if a.Node.Phase.rank() > n.Phase.rank() {
				return faultf(n, "operand %d, %v, is computed in the later phase %q", i, a, a.Node.Phase)
			}
		}
	}
	return nil
}

func checkOnce(g *Graph, _ *stage) *fault {
	stored := map[string]bool{}
	for _, n := range g.Effects("store") {
		stored[n.Name()] = true
	}
	for _, n := range g.Nodes {
		if n.Phase != Once {
			continue
		}
		for i, a := range n.Args {
			leaf := a.Node.Name()
			switch {
			case !a.Node.Op.Is(Leaf), a.Is("const"), a.Is("state") && !stored[leaf], a.Is("input") && leaf == "seed" && a.Type.IsScalar():
			case stored[leaf]:
				return faultf(n, "operand %d, %v, is stored by the program", i, a)
			default:
				return faultf(n, "operand %d, %v, may change: once reads constants, states that are never stored, and the scalar input \"seed\"", i, a)
			}
		}
	}
	return nil
}

func checkOptimizers(g *Graph, _ *stage) *fault {
	for _, n := range g.Nodes {
		if n.Op.Is(Optimizer) && n.Phase != Update {
			return faultf(n, "%s stands in the phase %q, not in update", n.Op.Name, n.Phase)
		}
	}
	return nil
}

func checkDead(g *Graph, _ *stage) *fault {
	var effects []*Node
	for _, n := range g.Nodes {
		if n.Op.Is(Effect) {
			effects = append(effects, n)
		}
	}
	live := ancestors(g, effects...)
	for _, n := range g.Nodes {
		if !live[n] && !n.Op.Is(Leaf) { // an unread parameter is part of the model still
			return faultf(n, "no output and no store depends on the %s", n.Op.Name)
		}
	}
	return nil
}
