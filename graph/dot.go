package graph

import (
	"fmt"
	"io"
	"strings"
)

// leafColors tells the kinds of leaves apart in WriteDot's drawings.
var leafColors = map[string]string{"input": "lightblue", "param": "khaki", "state": "lightgrey", "const": "white"}

// WriteDot writes g for Graphviz: a node for each node, with its attributes, an edge for each operand, with its type, a cluster
// for each section, and leaves coloured by kind. What is joined to the node before it is green.
func WriteDot(w io.Writer, g *Graph) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n", dotString(g.Name))
	b.WriteString("  rankdir=TB\n  node [shape=box, style=filled, fillcolor=white, fontname=monospace]\n  edge [fontname=monospace, fontsize=9]\n")
	id := map[*Node]int{}
	section, clusters := "", 0
	for i, n := range g.Nodes {
		id[n] = i
		if s := sectionHeader(n.Phase, n.Label); s != section {
			if section != "" {
				b.WriteString("  }\n")
			}
			if s != "" {
				fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%s\n", clusters, dotString(s))
				clusters++
			}
			section = s
		}
		if section != "" {
			b.WriteString("  ")
		}
		fmt.Fprintf(&b, "  n%d [label=%s%s]\n", i, dotString(dotLabel(n)), dotStyle(n))
	}
	if section != "" {
		b.WriteString("  }\n")
	}
	for _, n := range g.Nodes {
		for _, a := range n.Args {
			fmt.Fprintf(&b, "  n%d -> n%d [label=%s]\n", id[a.Node], id[n], dotString(a.Type.String()))
		}
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// dotLabel is the op with its name and, on a second line, its attributes.
func dotLabel(n *Node) string {
	s := n.Op.Name
	if n.Name() != "" {
		s += " " + n.Name()
	}
	if attrs := formatAttrs(n); attrs != "" {
		s += "\n" + strings.Trim(attrs, " {}")
	}
	return s
}

func dotStyle(n *Node) string {
	switch {
	case n.Op.Is(Leaf):
		color := leafColors[n.Op.Name]
		if color == "" {
			color = "white"
		}
		return ", shape=ellipse, fillcolor=" + color
	case n.Op.Is(Mark):
		return ", fillcolor=lightpink"
	case n.Op.Is(Effect):
		return ", style=bold"
	case n.Joined:
		return ", fillcolor=honeydew"
	}
	return ""
}

// dotString quotes s as the DOT language does: only quotes and backslashes are escaped, and \n ends a centred line.
func dotString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
