package graph

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// WriteFolded writes g for reading: as Write does, but blocks that repeat themselves are written once, and the update section,
// which repeats one rule for every parameter, and the state leaves are counted. What stands for the rest is told in the package
// comment. It cannot be parsed back.
func (g *Graph) WriteFolded(w io.Writer) error {
	var kept, counted []*Node
	for _, n := range g.Nodes {
		if n.Phase == Update || n.Op.Name == "state" {
			counted = append(counted, n)
		} else {
			kept = append(kept, n)
		}
	}
	var b strings.Builder
	g.writeTop(&b)
	newFolder(g, g.lines(kept)).write(&b)
	if len(counted) > 0 {
		fmt.Fprintf(&b, "  ... %s\n", countOps(counted))
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// countOps counts nodes by op, in order of first appearance: "12 state, 6 adam, 18 store".
func countOps(nodes []*Node) string {
	var order []string
	count := map[string]int{}
	for _, n := range nodes {
		if count[n.Op.Name]++; count[n.Op.Name] == 1 {
			order = append(order, n.Op.Name)
		}
	}
	for i, op := range order {
		order[i] = fmt.Sprintf("%d %s", count[op], op)
	}
	return strings.Join(order, ", ")
}

// A fold must be worth its line, be understood at a glance, and be found in time.
const (
	minHidden   = 4   // lines that a fold hides, net of its own
	maxClauses  = 6   // ways in which the copies differ
	maxListed   = 6   // copies for which a name or value is listed that does not go by a rule
	maxFoldSize = 256 // lines of a block
	// The largest programs take some hundred thousand comparisons; without a bound, a text of thousands of lines that are alike, but
	// not enough, takes minutes.
	maxCompared = 1 << 22
)

// folder finds the blocks of lines that repeat themselves.
type folder struct {
	lines    []textLine
	patterns []pattern
	keys     []int // of the patterns: equal numbers stand for equal keys
	left     int   // lines that may still be compared
}

// pattern is a line with holes: lines with equal keys differ in what stands in the holes and in nothing else.
type pattern struct {
	key    string
	paths  []string // names of nodes, leaves, streams, points, sites and sections, as written
	values []ref    // other values: results, then operands
	made   int      // so many of the values are results
}

// ref is a value that is no leaf: its number, and whether it is one of phase once, which are numbered apart.
type ref struct {
	once   bool
	number int
}

func (r ref) plus(n int) ref { return ref{r.once, r.number + n} }

func (r ref) compare(s ref) int {
	if r.once != s.once {
		return cmp.Compare(r.String(), s.String())
	}
	return cmp.Compare(r.number, s.number)
}

func (r ref) String() string {
	if r.once {
		return "%once" + strconv.Itoa(r.number)
	}
	return "%" + strconv.Itoa(r.number)
}

func newFolder(g *Graph, lines []textLine) *folder {
	f, names := &folder{lines: lines, left: maxCompared}, Names(g)
	numbers := map[string]int{}
	for _, l := range lines {
		p := newPattern(l, names)
		if _, ok := numbers[p.key]; !ok {
			numbers[p.key] = len(numbers)
		}
		f.patterns, f.keys = append(f.patterns, p), append(f.keys, numbers[p.key])
	}
	return f
}

func newPattern(l textLine, names map[*Value]string) pattern {
	switch {
	case l.closes():
		return pattern{key: "}"}
	case l.opens():
		return pattern{key: l.node.Phase.String() + " {", paths: []string{l.node.Label}}
	}
	n := l.node
	var p pattern
	var key strings.Builder
	key.WriteString(n.Op.Name)
	hole := func(v *Value) {
		if v.Node.Op.Is(Leaf) {
			p.paths = append(p.paths, names[v])
			key.WriteString(" leaf")
			return
		}
		once := v.Node.Phase == Once
		number, _ := strconv.Atoi(strings.TrimPrefix(names[v], "once"))
		p.values = append(p.values, ref{once, number})
		fmt.Fprintf(&key, " once=%v", once)
	}
	for _, v := range n.Results {
		hole(v)
		fmt.Fprintf(&key, ":%v", v.Type)
	}
	p.made = len(p.values)
	for _, v := range n.Args {
		hole(v)
	}
	for _, spec := range n.Op.Attrs {
		v, ok := n.Attrs[spec.Name]
		switch {
		case !ok:
		case spec.Kind == StringAttr && slices.Contains([]string{"name", "stream", "point", "site"}, spec.Name):
			p.paths = append(p.paths, v.(string))
			fmt.Fprintf(&key, " %s", spec.Name)
		default:
			fmt.Fprintf(&key, " %s=%s", spec.Name, formatAttr(spec.Kind, v))
		}
	}
	p.key = key.String()
	return p
}

// write writes the lines, folded.
func (f *folder) write(b *strings.Builder) {
	at := 0
	for _, r := range f.find(0, len(f.lines)) {
		for _, l := range f.lines[at : r.start+r.size] {
			l.write(b)
		}
		textLine{text: r.String(), depth: f.lines[r.start].depth}.write(b)
		at = r.start + r.size*(1+r.copies)
	}
	for _, l := range f.lines[at:] {
		l.write(b)
	}
}

// find returns the folds of lines lo up to hi in order: the one that hides the most lines, and those before and behind it. What is
// written of a fold is not folded again, so that its lines can be counted.
func (f *folder) find(lo, hi int) []*fold {
	best := f.largest(lo, hi)
	if best == nil {
		return nil
	}
	out := append(f.find(lo, best.start), best)
	return append(out, f.find(best.start+best.size*(1+best.copies), hi)...)
}

// largest returns the fold that hides the most lines, or nil when none is worth it; of equal ones, the smallest block, then the
// first. A block of some size can repeat itself only where every line has the key of the line that is that far behind it. When too
// much has been compared there are no more folds.
func (f *folder) largest(lo, hi int) *fold {
	var best *fold
	hidden := minHidden - 1
	for size := 1; size <= min(maxFoldSize, (hi-lo)/2); size++ {
		for start := lo; start+2*size <= hi; {
			end := start
			for end+size < hi && f.keys[end] == f.keys[end+size] {
				end++
			}
			for ; (end-start)/size*size-1 > hidden && f.left > 0; start++ {
				if r := f.grow(start, size, end+size); r != nil && r.copies*size-1 > hidden {
					best, hidden = r, r.copies*size-1
				}
			}
			start = end + 1
		}
	}
	return best
}

// grow returns the fold of the block at start with as many copies as there are before end, or nil.
func (f *folder) grow(start, size, end int) *fold {
	if !f.balanced(start, size) {
		return nil
	}
	r := &fold{start: start, size: size}
	for at := start + size; at+size <= end; at += size {
		f.left -= size + r.copies
		c, ok := compareBlocks(f.patterns[start:start+size], f.patterns[at:at+size])
		if !ok {
			break
		}
		next := r.with(c)
		if next == nil {
			break
		}
		r = next
	}
	if r.copies == 0 {
		return nil
	}
	return r
}

// balanced reports whether a block lies in one section or is made of whole ones.
func (f *folder) balanced(start, size int) bool {
	depth := 0
	for _, l := range f.lines[start : start+size] {
		switch {
		case l.opens():
			depth++
		case l.closes():
			depth--
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}

// difference is how a copy differs from its block: in one component of the names (what stands between slashes), in the numbers of
// its own values, and in the values of outside that it reads.
type difference struct {
	from, to string // empty when all names are equal
	first    ref    // the block's own values, which are numbered without gaps, begin here
	own      int    // so many; 0 when there are none
	shift    int    // what their numbers differ by
	reads    []ref  // outside values in order of appearance
	instead  []ref  // what the copy reads in their place
}

// compareBlocks returns how b differs from a, whose lines have the same keys, if it does so in no other way.
func compareBlocks(a, b []pattern) (difference, bool) {
	var d difference
	if !d.renames(a, b) {
		return d, false
	}
	for i, p := range a {
		for k := range p.made {
			x, y := p.values[k], b[i].values[k]
			if d.own == 0 {
				d.first, d.shift = x, y.number-x.number
			}
			// Only once and other values can be numbered apart, and a program has either in a section.
			if x != d.first.plus(d.own) || y != x.plus(d.shift) {
				return d, false
			}
			d.own++
		}
	}
	inside := func(x ref) bool {
		return x.once == d.first.once && x.number >= d.first.number && x.number < d.first.number+d.own
	}
	for i, p := range a {
		for k := p.made; k < len(p.values); k++ {
			x, y := p.values[k], b[i].values[k]
			at := slices.Index(d.reads, x)
			switch {
			case inside(x) != inside(y.plus(-d.shift)) || inside(x) && y != x.plus(d.shift):
				return d, false
			case inside(x):
			case at < 0:
				d.reads, d.instead = append(d.reads, x), append(d.instead, y)
			case d.instead[at] != y:
				return d, false
			}
		}
	}
	return d, true
}

// renames finds the component that the names of b have in place of one of a's: everywhere or nowhere.
func (d *difference) renames(a, b []pattern) bool {
	kept := map[string]bool{}
	for i, p := range a {
		for k, name := range p.paths {
			x, y := strings.Split(name, "/"), strings.Split(b[i].paths[k], "/")
			if len(x) != len(y) {
				return false
			}
			for c := range x {
				switch {
				case x[c] == y[c]:
					kept[x[c]] = true
				case d.from == "" && isComponent(x[c]) && isComponent(y[c]):
					d.from, d.to = x[c], y[c]
				case d.from != x[c] || d.to != y[c]:
					return false
				}
			}
		}
	}
	return d.from == "" || !kept[d.from]
}

// isComponent reports whether s can stand between the slashes of a name, as not all can that the name of an output is made of.
func isComponent(s string) bool { return s != "" && !strings.Contains(s, "/") && isName("_"+s) }
