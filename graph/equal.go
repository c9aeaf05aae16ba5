package graph

import (
	"fmt"
	"slices"
)

// Equal reports whether g and h are the same graph: the same header, relations, and nodes in the same order. Source
// positions and what is kept for the proofs alone (Node.Region, Value.ReadBy) do not count.
func (g *Graph) Equal(h *Graph) bool { return Diff(g, h) == "" }

// Diff describes the first difference between two graphs, or returns "" when they are equal.
func Diff(a, b *Graph) string {
	switch {
	case a == nil || b == nil:
		if a == b {
			return ""
		}
		return "one graph is nil"
	case a.Name != b.Name || a.Program != b.Program:
		return fmt.Sprintf("headers differ: %q (program: %v), %q (program: %v)", a.Name, a.Program, b.Name, b.Program)
	}
	for i, f := range a.header() {
		if h := b.header()[i]; *f.value != *h.value {
			return fmt.Sprintf("%s differs: %q, %q", f.key, *f.value, *h.value)
		}
	}
	sameRelation := func(r, s Relation) bool { return r.Sum == s.Sum && slices.Equal(r.Terms, s.Terms) }
	if !slices.EqualFunc(a.Relations, b.Relations, sameRelation) {
		return fmt.Sprintf("relations differ: %v, %v", a.Relations, b.Relations)
	}
	return diffNodes(a, b)
}

// diffNodes compares nodes pairwise; operands are equal when they are the same result of the same node in the list.
func diffNodes(a, b *Graph) string {
	namesA, namesB := Names(a), Names(b)
	pair := map[*Value]*Value{}
	for i := range min(len(a.Nodes), len(b.Nodes)) {
		n, m := a.Nodes[i], b.Nodes[i]
		if what := diffNode(n, m, pair); what != "" {
			return fmt.Sprintf("node %d: %s:\n\t%s\n\t%s", i, what, FormatNode(n, namesA), FormatNode(m, namesB))
		}
		for j, r := range n.Results {
			pair[r] = m.Results[j]
		}
	}
	if len(a.Nodes) != len(b.Nodes) {
		return fmt.Sprintf("%d nodes, %d nodes", len(a.Nodes), len(b.Nodes))
	}
	return ""
}

// diffNode names what differs between two nodes; pair says which values correspond.
func diffNode(n, m *Node, pair map[*Value]*Value) string {
	switch {
	case n.Op.Name != m.Op.Name:
		return "ops differ"
	case n.Phase != m.Phase || n.Label != m.Label:
		return fmt.Sprintf("sections %q and %q", sectionHeader(n.Phase, n.Label), sectionHeader(m.Phase, m.Label))
	case n.Joined != m.Joined:
		return "sweeps differ"
	case !slices.EqualFunc(n.Args, m.Args, func(x, y *Value) bool { return y != nil && pair[x] == y }):
		return "operands differ"
	case !slices.EqualFunc(n.Results, m.Results, func(x, y *Value) bool { return x.Type.Equal(y.Type) }):
		return "types differ"
	case len(n.Attrs) != len(m.Attrs):
		return "attributes differ"
	}
	for name, v := range n.Attrs {
		if w, ok := m.Attrs[name]; !ok || !attrEqual(v, w) {
			return "attribute " + name + " differs"
		}
	}
	return ""
}
