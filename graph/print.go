package graph

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Version is the version of the text form that this package writes and reads.
const Version = 1

// String returns g in its canonical text form, which Parse reads back to an equal graph.
func (g *Graph) String() string {
	var b strings.Builder
	g.Write(&b)
	return b.String()
}

// Write writes g in its canonical text form: a version line, a header, and one node a line. Leaves are called by their names,
// other values by numbers in order, those of phase once apart. The nodes of a program stand in sections by phase and region.
func (g *Graph) Write(w io.Writer) error {
	var b strings.Builder
	g.writeTop(&b)
	for _, l := range g.lines(g.Nodes) {
		l.write(&b)
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// writeTop writes what stands before the nodes.
func (g *Graph) writeTop(b *strings.Builder) {
	fmt.Fprintf(b, "graft-ir %d\n\n", Version)
	if g.Program {
		fmt.Fprintf(b, "program %s", g.Name)
		for _, kv := range g.header() {
			if *kv.value != "" {
				fmt.Fprintf(b, " %s=%s", kv.key, *kv.value)
			}
		}
	} else {
		fmt.Fprintf(b, "graph %s", g.Name)
	}
	b.WriteString(" {\n")
	for _, r := range g.Relations {
		fmt.Fprintf(b, "  relation %v\n", r)
	}
}

// textLine is a line of the text form between the header and the last brace: a node, or a border of a section.
type textLine struct {
	text  string
	depth int   // of indentation: 1, or 2 in a section
	node  *Node // the node; of a section's header, the first of its nodes; nil where a section ends
}

func (l textLine) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s%s\n", strings.Repeat("  ", l.depth), l.text)
}

// opens reports whether l is the header of a section, and closes whether it is its end.
func (l textLine) opens() bool  { return l.node != nil && l.depth == 1 && l.node.Phase != NoPhase }
func (l textLine) closes() bool { return l.node == nil }

// lines returns the lines of the given nodes of g, which may be some of them, in the sections that they belong to.
func (g *Graph) lines(nodes []*Node) []textLine {
	var out []textLine
	names, open := Names(g), ""
	enter := func(section string, first *Node) {
		if section == open {
			return
		}
		if open != "" {
			out = append(out, textLine{"}", 1, nil})
		}
		if section != "" {
			out = append(out, textLine{section + " {", 1, first})
		}
		open = section
	}
	for _, n := range nodes {
		enter(sectionHeader(n.Phase, n.Label), n)
		depth := 1
		if open != "" {
			depth = 2
		}
		out = append(out, textLine{FormatNode(n, names), depth, n})
	}
	enter("", nil)
	return out
}

type headerField struct {
	key   string
	value *string
}

func (g *Graph) header() []headerField {
	return []headerField{{"mode", &g.Mode}, {"granularity", &g.Granularity}, {"part", &g.Part}}
}

func sectionHeader(p Phase, label string) string {
	if p == NoPhase {
		return ""
	}
	if label == "" {
		return p.String()
	}
	return p.String() + " " + strconv.Quote(label)
}

// Names returns the name of every value in the text form, without the leading '%': a leaf's own name, otherwise a number. Values
// of phase once are numbered apart, as once0 and so on, so that the other sections read the same with and without them.
func Names(g *Graph) map[*Value]string {
	names := map[*Value]string{}
	number, once := 0, 0
	for _, n := range g.Nodes {
		for _, r := range n.Results {
			switch {
			case n.Op.Is(Leaf):
				names[r] = n.Name()
			case n.Phase == Once:
				for g.leaves[fmt.Sprintf("once%d", once)] != nil { // the name is a leaf's
					once++
				}
				names[r] = fmt.Sprintf("once%d", once)
				once++
			default:
				names[r] = strconv.Itoa(number)
				number++
			}
		}
	}
	return names
}

// FormatNode returns the line of one node.
func FormatNode(n *Node, names map[*Value]string) string {
	var b strings.Builder
	b.WriteString(joint(n))
	for i, r := range n.Results {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("%" + names[r])
	}
	if len(n.Results) > 0 {
		b.WriteString(" = ")
	}
	b.WriteString(n.Op.Name)
	if !n.Op.Is(Leaf) && n.Name() != "" {
		b.WriteString(" " + strconv.Quote(n.Name()))
	}
	for i, a := range n.Args {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(" %" + names[a])
	}
	b.WriteString(formatAttrs(n))
	for i, r := range n.Results {
		if i == 0 {
			b.WriteString(" : ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(r.Type.String())
	}
	return b.String()
}

// joint is what the line of a node that is joined to the one before it begins with.
func joint(n *Node) string {
	if n.Joined {
		return "| "
	}
	return ""
}

// formatAttrs writes the attributes that differ from their defaults, in table order.
func formatAttrs(n *Node) string {
	var parts []string
	for _, spec := range n.Op.Attrs {
		v, ok := n.Attrs[spec.Name]
		switch {
		case !ok || spec.Name == "name":
		case spec.Kind == BoolAttr && v == true:
			parts = append(parts, spec.Name)
		default:
			parts = append(parts, spec.Name+"="+formatAttr(spec.Kind, v))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " {" + strings.Join(parts, ", ") + "}"
}
