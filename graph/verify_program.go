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
			case !a.Node.Op.Is(Leaf), a.Is("const"), (a.Is("state") || a.Is("param")) && !stored[leaf], a.Is("input") && (leaf == "seed" || !a.Type.IsScalar()):
			case stored[leaf]:
				return faultf(n, "operand %d, %v, is stored by the program", i, a)
			default:
				return faultf(n, "operand %d, %v, may change: once reads constants, what is never stored, and of scalar inputs \"seed\" alone", i, a)
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

func checkSweeps(g *Graph, _ *stage) *fault {
	for i, n := range g.Nodes {
		if n.Joined && (i == 0 || g.Nodes[i-1].Op.Is(Leaf)) {
			return faultf(n, "there is no node before it that it could be joined to")
		}
	}
	for _, nodes := range g.Sweeps() {
		for _, n := range nodes {
			first := nodes[0]
			if n.Phase != first.Phase || n.Label != first.Label {
				return faultf(n, "the node is joined to one of another section")
			}
			if n.Phase != Forward && n.Phase.rank() != Backward {
				return faultf(n, "there are no sweeps in the phase %q", n.Phase)
			}
		}
		if _, ok := SweepRows(nodes); ok {
			continue
		}
		for i := range nodes {
			if _, ok := SweepRows(nodes[:i+1]); !ok {
				return faultf(nodes[max(1, i)], "the node cannot be computed by the rows of the nodes that it is joined to")
			}
		}
	}
	return nil
}

func checkBarriers(g *Graph, _ *stage) *fault {
	for _, n := range g.Nodes {
		if n.Op.Name == "barrier" && n.Phase != Backward {
			return faultf(n, "a barrier stands in the phase %q, not in backward", n.Phase)
		}
		for i, a := range n.Args {
			switch {
			case !a.Is("barrier"):
			case n.Op.Is(Effect) || n.Phase != Backward || n.Label != a.Node.Label:
				return faultf(n, "operand %d, %v, is read outside of the section %q", i, a, sectionHeader(a.Node.Phase, a.Node.Label))
			case n.Op.Name == "barrier":
				return faultf(n, "a barrier is put on a barrier, %v", a)
			}
		}
	}
	return nil
}
