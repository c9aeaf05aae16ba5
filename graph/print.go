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
func (g *Graph) Write(w io.Writer) error { return g.write(w, false) }

// WriteFolded writes g for reading: as Write does, but the update section, which repeats one rule for every parameter, and the
// state leaves are each folded into a line that counts them. What is folded cannot be parsed back.
func (g *Graph) WriteFolded(w io.Writer) error { return g.write(w, true) }

func (g *Graph) write(w io.Writer, fold bool) error {
	p := &printer{names: Names(g)}
	p.printf("graft-ir %d\n\n", Version)
	p.header(g)
	for _, r := range g.Relations {
		p.printf("  relation %v\n", r)
	}
	var folded []*Node
	for _, n := range g.Nodes {
		if fold && (n.Phase == Update || n.Op.Name == "state") {
			folded = append(folded, n)
			continue
		}
		p.enter(sectionHeader(n.Phase, n.Label))
		if p.section != "" {
			p.printf("  ")
		}
		p.printf("  %s\n", FormatNode(n, p.names))
	}
	p.enter("")
	if len(folded) > 0 {
		p.printf("  ... %s\n", countOps(folded))
	}
	p.printf("}\n")
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	b       strings.Builder
	names   map[*Value]string
	section string // the header of the section that is open, or ""
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

func (p *printer) header(g *Graph) {
	if !g.Program {
		p.printf("graph %s {\n", g.Name)
		return
	}
	p.printf("program %s", g.Name)
	for _, kv := range g.header() {
		if *kv.value != "" {
			p.printf(" %s=%s", kv.key, *kv.value)
		}
	}
	p.printf(" {\n")
}

// enter closes the open section and opens another, unless it is open already.
func (p *printer) enter(section string) {
	if section == p.section {
		return
	}
	if p.section != "" {
		p.printf("  }\n")
	}
	if section != "" {
		p.printf("  %s {\n", section)
	}
	p.section = section
}

// countOps counts nodes by op, in order of first appearance: "12 state, 6 adam, 18 store".
func countOps(nodes []*Node) string {
	var order []string
	count := map[string]int{}
	for _, n := range nodes {
		if count[n.Op.Name]++; count[n.Op.Name] == 1 {
			order = append(order, n.Op.Name)
		}
	}
	for i, op := range order {
		order[i] = fmt.Sprintf("%d %s", count[op], op)
	}
	return strings.Join(order, ", ")
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
