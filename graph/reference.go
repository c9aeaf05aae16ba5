package graph

import (
	"fmt"
	"io"
	"strings"
)

// flagNames are the flags that the op reference shows.
var flagNames = []struct {
	flag Flags
	name string
}{
	{Leaf, "leaf"}, {Mark, "mark"}, {Effect, "effect"}, {Elementwise, "elementwise"}, {Commutative, "commutative"},
	{Random, "random"}, {Differentiable, "differentiable"}, {Variadic, "variadic"}, {Optimizer, "update rule"}, {Fused, "fused"},
}

// attrKindNames are the kinds of attributes in the op reference.
var attrKindNames = [...]string{
	BoolAttr: "bool", IntAttr: "int", FloatAttr: "float", StringAttr: "string", WordAttr: "word", IntsAttr: "ints", DimsAttr: "dims",
}

// WriteOpReference writes t as Markdown: for each group of ops a table with their operands, attributes, flags and meaning.
func WriteOpReference(w io.Writer, t *Table) error {
	var groups []string
	byGroup := map[string][]*Op{}
	for _, op := range t.Ops() {
		if byGroup[op.Group] == nil {
			groups = append(groups, op.Group)
		}
		byGroup[op.Group] = append(byGroup[op.Group], op)
	}
	var b strings.Builder
	b.WriteString("# Ops\n\nA `?` marks an optional operand, `...` one that may be repeated. An attribute without a default is required.\n")
	for _, group := range groups {
		title := group
		if title == "" {
			title = "others"
		}
		fmt.Fprintf(&b, "\n## %s\n\n| op | operands | attributes | flags | meaning |\n| --- | --- | --- | --- | --- |\n", title)
		for _, op := range byGroup[group] {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", op.Name, markdownOperands(op), markdownAttrs(op), markdownFlags(op), cell(op.Doc))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownOperands(op *Op) string {
	if op.Operands == "" {
		return ""
	}
	return "`" + arityText(op) + "`"
}

func markdownAttrs(op *Op) string {
	var list []string
	for _, a := range op.Attrs {
		kind := "attribute"
		if int(a.Kind) < len(attrKindNames) {
			kind = attrKindNames[a.Kind]
		}
		if a.Enum != nil {
			kind = strings.Join(a.Enum, "\\|")
		}
		s := fmt.Sprintf("`%s` %s", a.Name, kind)
		if a.Default != nil {
			s += fmt.Sprintf(" = `%s`", cell(formatAttr(a.Kind, a.Default)))
		}
		list = append(list, s)
	}
	return strings.Join(list, "<br>")
}

func markdownFlags(op *Op) string {
	var list []string
	for _, f := range flagNames {
		if op.Is(f.flag) {
			list = append(list, f.name)
		}
	}
	return strings.Join(list, ", ")
}

// cell keeps text inside of its cell of a Markdown table.
func cell(s string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s) }
