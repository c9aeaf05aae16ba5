package graph_test

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"graft/graph"
)

var (
	foldLine   = regexp.MustCompile(`^ *\.\.\. the (?:line|(\d+) lines) (?:above|from (%[\w./-]+)) (?:once|(\d+) times) more(?:, with (.*))?$`)
	countLine  = regexp.MustCompile(`^  \.\.\. \d+ \w+(, \d+ \w+)*$`)
	stepClause = regexp.MustCompile(`^(%.*) ([+-]) (\d+)$`)
	token      = regexp.MustCompile(`%[\w./-]+|(?:^|[\w=]+ ?)"(?:[^"\\]|\\.)*"|[\w=]+\[[^\]]*\]|\w+=-?[\d.][\w.+-]*`)
	attribute  = regexp.MustCompile(`^(\w+=)(-?[\d.][\w.+-]*)$`)
	factor     = regexp.MustCompile(`-?\w+`)
)

// unfold writes out what the fold lines of a text stand for, following the rules of the package comment alone: were a fold to lose or
// change anything, the text of the graph would not come back. The states and updates that are merely counted stay away.
func unfold(t testing.TB, g *graph.Graph, text string) string {
	t.Helper()
	var written [][]string // each line with what it stands for
	for _, l := range strings.Split(text, "\n") {
		m := foldLine.FindStringSubmatch(l)
		switch {
		case m != nil:
			size, copies := atoi(t, m[1], 1), atoi(t, m[3], 1)
			first := len(written) - size
			if m[2] != "" {
				first = slices.IndexFunc(written, func(lines []string) bool { return makes(lines[0], m[2]) })
			}
			block := slices.Concat(written[first : first+size]...)
			var lines []string
			for k := 1; k <= copies; k++ {
				r := newRenaming(t, m[4], k)
				for _, b := range block {
					lines = append(lines, r.apply(t, g, b))
				}
			}
			written = append(written, lines)
		case !countLine.MatchString(l):
			written = append(written, []string{l})
		}
	}
	return strings.Join(slices.Concat(written...), "\n")
}

// makes reports whether value is the first that a line makes.
func makes(line, value string) bool {
	line = strings.TrimLeft(line, " ")
	return strings.HasPrefix(line, value+" ") || strings.HasPrefix(line, value+",")
}

// uncounted returns the text of g without the states and updates.
func uncounted(g *graph.Graph) string {
	var out []string
	update := false
	for _, l := range strings.Split(g.String(), "\n") {
		update = update || l == "  update {"
		if !update && !strings.Contains(l, " = state ") {
			out = append(out, l)
		}
		update = update && l != "  }"
	}
	return strings.Join(out, "\n")
}

// renaming is what the clauses of a fold line say of one copy.
type renaming struct {
	from, to string
	words    map[string]string // "dim 64" and "by=2.0"
	values   map[string]string
}

func newRenaming(t testing.TB, clauses string, copy int) renaming {
	t.Helper()
	r := renaming{words: map[string]string{}, values: map[string]string{}}
	for _, clause := range strings.Split(clauses, "; ") {
		from, to, reads := strings.Cut(clause, " -> ")
		step := stepClause.FindStringSubmatch(clause)
		switch {
		case reads && strings.ContainsAny(from, " ="):
			r.words[from] = item(t, to, copy)
		case reads && from[0] != '%':
			r.from, r.to = from, expand(t, to)[copy-1]
		case reads:
			r.values[from] = item(t, to, copy)
		case step != nil:
			for _, v := range expand(t, step[1]) {
				r.values[v] = plus(t, v, copy*atoi(t, step[2]+step[3], 0))
			}
		case clause != "":
			t.Fatalf("%q is no clause", clause)
		}
	}
	return r
}

