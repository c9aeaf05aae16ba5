package graph

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Dim is one dimension of a type: a monomial, that is an integer times a product of named symbols ("784", "batch",
// "8*batch*tokens"). Monomials are closed under product and exact division, which is all that shape rules need. Dims are
// comparable with ==.
type Dim struct {
	coef int64
	syms string // sorted, joined by '*'
}

// Int returns the dimension n.
func Int(n int) Dim { return Dim{coef: int64(n)} }

// Sym returns the dimension called name, which is an identifier. It is bound to a number when an executable is made.
func Sym(name string) Dim {
	if !isIdent(name) {
		return Dim{} // not Valid, which the builder reports
	}
	return Dim{coef: 1, syms: name}
}

// maxDim bounds the numbers in dimensions, so that no product of two of them overflows unseen.
const maxDim int64 = 1 << 40

// Dims converts ints, strings (symbol names) and Dims to a list of dimensions. It is how shapes are written in definitions:
// Dims("batch", 784). Any other type gives an invalid dimension, which the builder reports at the user's call.
func Dims(parts ...any) []Dim {
	out := make([]Dim, len(parts))
	for i, p := range parts {
		switch p := p.(type) {
		case int:
			out[i] = Int(p)
		case string:
			out[i] = Sym(p)
		case Dim:
			out[i] = p
		}
	}
	return out
}

// Valid reports whether d is positive and of a sensible size. The zero Dim, which stands for a mistake, is not.
func (d Dim) Valid() bool { return 0 < d.coef && d.coef <= maxDim }

// Symbols returns the symbols of d, sorted, repeated by multiplicity.
func (d Dim) Symbols() []string {
	if d.syms == "" {
		return nil
	}
	return strings.Split(d.syms, "*")
}

// Const returns the value of a dimension without symbols.
func (d Dim) Const() (n int, ok bool) { return int(d.coef), d.syms == "" }

// Mul returns d*e, or the zero Dim when that is too large for a number.
func (d Dim) Mul(e Dim) Dim {
	if e.coef != 0 && (d.coef < 0 || e.coef < 0 || d.coef > math.MaxInt64/e.coef) {
		return Dim{}
	}
	syms := append(d.Symbols(), e.Symbols()...)
	sort.Strings(syms)
	return Dim{d.coef * e.coef, strings.Join(syms, "*")}
}

// Div returns d/e when the division is exact.
func (d Dim) Div(e Dim) (Dim, bool) {
	if e.coef == 0 || d.coef%e.coef != 0 {
		return Dim{}, false
	}
	syms := d.Symbols()
	for _, s := range e.Symbols() {
		i := slices.Index(syms, s)
		if i < 0 {
			return Dim{}, false
		}
		syms = slices.Delete(syms, i, i+1)
	}
	return Dim{d.coef / e.coef, strings.Join(syms, "*")}, true
}

func (d Dim) String() string {
	switch {
	case d.syms == "":
		return strconv.FormatInt(d.coef, 10)
	case d.coef == 1:
		return d.syms
	}
	return strconv.FormatInt(d.coef, 10) + "*" + d.syms
}

// Bind returns the number that d stands for under the given values of its symbols.
func (d Dim) Bind(b Binding) (int, error) {
	n, err := d.bind(b, maxDim)
	return int(n), err
}

// bind is Bind for numbers up to limit.
func (d Dim) bind(b Binding, limit int64) (int64, error) {
	n := d.coef
	for _, s := range d.Symbols() {
		v, ok := b[s]
		if !ok {
			return 0, fmt.Errorf("symbol %q has no value", s)
		}
		if v < 0 || v > 0 && n > limit/int64(v) {
			return 0, fmt.Errorf("dimension %v is too large at %s = %d", d, s, v)
		}
		n *= int64(v)
	}
	return n, nil
}

// Binding gives the symbols of a graph their values.
type Binding map[string]int

// parseDim reads a monomial as String writes it, in any order of its factors.
func parseDim(s string) (Dim, error) {
	d := Int(1)
	for _, f := range strings.Split(s, "*") {
		f = strings.TrimSpace(f)
		if n, err := strconv.ParseInt(f, 10, 64); err == nil && n > 0 {
			if d = d.Mul(Dim{coef: n}); !d.Valid() {
				return Dim{}, fmt.Errorf("dimension %q is too large", s)
			}
		} else if isIdent(f) {
			d = d.Mul(Sym(f))
		} else {
			return Dim{}, fmt.Errorf("%q is neither a positive number nor a symbol", f)
		}
	}
	return d, nil
}

func product(dims []Dim) Dim {
	p := Int(1)
	for _, d := range dims {
		p = p.Mul(d)
	}
	return p
}

func dimStrings(dims []Dim) string {
	s := make([]string, len(dims))
	for i, d := range dims {
		s[i] = d.String()
	}
	return strings.Join(s, ", ")
}

// isIdent accepts letters, digits and '_', not starting with a digit.
func isIdent(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
