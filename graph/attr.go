package graph

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Attrs are the attributes of a node by name. Values have the Go type of their kind: bool, int, float64, string (String and
// Word), []int or []Dim. An attribute that equals its default is left out.
type Attrs map[string]any

// AttrKind is the kind of value that an attribute takes.
type AttrKind uint8

// The attribute kinds. A Word prints without quotes where it can: it is one of a fixed set of names, or an initialiser.
const (
	BoolAttr AttrKind = iota
	IntAttr
	FloatAttr
	StringAttr
	WordAttr
	IntsAttr
	DimsAttr
)

// AttrSpec describes one attribute of an op. A nil Default makes the attribute required. Enum, where given, lists the words
// that it may be.
type AttrSpec struct {
	Name    string
	Kind    AttrKind
	Default any
	Enum    []string
}

// normalize checks v against the spec and brings it to the kind's Go type.
func (s AttrSpec) normalize(v any) (any, error) {
	ok := false
	switch s.Kind {
	case BoolAttr:
		_, ok = v.(bool)
	case IntAttr:
		var i int
		if i, ok = v.(int); ok && !inRange(i) {
			return nil, fmt.Errorf("attribute %s: %d is too large", s.Name, i)
		}
	case FloatAttr:
		if i, isInt := v.(int); isInt {
			v = float64(i)
		}
		var f float64
		if f, ok = v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			return nil, fmt.Errorf("attribute %s: %v is not a finite number", s.Name, f)
		}
	case StringAttr:
		_, ok = v.(string)
	case WordAttr:
		var w string
		w, ok = v.(string)
		if ok && s.Enum != nil && !slices.Contains(s.Enum, w) {
			return nil, fmt.Errorf("attribute %s: %q is not one of %s", s.Name, w, strings.Join(s.Enum, ", "))
		}
	case IntsAttr:
		var list []int
		list, ok = v.([]int)
		for _, i := range list {
			if !inRange(i) {
				return nil, fmt.Errorf("attribute %s: %d is too large", s.Name, i)
			}
		}
	case DimsAttr:
		var d []Dim
		if d, ok = v.([]Dim); ok {
			for _, x := range d {
				if !x.Valid() {
					return nil, fmt.Errorf("attribute %s: a dimension must be a positive number or a symbol, not %v", s.Name, x)
				}
			}
		}
	}
	if !ok {
		return nil, fmt.Errorf("attribute %s: unsuitable value %v", s.Name, v)
	}
	return v, nil
}

// inRange accepts the integers that lengths and positions can be, so that no sum of two of them overflows.
func inRange(i int) bool { return -maxDim <= int64(i) && int64(i) <= maxDim }

func attrEqual(a, b any) bool {
	switch x := a.(type) {
	case []int:
		y, ok := b.([]int)
		return ok && slices.Equal(x, y)
	case []Dim:
		y, ok := b.([]Dim)
		return ok && slices.Equal(x, y)
	}
	return a == b
}

// normalizeAttrs checks attrs against the op's table entry and drops defaults.
func (op *Op) normalizeAttrs(attrs Attrs) (Attrs, error) {
	out := Attrs{}
	for name := range attrs {
		if !slices.ContainsFunc(op.Attrs, func(s AttrSpec) bool { return s.Name == name }) {
			return nil, fmt.Errorf("%s has no attribute %q", op.Name, name)
		}
	}
	for _, spec := range op.Attrs {
		v, given := attrs[spec.Name]
		if !given {
			if spec.Default == nil {
				return nil, fmt.Errorf("%s needs attribute %q", op.Name, spec.Name)
			}
			continue
		}
		v, err := spec.normalize(v)
		if err != nil {
			return nil, err
		}
		if spec.Default == nil || !attrEqual(v, spec.Default) {
			out[spec.Name] = v
		}
	}
	return out, nil
}

// attr returns the attribute's value or its default.
func (op *Op) attr(attrs Attrs, name string) any {
	if v, ok := attrs[name]; ok {
		return v
	}
	for _, s := range op.Attrs {
		if s.Name == name {
			return s.Default
		}
	}
	panic("graph: " + op.Name + " has no attribute " + name)
}

func formatAttr(kind AttrKind, v any) string {
	switch v := v.(type) {
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		return s
	case string:
		if kind == WordAttr && isIdent(v) {
			return v
		}
		return strconv.Quote(v)
	case []int:
		parts := []string{}
		for _, i := range v {
			parts = append(parts, strconv.Itoa(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case []Dim:
		return "[" + dimStrings(v) + "]"
	}
	return fmt.Sprint(v)
}

// Attr returns the description of the attribute of that name.
func (op *Op) Attr(name string) (AttrSpec, bool) {
	for _, s := range op.Attrs {
		if s.Name == name {
			return s, true
		}
	}
	return AttrSpec{}, false
}
