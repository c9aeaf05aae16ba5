package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// check says what is wrong with the relation itself.
func (r Relation) check() error {
	if !isIdent(r.Sum) {
		return fmt.Errorf("relation %v: %q is not a symbol", r, r.Sum)
	}
	if len(r.Terms) == 0 {
		return fmt.Errorf("relation: %s is a sum of nothing", r.Sum)
	}
	for _, t := range r.Terms {
		if !t.Valid() {
			return fmt.Errorf("relation %v: a term must be a positive number or a symbol, not %v", r, t)
		}
		if slices.Contains(t.Symbols(), r.Sum) {
			return fmt.Errorf("relation %v: %s stands on both sides", r, r.Sum)
		}
	}
	return nil
}

// Symbols returns the symbols of g's types and relations, sorted.
func (g *Graph) Symbols() []string {
	set := map[string]bool{}
	add := func(dims []Dim) {
		for _, d := range dims {
			for _, s := range d.Symbols() {
				set[s] = true
			}
		}
	}
	for _, n := range g.Nodes {
		for _, r := range n.Results {
			add(r.Type.Dims)
		}
	}
	for _, r := range g.Relations {
		set[r.Sum] = true
		add(r.Terms)
	}
	return slices.Sorted(maps.Keys(set))
}

// CheckBinding returns an error unless b gives every symbol of g, and no other, a positive value under which the relations
// hold and no type is too large.
func (g *Graph) CheckBinding(b Binding) error {
	symbols := g.Symbols()
	for _, s := range slices.Sorted(maps.Keys(b)) {
		if !slices.Contains(symbols, s) {
			return fmt.Errorf("%s has no symbol %q (it is bound to %d)%s", g.Name, s, b[s], suggest(s, symbols))
		}
	}
	for _, s := range symbols {
		switch v, ok := b[s]; {
		case !ok:
			return fmt.Errorf("symbol %q of %s has no value", s, g.Name)
		case v <= 0:
			return fmt.Errorf("symbol %q of %s must be positive, not %d", s, g.Name, v)
		}
	}
	for _, r := range g.Relations {
		if err := r.holds(b); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		for _, v := range n.Results {
			sizes := v.Type.Dims
			if !v.Type.Sparse { // whose rows*cols are not stored
				sizes = append(slices.Clone(sizes), product(sizes))
			}
			for _, d := range sizes {
				if _, err := d.Bind(b); err != nil {
					return fmt.Errorf("%v: %w", v, err)
				}
			}
		}
	}
	return nil
}

// holds compares the two sides of the relation.
func (r Relation) holds(b Binding) error {
	var sum int64
	values := make([]string, len(r.Terms))
	for i, t := range r.Terms {
		n, err := t.Bind(b)
		if err != nil {
			return fmt.Errorf("relation %v: %w", r, err)
		}
		values[i] = fmt.Sprintf("%v = %d", t, n)
		sum += int64(n)
	}
	if int64(b[r.Sum]) != sum {
		return fmt.Errorf("relation %v does not hold: %s is %d, but %s add up to %d",
			r, r.Sum, b[r.Sum], strings.Join(values, ", "), sum)
	}
	return nil
}
