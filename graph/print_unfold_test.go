package graph_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"graft/graph"
)

var (
	foldLine   = regexp.MustCompile(`^ *\.\.\. the (?:line|(\d+) lines) above (?:once|(\d+) times) more(?:, with (.*))?$`)
	countLine  = regexp.MustCompile(`^  \.\.\. \d+ \w+(, \d+ \w+)*$`)
	stepClause = regexp.MustCompile(`^(%.*) ([+-]) (\d+)$`)
	token      = regexp.MustCompile(`%[\w./-]+|(?:^|[\w=]+ ?)"(?:[^"\\]|\\.)*"`)
)

// unfold writes out what the fold lines of a text stand for, following the rules of the package comment alone: were a fold to lose or
// change anything, the text of the graph would not come back. The states and updates that are merely counted stay away.
func unfold(t testing.TB, g *graph.Graph, text string) string {
	t.Helper()
	var out []string
	for _, l := range strings.Split(text, "\n") {
		m := foldLine.FindStringSubmatch(l)
		switch {
		case m != nil:
			size, copies := atoi(t, m[1], 1), atoi(t, m[2], 1)
			block := out[len(out)-size:]
			for k := 1; k <= copies; k++ {
				r := newRenaming(t, m[3], k)
				for _, b := range block {
					out = append(out, r.apply(t, g, b))
				}
			}
		case !countLine.MatchString(l):
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
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
	values   map[string]string
}

func newRenaming(t testing.TB, clauses string, copy int) renaming {
	t.Helper()
	r := renaming{values: map[string]string{}}
	for _, clause := range strings.Split(clauses, "; ") {
		from, to, reads := strings.Cut(clause, " -> ")
		step := stepClause.FindStringSubmatch(clause)
		switch {
		case reads && from[0] != '%':
			r.from, r.to = from, expand(t, to)[copy-1]
		case reads:
			first, step, even := strings.Cut(to, ", then ")
			if even {
				sign, n, _ := strings.Cut(step, " ")
				r.values[from] = plus(t, first, atoi(t, sign+n, 0)*(copy-1))
			} else {
				r.values[from] = strings.Split(to, ", ")[copy-1]
			}
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

// apply renames what a line holds: values, and the names of leaves, nodes, sections, streams, points and sites.
func (r renaming) apply(t testing.TB, g *graph.Graph, l string) string {
	t.Helper()
	return token.ReplaceAllStringFunc(l, func(s string) string {
		if s[0] == '%' {
			if g.Leaf(s[1:]) != nil {
				return "%" + r.name(s[1:])
			}
			if v, ok := r.values[s]; ok {
				return v
			}
			return s
		}
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
	})
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
