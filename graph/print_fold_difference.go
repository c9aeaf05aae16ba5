package graph

import (
	"slices"
	"strings"
)

// difference is how a copy differs from its block: in one component of the names (what stands between slashes), in words, in the
// numbers of its own values, and in the values of outside that it reads. The zero difference is that of nothing from nothing.
type difference struct {
	names   exchanges
	words   exchanges
	first   ref   // the block's own values, which are numbered without gaps, begin here
	own     int   // so many; 0 when there are none
	shift   int   // what their numbers differ by
	reads   []ref // outside values in order of appearance
	instead []ref // what the copy reads in their place
}

// add goes on to the next lines of the block and of the copy, which have the same keys, and reports whether they too differ in no other
// way.
func (d *difference) add(block, copied []pattern) bool {
	for i, p := range block {
		if !d.addLine(p, copied[i]) {
			return false
		}
	}
	return true
}

func (d *difference) addLine(p, q pattern) bool {
	for k, name := range p.paths {
		x, y := strings.Split(name, "/"), strings.Split(q.paths[k], "/")
		if len(x) != len(y) {
			return false
		}
		for c := range x {
			if x[c] != y[c] && !(isComponent(x[c]) && isComponent(y[c])) || !d.names.add(x[c], y[c]) {
				return false
			}
		}
	}
	for k, x := range p.words {
		if !d.words.add(x, q.words[k]) {
			return false
		}
	}
	return len(d.names.from) <= 1 && d.addValues(p, q)
}

// addValues compares what the lines make and what they read. What a line reads has been made above it, so that whether it is one of the
// block's own values is known by then.
func (d *difference) addValues(p, q pattern) bool {
	for k, x := range p.values[p.made:] {
		y := q.values[p.made+k]
		at := slices.Index(d.reads, x)
		switch {
		case d.makes(x) != d.makes(y.plus(-d.shift)) || d.makes(x) && y != x.plus(d.shift):
			return false
		case d.makes(x):
		case at < 0:
			d.reads, d.instead = append(d.reads, x), append(d.instead, y)
		case d.instead[at] != y:
			return false
		}
	}
	for k, x := range p.values[:p.made] {
		y := q.values[k]
		if d.own == 0 {
			d.first, d.shift = x, y.number-x.number
		}
		// Only once and other values can be numbered apart, and a program has either in a section.
		if x != d.first.plus(d.own) || y != x.plus(d.shift) {
			return false
		}
		d.own++
	}
	return true
}

func (d *difference) makes(x ref) bool {
	return x.once == d.first.once && x.number >= d.first.number && x.number < d.first.number+d.own
}

// exchanges are the strings that a copy has in place of others of its block, everywhere.
type exchanges struct {
	from, to []string
	kept     []string // these are the same in both
}

func (e *exchanges) add(from, to string) bool {
	at, kept := slices.Index(e.from, from), slices.Contains(e.kept, from)
	switch {
	case at >= 0:
		return e.to[at] == to
	case from == to:
		if !kept {
			e.kept = append(e.kept, from)
		}
		return true
	case kept:
		return false
	}
	e.from, e.to = append(e.from, from), append(e.to, to)
	return true
}

// isComponent reports whether s can stand between the slashes of a name, as not all can that the name of an output is made of.
func isComponent(s string) bool { return s != "" && !strings.Contains(s, "/") && isName("_"+s) }