// item returns what a copy has of "a, b, c", or of "a, then + 2" where a is a number or ends in one.
func item(t testing.TB, list string, copy int) string {
	t.Helper()
	first, rule, ok := strings.Cut(list, ", then ")
	if !ok {
		return strings.Split(list, ", ")[copy-1]
	}
	sign, by, _ := strings.Cut(rule, " ")
	if first[0] == '%' {
		return plus(t, first, atoi(t, sign+by, 0)*(copy-1))
	}
	x, step := rational(t, first), rational(t, by)
	for range copy - 1 {
		switch sign {
		case "+":
			x.Add(x, step)
		case "-":
			x.Sub(x, step)
		case "*":
			x.Mul(x, step)
		default:
			t.Fatalf("%q is no rule", rule)
		}
	}
	if !strings.ContainsAny(first, ".e") {
		return x.RatString()
	}
	float, _ := x.Float64()
	s := strconv.FormatFloat(float, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func rational(t testing.TB, s string) *big.Rat {
	t.Helper()
	x, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return x
}

// expand returns the items of "a, b, c" or of "a1 to a9".
func expand(t testing.TB, list string) []string {
	first, last, ok := strings.Cut(list, " to ")
	if !ok {
		return strings.Split(list, ", ")
	}
	out := []string{first}
	for _, step := range []int{1, -1} {
		for next := first; len(out) < 1000; {
			if next = plus(t, next, step); strings.Contains(next, "-") {
				break
			}
			if out = append(out, next); next == last {
				return out
			}
		}
		out = out[:1]
	}
	t.Fatalf("%q does not count", list)
	return nil
}

// plus adds to the number that a name ends in.
func plus(t testing.TB, name string, n int) string {
	stem := strings.TrimRight(name, "0123456789")
	return fmt.Sprintf("%s%d", stem, atoi(t, name[len(stem):], 0)+n)
}

func atoi(t testing.TB, s string, otherwise int) int {
	t.Helper()
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// apply renames what a line holds: values, the names of leaves, nodes, sections, streams, points and sites, dimensions, and attributes.
func (r renaming) apply(t testing.TB, g *graph.Graph, l string) string {
	t.Helper()
	return token.ReplaceAllStringFunc(l, func(s string) string {
		attr := attribute.FindStringSubmatch(s)
		switch {
		case s[0] == '%':
			if g.Leaf(s[1:]) != nil {
				return "%" + r.name(s[1:])
			}
			return replaced(r.values, s)
		case strings.HasSuffix(s, `"`):
			return r.quoted(t, s)
		case strings.HasSuffix(s, "]"): // a type, or a list
			kind, dims, _ := strings.Cut(s, "[")
			return kind + "[" + r.dims(dims)
		case attr == nil:
			return s
		case strings.ContainsAny(attr[2], ".e"):
			return replaced(r.words, s)
		}
		return attr[1] + r.dims(attr[2])
	})
}

func (r renaming) dims(s string) string {
	return factor.ReplaceAllStringFunc(s, func(f string) string {
		return strings.TrimPrefix(replaced(r.words, "dim "+f), "dim ")
	})
}

func (r renaming) quoted(t testing.TB, s string) string {
	t.Helper()
	before, quoted, _ := strings.Cut(s, `"`)
	switch before {
	case "stream=", "point=", "site=":
	default:
		if !strings.HasSuffix(before, " ") { // another attribute
			return s
		}
	}
	name, err := strconv.Unquote(`"` + quoted)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return before + strconv.Quote(r.name(name))
}

// replaced returns what s is in the copy. Of an attribute or dimension, the clause has the value alone.
func replaced(by map[string]string, s string) string {
	to, ok := by[s]
	switch {
	case !ok:
		return s
	case s[0] == '%':
		return to
	}
	return s[:strings.IndexAny(s, " =")+1] + to
}

func (r renaming) name(s string) string {
	parts := strings.Split(s, "/")
	for i, p := range parts {
		if r.from != "" && p == r.from {
			parts[i] = r.to
		}
	}
	return strings.Join(parts, "/")
}
