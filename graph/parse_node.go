package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// token is a piece of a line that later messages point at.
type token struct {
	text string
	col  int
}

// node reads one node and adds it to the graph.
func (p *parser) node() error {
	joined := p.line.take('|')
	var results []token
	if p.line.peek('%') {
		var err error
		if results, err = p.valueList(); err != nil {
			return err
		}
		if err := p.expect('='); err != nil {
			return err
		}
	}
	at := token{col: p.line.col()}
	at.text = p.line.word()
	op, err := p.op(at)
	if err != nil {
		return err
	}
	attrs := Attrs{}
	if p.line.peek('"') {
		if err := p.nameAttr(op, attrs); err != nil {
			return err
		}
	}
	args, err := p.operands()
	if err != nil {
		return err
	}
	if err := p.attrs(op, attrs); err != nil {
		return err
	}
	types, cols, err := p.types()
	if err != nil {
		return err
	}
	var declared *Type
	if op.Is(Leaf) {
		if err := p.leaf(op, at, results, types); err != nil {
			return err
		}
		attrs["name"] = results[0].text
		declared = &types[0]
	}
	p.g.ctx.Pos = p.pos
	n := p.g.add(op, declared, attrs, args)
	if n == nil {
		return p.errorf(at.col, "%s", p.g.err.(*BuildError).Msg)
	}
	n.Joined = joined
	return p.results(n, at, results, types, cols)
}

// op looks up the op of a node.
func (p *parser) op(at token) (*Op, error) {
	if at.text == "" {
		return nil, p.errorf(at.col, "a node, a section or \"}\" was expected, found %s", p.line.found())
	}
	op := p.table.Lookup(at.text)
	if op == nil {
		return nil, p.errorf(at.col, "there is no op %q%s", shorten(at.text), suggest(at.text, p.table.order))
	}
	if op.Is(Leaf) && p.g.ctx.Phase != NoPhase {
		return nil, p.errorf(at.col, "the leaf %s cannot stand in the section %q: leaves stand before the sections",
			op.Name, sectionHeader(p.g.ctx.Phase, p.g.ctx.Label))
	}
	return op, nil
}

// nameAttr reads the quoted name of an output or a store, which stands before the operands.
func (p *parser) nameAttr(op *Op, attrs Attrs) error {
	col := p.line.col()
	s, err := p.quoted()
	switch {
	case err != nil:
		return err
	case op.Is(Leaf):
		return p.errorf(col, "a leaf takes its name from the left side: %%%s = %s", shorten(s), op.Name)
	case !slices.ContainsFunc(op.Attrs, func(a AttrSpec) bool { return a.Name == "name" && a.Kind == StringAttr }):
		return p.errorf(col, "%s takes no name", op.Name)
	}
	attrs["name"] = s
	return nil
}

// valueList reads "%name, %name ...".
func (p *parser) valueList() ([]token, error) {
	var out []token
	for {
		t := token{col: p.line.col()}
		if err := p.expect('%'); err != nil {
			return nil, err
		}
		if t.text = p.line.name(); t.text == "" {
			return nil, p.here("a name was expected behind \"%%\", found %s", p.line.found())
		}
		out = append(out, t)
		if !p.line.take(',') {
			return out, nil
		}
	}
}

func (p *parser) operands() ([]*Value, error) {
	if !p.line.peek('%') {
		return nil, nil
	}
	names, err := p.valueList()
	if err != nil {
		return nil, err
	}
	args := make([]*Value, len(names))
	for i, t := range names {
		def := p.values[t.text]
		if def == nil {
			known := make([]string, 0, len(p.values))
			for name := range p.values {
				known = append(known, name)
			}
			slices.Sort(known)
			return nil, p.errorf(t.col, "%%%s is not defined before this line%s", shorten(t.text), suggest(t.text, known))
		}
		args[i] = def.value
	}
	return args, nil
}

// leaf checks what only the text form can get wrong about a leaf.
func (p *parser) leaf(op *Op, at token, results []token, types []Type) error {
	switch {
	case len(results) != 1:
		return p.errorf(at.col, "%s makes one value, which gives it its name: %%name = %s : type", op.Name, op.Name)
	case !isName(results[0].text):
		return p.errorf(results[0].col, "%%%s cannot be the name of a leaf: it must not be a number", shorten(results[0].text))
	case len(types) != 1:
		return p.errorf(at.col, "%s %%%s needs its type: %%%s = %s : type", op.Name, results[0].text, results[0].text, op.Name)
	}
	return p.define(results[0], nil)
}

// results compares what the node makes with what is written, and defines the names.
func (p *parser) results(n *Node, at token, names []token, types []Type, cols []int) error {
	if len(names) != len(n.Results) {
		return p.errorf(at.col, "%s has %s, but %d named", n.Op.Name, plural(len(n.Results), "result"), len(names))
	}
	if len(types) != len(n.Results) {
		want := make([]string, len(n.Results))
		for i, r := range n.Results {
			want[i] = r.Type.String()
		}
		if len(want) == 0 {
			return p.errorf(cols[0], "%s has no results and so no type", n.Op.Name)
		}
		return p.errorf(at.col, "%s has %s, but %d written; it makes : %s",
			n.Op.Name, plural(len(want), "type"), len(types), strings.Join(want, ", "))
	}
	for i, r := range n.Results {
		if !r.Type.Equal(types[i]) {
			return p.errorf(cols[i], "%s makes %v here, but %v is written", n.Op.Name, r.Type, types[i])
		}
		if err := p.define(names[i], r); err != nil {
			return err
		}
	}
	return nil
}

