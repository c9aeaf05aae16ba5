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
// other values by numbers in order. The nodes of a program stand in sections by phase and region.
func (g *Graph) Write(w io.Writer) error {
	p := &printer{names: Names(g)}
	p.printf("graft-ir %d\n\n", Version)
	if !g.Program {
		p.printf("graph %s {\n", g.Name)
	} else {
		p.printf("program %s", g.Name)
		for _, kv := range g.header() {
			if *kv.value != "" {
				p.printf(" %s=%s", kv.key, *kv.value)
			}
		}
		p.printf(" {\n")
	}
	for _, r := range g.Relations {
		p.printf("  relation %v\n", r)
	}
	section := ""
	for _, n := range g.Nodes {
		if s := sectionHeader(n.Phase, n.Label); s != section {
			if section != "" {
				p.printf("  }\n")
			}
			if s != "" {
				p.printf("  %s {\n", s)
			}
			section = s
		}
		if section != "" {
			p.printf("  ")
		}
		p.printf("  %s\n", FormatNode(n, p.names))
	}
	if section != "" {
		p.printf("  }\n")
	}
	p.printf("}\n")
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	b     strings.Builder
	names map[*Value]string
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

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

// Names returns the name of every value in the text form, without the leading '%'.
func Names(g *Graph) map[*Value]string {
	names := map[*Value]string{}
	k := 0
	for _, n := range g.Nodes {
		for _, r := range n.Results {
			if n.Op.Is(Leaf) {
				names[r] = n.Name()
			} else {
				names[r] = strconv.Itoa(k)
				k++
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
