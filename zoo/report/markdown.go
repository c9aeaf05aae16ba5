package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// markdown collects a page in the dialect of GitHub: CommonMark with tables.
type markdown struct{ b strings.Builder }

func renderMarkdown(w io.Writer, p *Page) error {
	var m markdown
	m.line("# " + escape(p.Title))
	if p.Lead != "" {
		m.line(escapeLine(p.Lead))
	}
	for _, s := range p.Sections {
		if s.Title != "" {
			m.line("## " + escape(s.Title))
		}
		for _, b := range s.Blocks {
			b.markdown(&m)
		}
	}
	_, err := io.WriteString(w, m.b.String())
	return err
}

// line adds lines with an empty one between them and what stands above.
func (m *markdown) line(lines ...string) {
	if len(lines) == 0 {
		return
	}
	if m.b.Len() > 0 {
		m.b.WriteByte('\n')
	}
	for _, l := range lines {
		m.b.WriteString(l)
		m.b.WriteByte('\n')
	}
}

func (p Paragraph) markdown(m *markdown) { m.line(escapeLine(string(p))) }

func (l List) markdown(m *markdown) {
	var lines []string
	for _, item := range l {
		lines = append(lines, "- "+escapeLine(item))
	}
	m.line(lines...)
}

func (c Code) markdown(m *markdown) {
	fence := "```"
	for strings.Contains(string(c), fence) {
		fence += "`"
	}
	m.line(fence, strings.TrimRight(printable(string(c)), "\n"), fence)
}

func (l Links) markdown(m *markdown) {
	var links []string
	for _, link := range l {
		links = append(links, "["+escape(link.Text)+"](<"+link.Href+">)")
	}
	m.line(strings.Join(links, " · "))
}

func (t *Table) markdown(m *markdown) {
	if t.Caption != "" {
		m.line("**" + escape(t.Caption) + "**")
	}
	lines, right := [][]string{{escape(t.Corner)}}, []bool{false}
	for i, name := range t.columns() {
		lines[0], right = append(lines[0], escape(name)), append(right, t.numeric(i))
	}
	for _, r := range t.Rows {
		cells := []string{escape(r.Head)}
		for _, c := range r.Cells {
			cells = append(cells, c.markdown())
		}
		lines = append(lines, cells)
	}
	m.line(tableLines(lines, right)...)
	for _, note := range t.notes() {
		m.line(escapeLine(note))
	}
}

// tableLines lays out a table, the head first, in columns that are as wide as their widest cell.
func tableLines(rows [][]string, right []bool) []string {
	widths := make([]int, len(right))
	for _, r := range rows {
		for i, c := range r {
			widths[i] = max(widths[i], utf8.RuneCountInString(c), len("--:"))
		}
	}
	lines := make([]string, 0, len(rows)+1)
	for n, r := range rows {
		var line, rule strings.Builder
		for i, c := range r {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			dashes := strings.Repeat("-", widths[i]-1)
			if right[i] {
				fmt.Fprintf(&line, "| %s%s ", space, c)
				fmt.Fprintf(&rule, "| %s: ", dashes)
			} else {
				fmt.Fprintf(&line, "| %s%s ", c, space)
				fmt.Fprintf(&rule, "| %s- ", dashes)
			}
		}
		lines = append(lines, line.String()+"|")
		if n == 0 {
			lines = append(lines, rule.String()+"|")
		}
	}
	return lines
}

func (c Cell) markdown() string {
	var parts []string
	text := strings.TrimSpace(escape(c.Text))
	if c.Bold && text != "" {
		text = "**" + text + "**"
	}
	for _, part := range []string{text, c.Mark.Sign()} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(c.Sub) > 0 {
		parts = append(parts, "("+escape(strings.Join(c.Sub, ", "))+")")
	}
	return strings.Join(parts, " ")
}

func (f *Figure) markdown(m *markdown) {
	m.line(f.image())
	if f.Caption != "" {
		m.line(escapeLine(f.Caption))
	}
}

func (f *Figure) image() string { return fmt.Sprintf("![%s](figures/%s.svg)", escape(f.Alt), f.Name) }

func (f Columns) markdown(m *markdown) {
	captions, images := make([]string, len(f)), make([]string, len(f))
	for i, figure := range f {
		captions[i], images[i] = escape(figure.Caption), figure.image()
	}
	if len(f) > 0 {
		m.line(tableLines([][]string{captions, images}, make([]bool, len(f)))...)
	}
}

// special is what has a meaning in the middle of a line, with the dollar sign of formulas.
const special = "\\`*_[]{}<>|~&$#"

// escape makes one line of plain text into Markdown that shows it.
func escape(s string) string {
	var b strings.Builder
	for _, r := range collapse(s) {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// escapeLine is escape for text at the beginning of a line, where "1." and "-" begin lists and "=" underlines a heading.
func escapeLine(s string) string {
	s = escape(s)
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits < len(s) && (strings.IndexByte("+-=", s[0]) >= 0 || digits > 0 && (s[digits] == '.' || s[digits] == ')')) {
		return s[:digits] + "\\" + s[digits:]
	}
	return s
}

// collapse makes white space single spaces. No-break spaces are kept.
func collapse(s string) string {
	return strings.Join(strings.FieldsFunc(printable(s), func(r rune) bool {
		return r == ' ' || r == '\n' || r == '\t'
	}), " ")
}

// printable drops control characters and replaces what is not UTF-8. Every kind of line end becomes a line feed.
func printable(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return r
		case r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == 0: // as CommonMark and package html/template have it
			return '\uFFFD'
		case unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF':
			return -1
		}
		return r
	}, s)
}
