package graph

import (
	"slices"
	"strings"
)

// again folds what repeats itself elsewhere: lines that stand further up already, as of a second network that is built as the first.
func (f *folder) again(lines []written) []written {
	var out []written
	for at := 0; at < len(lines); {
		r, n := f.repetition(out, lines[at:])
		if r == nil {
			out = append(out, lines[at])
			at++
			continue
		}
		out = append(out, written{lo: lines[at].lo, hi: lines[at+n-1].hi, fold: r})
		at += n
	}
	return out
}

// repetition returns the fold of as many of the lines as possible that repeat what is written before, and how many those are, or nil if
// they are too few. They do not end within the block of a fold, which counts the lines that are written of its block.
func (f *folder) repetition(before, lines []written) (best *fold, n int) {
	n = minAgain - 1
	for i, first := range before {
		alike := 0
		for alike < min(maxFoldSize, len(lines), len(before)-i) && f.left > 0 && f.alike(before[i+alike], lines[alike]) {
			alike++
			f.left--
		}
		if f.left--; alike <= n || first.fold != nil || f.made(first) == "" {
			continue
		}
		var d difference
		for k, l := range lines[:alike] {
			b := before[i+k]
			if f.left -= l.hi - l.lo; !d.add(f.patterns[b.lo:b.hi], f.patterns[l.lo:l.hi]) {
				break
			}
			whole := k+1 == len(lines) || lines[k+1].group != l.group
			if k < n || !whole {
				continue
			}
			r := (&fold{start: first.lo, size: b.hi - first.lo, from: f.made(first)}).with(d)
			if r == nil {
				break
			}
			best, n = r, k+1
		}
	}
	return best, n
}

// alike reports whether two lines have the same keys in all that they stand for. A line that sends the reader back is like no other, so
// that nobody is sent on.
func (f *folder) alike(a, b written) bool {
	sentBack := a.fold != nil && a.fold.from != ""
	return !sentBack && !f.isBorder(a) && slices.Equal(f.keys[a.lo:a.hi], f.keys[b.lo:b.hi])
}

// isBorder reports whether a line or, of a fold, the first that it stands for, is one of a section.
func (f *folder) isBorder(w written) bool { return f.lines[w.lo].opens() || f.lines[w.lo].closes() }

// made returns the name of the first value that a line makes, or "".
func (f *folder) made(w written) string {
	if !strings.HasPrefix(f.lines[w.lo].text, "%") {
		return ""
	}
	name, _, _ := strings.Cut(f.lines[w.lo].text, " ")
	return strings.TrimSuffix(name, ",")
}
