package zoo_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// shortestShared is the number of lines from which it is easier to be told that they stand elsewhere than to read them again.
const shortestShared = 5

// sharing remembers the lines of the texts that have been written, so that what they have in common is written once: whole sections,
// and runs of lines within one.
type sharing []section

// section is a section of a text with its borders, or the lines between two.
type section struct {
	file  string
	lines []string
}

// write returns a text with references for the lines that stand in another file already, and remembers the rest.
func (s *sharing) write(file, text string) string {
	var out []string
	for _, lines := range cutSections(text) {
		written := s.section(lines)
		*s = append(*s, section{file, written})
		out = append(out, written...)
	}
	return strings.Join(out, "\n") + "\n"
}

// section returns the lines of a section, or what stands for them.
func (s *sharing) section(lines []string) []string {
	if len(lines) < shortestShared {
		return lines
	}
	for _, other := range *s {
		if slices.Equal(lines, other.lines) && standsAlone(lines) {
			return []string{reference(other, 0, len(lines))}
		}
	}
	var out []string
	for len(lines) > 0 {
		other, at, n := s.longestRun(lines)
		if n < shortestShared {
			out, lines = append(out, lines[0]), lines[1:]
			continue
		}
		out, lines = append(out, reference(other, at, n)), lines[n:]
	}
	return out
}

// longestRun finds the longest beginning of lines in what is written, the first of several. The borders of a section are not part of it:
// whoever reads a part of a section wants to know of which. A fold is part of it together with the lines that it repeats.
func (s *sharing) longestRun(lines []string) (other section, at, n int) {
	for _, o := range *s {
		for i := range o.lines {
			k := 0
			for k < len(lines) && i+k < len(o.lines) && lines[k] == o.lines[i+k] && !isBorder(lines[k]) && repeatsOnly(lines[:k], lines[k]) {
				k++
			}
			if k > n {
				other, at, n = o, i, k
			}
		}
	}
	return other, at, n
}

var fold = regexp.MustCompile(`^ *\.\.\. the (?:line|(\d+) lines) (?:above|from (\S+)) `)

// repeatsOnly reports whether a line is no fold, or one of the given lines above it.
func repeatsOnly(above []string, line string) bool {
	m := fold.FindStringSubmatch(line)
	switch {
	case m == nil:
		return true
	case m[2] != "":
		return slices.ContainsFunc(above, func(l string) bool {
			made, _, _ := strings.Cut(strings.TrimLeft(l, " "), " ")
			return strings.TrimSuffix(made, ",") == m[2]
		})
	case m[1] == "":
		return len(above) >= 1
	}
	block, err := strconv.Atoi(m[1])
	return err == nil && len(above) >= block
}

// standsAlone reports whether the folds of lines repeat none but them.
func standsAlone(lines []string) bool {
	for i, l := range lines {
		if !repeatsOnly(lines[:i], l) {
			return false
		}
	}
	return true
}

// isBorder reports whether a line is the header or the end of a section or of the text.
func isBorder(line string) bool {
	return line == "" || strings.HasSuffix(line, " {") || strings.HasSuffix(line, "}") && strings.TrimLeft(line, " ") == "}"
}

// cutSections cuts a text before the headers of its sections and behind their ends. The count of updates stands alone.
func cutSections(text string) [][]string {
	out := [][]string{nil}
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(l, "  ") && isBorder(l) && l != "  }" || strings.HasPrefix(l, "  ... ") && !fold.MatchString(l) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], l)
		if l == "  }" || l != "" && isBorder(l) && l[0] != ' ' {
			out = append(out, nil)
		}
	}
	return slices.DeleteFunc(out, func(lines []string) bool { return lines == nil })
}

// reference stands for n lines of another section.
func reference(other section, at, n int) string {
	line := strings.TrimLeft(other.lines[at], " ")
	indent := other.lines[at][:len(other.lines[at])-len(line)]
	first, _, _ := strings.Cut(line, " = ")
	return fmt.Sprintf("%s... %d lines of %q, from %s", indent, n, other.file, strings.TrimSuffix(first, " {"))
}
