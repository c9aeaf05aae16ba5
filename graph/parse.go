package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits on the text form. They are far above what models need and keep hostile input cheap to refuse.
const (
	maxSource = 64 << 20 // bytes of a file
	maxLine   = 1 << 20  // bytes of a line
	maxItems  = 64       // elements of a list, axes of a type, factors of a dimension
)

// ParseError is a mistake in the text form of a graph: where it is and what would be right. Col counts bytes from 1.
type ParseError struct {
	Pos Pos
	Col int
	Msg string
}

func (e *ParseError) Error() string { return fmt.Sprintf("%v:%d: %s", e.Pos, e.Col, e.Msg) }

// Parse reads a graph in the text form that Write writes, over graft's op table. file is its name in messages and in the
// positions of the nodes. An error is a *ParseError.
func Parse(file string, src []byte) (*Graph, error) { return ParseWith(Standard(), file, src) }

// ParseWith is Parse over another op table.
func ParseWith(t *Table, file string, src []byte) (*Graph, error) {
	if file == "" {
		file = "input"
	}
	p := &parser{table: t, pos: Pos{File: file}, values: map[string]*defined{}}
	if len(src) > maxSource {
		return nil, p.errorf(1, "the file has %d bytes, more than %d", len(src), maxSource)
	}
	p.rest = string(src)
	if err := p.file(); err != nil {
		return nil, err
	}
	p.g.ctx = Context{}
	return p.g, nil
}

type parser struct {
	table  *Table
	rest   string // the lines that have not been read
	pos    Pos    // of the current line
	line   line
	g      *Graph
	values map[string]*defined
}

// defined is a named value and the line that defines it.
type defined struct {
	value *Value
	line  int
}

// errorf returns an error at a column of the current line.
func (p *parser) errorf(col int, format string, args ...any) error {
	return &ParseError{p.pos, col, fmt.Sprintf(format, args...)}
}

// here returns an error at the next token.
func (p *parser) here(format string, args ...any) error {
	return p.errorf(p.line.col(), format, args...)
}

// next moves to the next line that is not empty. At the end of the file it reports false.
func (p *parser) next() (bool, error) {
	for p.rest != "" {
		var text string
		text, p.rest, _ = strings.Cut(p.rest, "\n")
		p.pos.Line++
		p.line = line{text: text}
		if len(text) > maxLine {
			return false, p.errorf(1, "the line has %d bytes, more than %d", len(text), maxLine)
		}
		if !p.line.done() {
			return true, nil
		}
	}
	p.pos.Line = max(1, p.pos.Line)
	return false, nil
}

// must moves to the next line; what is expected there stands in the message when there is none.
func (p *parser) must(what string) error {
	ok, err := p.next()
	if err == nil && !ok {
		err = p.here("the file ends where %s was expected", what)
	}
	return err
}

// expect moves over c or says what was found in its place.
func (p *parser) expect(c byte) error {
	if !p.line.take(c) {
		return p.here("%q was expected, found %s", string(c), p.line.found())
	}
	return nil
}

// endLine refuses anything more on the line.
func (p *parser) endLine() error {
	if !p.line.done() {
		return p.here("the end of the line was expected, found %s", p.line.found())
	}
	return nil
}

func (p *parser) file() error {
	if err := p.must("graft-ir " + strconv.Itoa(Version)); err != nil {
		return err
	}
	if w := p.line.name(); w != "graft-ir" {
		return p.errorf(1, "a file begins with the line \"graft-ir %d\", not with %q", Version, shorten(w))
	}
	col := p.line.col()
	if v := p.line.word(); v != strconv.Itoa(Version) {
		return p.errorf(col, "version %q of the text form cannot be read, only version %d", shorten(v), Version)
	}
	if err := p.endLine(); err != nil {
		return err
	}
	if err := p.header(); err != nil {
		return err
	}
	if err := p.body(); err != nil {
		return err
	}
	if more, err := p.next(); more || err != nil {
		if err != nil {
			return err
		}
		return p.here("nothing may follow the graph, found %s", p.line.found())
	}
	return nil
}

