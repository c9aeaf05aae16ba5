package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// checker goes through a page before anything of it is written: it finds what is wrong and collects the figures.
type checker struct {
	where   string
	errs    []error
	figures []*Figure
	names   map[string]bool
}

func check(p *Page) ([]*Figure, error) {
	c := &checker{names: map[string]bool{}}
	for i, s := range p.Sections {
		for j, b := range s.Blocks {
			c.where = fmt.Sprintf("section %d, block %d", i+1, j+1)
			if b == nil {
				c.refuse("is nil")
				continue
			}
			b.check(c)
		}
	}
	return c.figures, errors.Join(c.errs...)
}

func (c *checker) refuse(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("report: "+c.where+": "+format, args...))
}

func (Paragraph) check(*checker) {}
func (List) check(*checker)      {}
func (Code) check(*checker)      {}

func (l Links) check(c *checker) {
	for _, link := range l {
		if !safe(link.Href) {
			c.refuse("link %q leads neither beside the report nor to an http address", link.Href)
		}
	}
}

var localLink = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./-]*$`)

func safe(href string) bool {
	if strings.HasPrefix(href, "http://") || strings.HasPrefix(href, "https://") {
		return !strings.ContainsFunc(href, func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'<>()\\`|", r) || r > '~' })
	}
	return localLink.MatchString(href) && path.Clean(href) == href
}

func (t *Table) check(c *checker) {
	if t == nil {
		c.refuse("is a nil table")
		return
	}
	columns := len(t.columns())
	if columns == 0 {
		c.refuse("table %q has no columns", t.Caption)
	}
	for i, g := range t.Groups {
		if len(g.Columns) == 0 {
			c.refuse("table %q: group %d %q has no columns", t.Caption, i+1, g.Title)
		}
	}
	for i, r := range t.Rows {
		if len(r.Cells) != columns {
			c.refuse("table %q: row %d %q has %d cells for %d columns", t.Caption, i+1, r.Head, len(r.Cells), columns)
		}
		for j, cell := range r.Cells {
			if cell.Mark < None || cell.Mark > Differs {
				c.refuse("table %q: row %d, cell %d has the unknown mark %d", t.Caption, i+1, j+1, cell.Mark)
			}
		}
	}
}

func (f Columns) check(c *checker) {
	for _, figure := range f {
		figure.check(c)
	}
}

var figureName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

func (f *Figure) check(c *checker) {
	switch {
	case f == nil:
		c.refuse("is a nil figure")
		return
	case !figureName.MatchString(f.Name):
		c.refuse("figure name %q is not letters, digits, - and _", f.Name)
	case c.names[strings.ToLower(f.Name)]: // some file systems do not tell cases apart
		c.refuse("figure name %q is used twice", f.Name)
	case strings.TrimSpace(f.Alt) == "":
		c.refuse("figure %q has no alternative text", f.Name)
	}
	if err := checkSVG(f.SVG); err != nil {
		c.refuse("figure %q: %w", f.Name, err)
	}
	c.names[strings.ToLower(f.Name)] = true
	c.figures = append(c.figures, f)
}

// checkSVG refuses a drawing that could not stand inside an HTML page, or that loads or runs anything.
func checkSVG(svg []byte) error {
	d := xml.NewDecoder(bytes.NewReader(svg))
	depth, roots := 0, 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("the SVG is not XML: %w", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				if roots++; e.Name.Local != "svg" {
					return fmt.Errorf("the SVG's root is <%s>", e.Name.Local)
				}
			}
			if err := checkElement(e); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if bytes.Contains(e, []byte("@import")) || strings.Contains(strings.ReplaceAll(string(e), "url(#", ""), "url(") {
				return errors.New("the SVG's style loads something")
			}
		case xml.ProcInst, xml.Directive, xml.Comment:
			return errors.New("the SVG has a declaration or a comment, which cannot stand inside a page")
		}
	}
	if roots != 1 {
		return errors.New("the SVG has no root, or several")
	}
	return nil
}

func checkElement(e xml.StartElement) error {
	switch e.Name.Local {
	case "script", "foreignObject", "iframe", "image", "a", "animate", "set":
		return fmt.Errorf("the SVG has a <%s>", e.Name.Local)
	}
	for _, a := range e.Attr {
		name := strings.ToLower(a.Name.Local)
		outside := name == "href" && !strings.HasPrefix(a.Value, "#") ||
			strings.Contains(strings.ReplaceAll(a.Value, "url(#", ""), "url(")
		if outside || strings.HasPrefix(name, "on") {
			return fmt.Errorf("the SVG's <%s %s> loads or runs something", e.Name.Local, a.Name.Local)
		}
	}
	return nil
}
