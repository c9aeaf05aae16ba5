package graph

import (
	"fmt"
	"io"
	"slices"
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
	f := newFolder(g, g.lines(kept))
	f.write(&b, f.again(f.find(0, len(f.lines))))
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
	minAgain    = 8   // lines that are written again, elsewhere, for which a reader is sent back to the first time
	maxClauses  = 8   // ways in which the copies differ
	maxListed   = 6   // copies for which a name or value is listed that does not go by a rule
	maxFoldSize = 256 // lines of a block
	// The programs of the zoo take some ten thousand comparisons; without a bound, a text of thousands of lines that are alike, but not
	// enough, takes minutes.
	maxCompared = 1 << 20
)

// folder finds the blocks of lines that repeat themselves.
type folder struct {
	lines    []textLine
	patterns []pattern
	keys     []int // of the patterns: equal numbers stand for equal keys
	left     int   // lines that may still be compared
}

// written is a line of the folded text: a line of the text, or a fold.
type written struct {
	lo, hi int   // it stands for these lines of the text
	fold   *fold // or nil
	group  int   // the line that the outermost fold it belongs to begins with; its own if there is none
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

// write writes folded lines. The block of a fold has as many lines as are written of it.
func (f *folder) write(b *strings.Builder, lines []written) {
	for i, w := range lines {
		if w.fold == nil {
			f.lines[w.lo].write(b)
			continue
		}
		block := 0
		for _, l := range lines[:i] {
			if w.fold.start <= l.lo && l.lo < w.fold.start+w.fold.size {
				block++
			}
		}
		textLine{text: w.fold.line(block), depth: f.lines[w.fold.start].depth}.write(b)
	}
}

// find returns lines lo up to hi with blocks that repeat themselves folded: the fold that hides the most lines, and what is folded of its
// block, and before and behind it.
func (f *folder) find(lo, hi int) []written {
	best := f.largest(lo, hi)
	if best == nil {
		var out []written
		for i := lo; i < hi; i++ {
			out = append(out, written{lo: i, hi: i + 1, group: i})
		}
		return out
	}
	block, end := best.start+best.size, best.start+best.size*(1+best.copies)
	group := append(f.find(best.start, block), written{lo: block, hi: end, fold: best})
	for i := range group {
		group[i].group = best.start
	}
	return slices.Concat(f.find(lo, best.start), group, f.find(end, hi))
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
	for at := start + size; at+size <= end && f.left > 0; at += size {
		f.left -= size + r.copies
		var d difference
		if !d.add(f.patterns[start:start+size], f.patterns[at:at+size]) {
			break
		}
		next := r.with(d)
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
