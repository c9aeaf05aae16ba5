package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
)

var (
	//go:embed page.tmpl
	pageTemplate string
	//go:embed style.css
	style string
)

// renderHTML writes the page as HTML that is also well-formed XML.
func renderHTML(w io.Writer, p *Page) error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"kind":    func(b Block) string { return fmt.Sprintf("%T", b) },
		"add":     func(a, b int) int { return a + b },
		"style":   func() template.CSS { return template.CSS(style) },
		"drawing": func(f *Figure) template.HTML { return template.HTML(f.SVG) }, // checkSVG has passed it
		"parts": func(name string) []string { // where a line may end in it
			var out []string
			for _, part := range strings.SplitAfter(name, ":") {
				out = append(out, strings.SplitAfter(part, "_")...)
			}
			return out
		},
		"contents": func(s []Section) bool { // whether a list of them helps
			return len(slices.DeleteFunc(slices.Clone(s), func(s Section) bool { return s.Title == "" })) > 1
		},
		"head":    head,
		"numeric": (*Table).numeric,
		"marked":  (*Table).marked,
		"first":   (*Table).first,
		"notes":   (*Table).notes,
	}).Parse(pageTemplate)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page.Execute(&b, p); err != nil {
		return err
	}
	_, err = io.WriteString(w, printable(b.String()))
	return err
}

// headCell is a cell of a table's head.
type headCell struct {
	Text       string
	Cols, Rows int
	Numeric    bool
	Marked     bool
	Group      bool // a group's title
	First      bool // stands a little apart from what is left of it
}

// head returns the rows of a table's head: one, or the groups' titles above the columns'.
func head(t *Table) [][]headCell {
	titles := t.grouped()
	var above, below []headCell
	column := 0
	for _, g := range t.Groups {
		if g.Title != "" {
			above = append(above, headCell{Text: g.Title, Cols: len(g.Columns), Rows: 1, Group: true, First: t.first(column)})
		}
		for _, c := range g.Columns {
			cell := headCell{Text: c, Cols: 1, Rows: 1, Numeric: t.numeric(column), Marked: t.marked(column), First: t.first(column)}
			if titles && g.Title == "" {
				cell.Rows = 2
				above = append(above, cell)
			} else {
				below = append(below, cell)
			}
			column++
		}
	}
	if titles {
		return [][]headCell{above, below}
	}
	return [][]headCell{below}
}