// define gives a value its name. A nil value only asks whether the name is free.
func (p *parser) define(name token, v *Value) error {
	if d := p.values[name.text]; d != nil {
		return p.errorf(name.col, "%%%s is defined a second time; the first is on line %d", shorten(name.text), d.line)
	}
	if v != nil {
		p.values[name.text] = &defined{v, p.pos.Line}
	}
	return nil
}

// attrs reads "{name=value, ...}" where it stands.
func (p *parser) attrs(op *Op, attrs Attrs) error {
	if !p.line.take('{') {
		return nil
	}
	return p.list('}', func() error {
		col := p.line.col()
		name := p.line.word()
		if name == "" {
			return p.here("an attribute was expected, found %s", p.line.found())
		}
		i := slices.IndexFunc(op.Attrs, func(s AttrSpec) bool { return s.Name == name })
		if i < 0 || op.Is(Leaf) && name == "name" {
			return p.errorf(col, "%s has no attribute %q%s", op.Name, shorten(name), op.attrHint(name))
		}
		if _, dup := attrs[name]; dup {
			return p.errorf(col, "attribute %s is given twice", name)
		}
		v, err := p.attrValue(op.Attrs[i])
		if err != nil {
			return err
		}
		if _, err := op.Attrs[i].normalize(v); err != nil {
			return p.errorf(col, "%v", err)
		}
		attrs[name] = v
		return nil
	})
}

func (op *Op) attrHint(name string) string {
	if len(op.Attrs) == 0 {
		return "; it takes none"
	}
	names := make([]string, len(op.Attrs))
	for i, s := range op.Attrs {
		names[i] = s.Name
	}
	if s := suggest(name, names); s != "" {
		return s
	}
	return "; it has " + strings.Join(names, ", ")
}

// attrValue reads "=value" of the attribute's kind. A boolean may stand alone.
func (p *parser) attrValue(spec AttrSpec) (any, error) {
	if spec.Kind == BoolAttr && !p.line.peek('=') {
		return true, nil
	}
	if err := p.expect('='); err != nil {
		return nil, err
	}
	col := p.line.col()
	switch spec.Kind {
	case BoolAttr:
		switch w := p.line.word(); w {
		case "true", "false":
			return w == "true", nil
		default:
			return nil, p.errorf(col, "%s is true or false, not %q", spec.Name, shorten(w))
		}
	case IntAttr:
		return p.integer()
	case FloatAttr:
		s := p.line.number()
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, p.errorf(col, "a number was expected for %s, found %s", spec.Name, orFound(s, &p.line))
		}
		return f, nil
	case StringAttr:
		return p.quoted()
	case WordAttr:
		if p.line.peek('"') {
			return p.quoted()
		}
		w := p.line.word()
		if !isIdent(w) {
			return nil, p.errorf(col, "a word was expected for %s, found %s", spec.Name, orFound(w, &p.line))
		}
		return w, nil
	}
	if err := p.expect('['); err != nil {
		return nil, err
	}
	if spec.Kind == IntsAttr {
		list := []int{}
		return list, p.list(']', func() error {
			i, err := p.integer()
			list = append(list, i)
			return err
		})
	}
	return p.dims(']')
}

func (p *parser) integer() (int, error) {
	col := p.line.col()
	s := p.line.number()
	i, err := strconv.Atoi(s)
	if err != nil {
		return 0, p.errorf(col, "an integer was expected, found %s", orFound(s, &p.line))
	}
	return i, nil
}

// types reads ": type, type ..." where it stands, and the column of each.
func (p *parser) types() (types []Type, cols []int, err error) {
	if !p.line.take(':') {
		return nil, nil, nil
	}
	for {
		cols = append(cols, p.line.col())
		t, err := p.typ()
		if err != nil {
			return nil, nil, err
		}
		types = append(types, t)
		if !p.line.take(',') {
			return types, cols, nil
		}
	}
}

func (p *parser) typ() (Type, error) {
	col := p.line.col()
	word := p.line.word()
	dt, ok := parseDType(word)
	if !ok && word != "pattern" {
		return Type{}, p.errorf(col, "a type was expected (%s or pattern), found %s",
			strings.Join(dtypeNames[:], ", "), orFound(word, &p.line))
	}
	if err := p.expect('['); err != nil {
		return Type{}, err
	}
	if ok {
		dims, err := p.dims(']')
		return Tensor(dt, dims...), err
	}
	dims := make([]Dim, 3)
	for i, end := range []byte{',', ';', ']'} {
		d, err := p.dim()
		if err != nil {
			return Type{}, err
		}
		if err := p.expect(end); err != nil {
			return Type{}, p.here("a pattern's type is pattern[rows, cols; entries]: %q was expected, found %s", string(end), p.line.found())
		}
		dims[i] = d
	}
	return PatternType(dims[0], dims[1], dims[2]), nil
}

func (p *parser) dims(end byte) ([]Dim, error) {
	dims := []Dim{}
	err := p.list(end, func() error {
		d, err := p.dim()
		dims = append(dims, d)
		return err
	})
	return dims, err
}

// dim reads a monomial.
func (p *parser) dim() (Dim, error) {
	col := p.line.col()
	var factors []string
	for {
		w := p.line.word()
		if w == "" {
			return Dim{}, p.here("a dimension (a positive number or a symbol) was expected, found %s", p.line.found())
		}
		if factors = append(factors, w); len(factors) > maxItems {
			return Dim{}, p.errorf(col, "a dimension has at most %d factors", maxItems)
		}
		if !p.line.take('*') {
			break
		}
	}
	d, err := parseDim(strings.Join(factors, "*"))
	if err != nil {
		return Dim{}, p.errorf(col, "%v", err)
	}
	return d, nil
}

// orFound describes a token that has been read, or what stands in its place.
func orFound(s string, l *line) string {
	if s == "" {
		return l.found()
	}
	return strconv.Quote(shorten(s))
}

func plural(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