// header reads "graph NAME {" or "program NAME key=value ... {".
func (p *parser) header() error {
	if err := p.must("a graph or a program"); err != nil {
		return err
	}
	col := p.line.col()
	kind := p.line.word()
	if kind != "graph" && kind != "program" {
		return p.errorf(col, "\"graph\" or \"program\" was expected, found %q", shorten(kind))
	}
	col = p.line.col()
	name := p.line.name()
	if !isName(name) {
		return p.errorf(col, "a name of letters, digits and _ - . / was expected, found %q", shorten(name))
	}
	p.g = NewWith(name, p.table)
	p.g.Program = kind == "program"
	for p.g.Program && !p.line.peek('{') {
		if err := p.headerField(); err != nil {
			return err
		}
	}
	if err := p.expect('{'); err != nil {
		return err
	}
	return p.endLine()
}

func (p *parser) headerField() error {
	col := p.line.col()
	key := p.line.word()
	for _, f := range p.g.header() {
		if f.key != key {
			continue
		}
		if *f.value != "" {
			return p.errorf(col, "%s is given twice", key)
		}
		if err := p.expect('='); err != nil {
			return err
		}
		if *f.value = p.line.name(); *f.value == "" {
			return p.here("a value of %s was expected, found %s", key, p.line.found())
		}
		return nil
	}
	if key == "" {
		return p.here("\"{\" was expected, found %s", p.line.found())
	}
	return p.errorf(col, "a program has no field %q; it has mode, granularity and part", shorten(key))
}

// body reads everything up to the brace that closes the graph.
func (p *parser) body() error {
	for {
		if err := p.must("\"}\""); err != nil {
			return err
		}
		start := p.line
		if p.line.take('}') {
			if p.g.ctx.Phase == NoPhase {
				return p.endLine()
			}
			p.g.At(Context{})
			if err := p.endLine(); err != nil {
				return err
			}
			continue
		}
		word := p.line.word()
		phase := Phase(max(0, slices.Index(phaseNames[1:], word)+1))
		var err error
		switch {
		case word == "relation":
			err = p.relation()
		case phase != NoPhase:
			err = p.section(start.col(), phase)
		default:
			p.line = start
			err = p.node()
		}
		if err == nil {
			err = p.endLine()
		}
		if err != nil {
			return err
		}
	}
}

// relation reads "SYMBOL = DIM + DIM ..." behind the word relation.
func (p *parser) relation() error {
	if p.g.ctx.Phase != NoPhase {
		return p.errorf(1, "a relation stands outside of the sections")
	}
	col := p.line.col()
	sum := p.line.word()
	if !isIdent(sum) {
		return p.errorf(col, "a symbol was expected, found %q", shorten(sum))
	}
	if err := p.expect('='); err != nil {
		return err
	}
	r := Relation{Sum: sum}
	for {
		d, err := p.dim()
		if err != nil {
			return err
		}
		if len(r.Terms) == maxItems {
			return p.here("a sum has at most %d terms", maxItems)
		}
		r.Terms = append(r.Terms, d)
		if !p.line.take('+') {
			break
		}
	}
	if err := r.check(); err != nil {
		return p.errorf(col, "%v", err)
	}
	p.g.Relations = append(p.g.Relations, r)
	return nil
}

// section reads the rest of a section's first line.
func (p *parser) section(col int, phase Phase) error {
	if p.g.ctx.Phase != NoPhase {
		return p.errorf(col, "a section cannot stand inside of another: close %q with \"}\" first",
			sectionHeader(p.g.ctx.Phase, p.g.ctx.Label))
	}
	var label string
	if p.line.peek('"') {
		var err error
		if label, err = p.quoted(); err != nil {
			return err
		}
	}
	if err := p.expect('{'); err != nil {
		return err
	}
	p.g.At(Context{Phase: phase, Label: label})
	return nil
}

func (p *parser) quoted() (string, error) {
	col := p.line.col()
	s, err := p.line.quoted()
	if err != nil {
		return "", p.errorf(col, "%v", err)
	}
	return s, nil
}

// list reads items separated by commas up to the closing byte; the opening one has been read.
func (p *parser) list(end byte, item func() error) error {
	if p.line.take(end) {
		return nil
	}
	for n := 1; ; n++ {
		if n > maxItems {
			return p.here("a list has at most %d elements", maxItems)
		}
		if err := item(); err != nil {
			return err
		}
		if p.line.take(end) {
			return nil
		}
		if !p.line.take(',') {
			return p.here("\",\" or %q was expected, found %s", string(end), p.line.found())
		}
	}
}
