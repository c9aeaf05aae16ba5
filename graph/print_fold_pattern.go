package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pattern is a line with holes: lines with equal keys differ in what stands in the holes and in nothing else.
type pattern struct {
	key    string
	paths  []string // names of nodes, leaves, streams, points, sites and sections, as written
	words  []string // factors of dimensions and integers, as "dim 64", and other numeric attributes, as "by=2.0"
	values []ref    // other values: results, then operands
	made   int      // so many of the values are results
}

// ref is a value that is no leaf: its number, and whether it is one of phase once, which are numbered apart.
type ref struct {
	once   bool
	number int
}

func (r ref) plus(n int) ref { return ref{r.once, r.number + n} }

func (r ref) compare(s ref) int {
	if r.once != s.once {
		return cmp.Compare(r.String(), s.String())
	}
	return cmp.Compare(r.number, s.number)
}

func (r ref) String() string {
	if r.once {
		return "%once" + strconv.Itoa(r.number)
	}
	return "%" + strconv.Itoa(r.number)
}

func newPattern(l textLine, names map[*Value]string) pattern {
	switch {
	case l.closes():
		return pattern{key: "}"}
	case l.opens():
		return pattern{key: l.node.Phase.String() + " {", paths: []string{l.node.Label}}
	}
	n := l.node
	var p pattern
	var key strings.Builder
	key.WriteString(joint(n) + n.Op.Name)
	value := func(v *Value) {
		if v.Node.Op.Is(Leaf) {
			p.paths = append(p.paths, names[v])
			key.WriteString(" leaf")
			return
		}
		once := v.Node.Phase == Once
		number, _ := strconv.Atoi(strings.TrimPrefix(names[v], "once"))
		p.values = append(p.values, ref{once, number})
		fmt.Fprintf(&key, " once=%v", once)
	}
	for _, v := range n.Results {
		value(v)
		dtype, dims, _ := strings.Cut(v.Type.String(), "[")
		fmt.Fprintf(&key, ":%s[%s", dtype, p.dims(dims))
	}
	p.made = len(p.values)
	for _, v := range n.Args {
		value(v)
	}
	for _, spec := range n.Op.Attrs {
		v, ok := n.Attrs[spec.Name]
		if !ok {
			continue
		}
		text := formatAttr(spec.Kind, v)
		switch {
		case spec.Kind == StringAttr && slices.Contains([]string{"name", "stream", "point", "site"}, spec.Name):
			p.paths = append(p.paths, v.(string))
			text = ""
		case spec.Kind == FloatAttr:
			p.words = append(p.words, spec.Name+"="+text)
			text = ""
		case spec.Kind == IntAttr || spec.Kind == IntsAttr || spec.Kind == DimsAttr:
			text = p.dims(text)
		}
		fmt.Fprintf(&key, " %s=%s", spec.Name, text)
	}
	p.key = key.String()
	return p
}

// dims takes the numbers and symbols of a text for words, and returns the text with holes in their place.
func (p *pattern) dims(text string) string {
	var key strings.Builder
	for text != "" {
		n := strings.IndexAny(text, "[]*,; ")
		switch n {
		case 0:
			key.WriteByte(text[0])
			text = text[1:]
			continue
		case -1:
			n = len(text)
		}
		p.words = append(p.words, "dim "+text[:n])
		key.WriteByte('#')
		text = text[n:]
	}
	return key.String()
}
