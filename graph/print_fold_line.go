package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// fold is a block of lines with the copies that follow it or, when it begins with the value from, the one that stands elsewhere.
type fold struct {
	start, size int // the block: its first line, and how many
	copies      int
	from        string
	difference             // that of the first copy; shift is for each copy once more
	exchanged   [][]string // what each copy has for names and words
	outside     [][]ref    // what each copy reads for reads
}

// with returns r with another copy, or nil if a line could not say so: the copies must be exchanged the same names and words, be numbered
// one behind the other, and read the outside in few enough ways.
func (r *fold) with(d difference) *fold {
	next := *r
	next.copies++
	if r.copies == 0 {
		next.difference = d
	} else if !slices.Equal(r.names.from, d.names.from) || !slices.Equal(r.words.from, d.words.from) || r.shift*next.copies != d.shift {
		return nil
	}
	next.exchanged = append(slices.Clip(r.exchanged), slices.Concat(d.names.to, d.words.to))
	next.outside = append(slices.Clip(r.outside), d.instead)
	clauses, ok := next.clauses()
	if !ok || len(clauses) > maxClauses {
		return nil
	}
	return &next
}

// line returns the line that stands for the copies, when so many lines are written of the block.
func (r *fold) line(block int) string {
	lines := "line"
	if block > 1 {
		lines = fmt.Sprintf("%d lines", block)
	}
	where := "above"
	if r.from != "" {
		where = "from " + r.from
	}
	times := "once more"
	if r.copies > 1 {
		times = fmt.Sprintf("%d times more", r.copies)
	}
	s := fmt.Sprintf("... the %s %s %s", lines, where, times)
	if c, _ := r.clauses(); len(c) > 0 {
		s += ", with " + strings.Join(c, "; ")
	}
	return s
}

// clauses says how the copies differ from the block: the component of the names and the words that are exchanged, the numbers of the
// block's own values, and the outside values that are not the same for all. It is not ok where only a long list would say it.
func (r *fold) clauses() (out []string, ok bool) {
	for i, x := range slices.Concat(r.names.from, r.words.from) {
		class := x[:strings.IndexAny(x, " =")+1] // of a word: "dim " or "by="
		var to []string
		for _, copied := range r.exchanged {
			to = append(to, strings.TrimPrefix(copied[i], class))
		}
		list, ruled := span(to)
		if class != "" {
			list, ruled = progression(to)
		}
		if !ruled && r.copies > maxListed {
			return nil, false
		}
		out = append(out, x+" -> "+list)
	}
	switch {
	case r.own == 1:
		out = append(out, fmt.Sprintf("%v + %d", r.first, r.shift))
	case r.own > 1:
		out = append(out, fmt.Sprintf("%v to %v + %d", r.first, r.first.plus(r.own-1), r.shift))
	}
	var steps []int
	stepping := map[int][]ref{}
	for i, x := range r.reads {
		sequence := []ref{x}
		for _, reads := range r.outside {
			sequence = append(sequence, reads[i])
		}
		step, even := evenStep(sequence)
		switch later, carried := evenStep(sequence[1:]); {
		case even && step != 0:
			if stepping[step] == nil {
				steps = append(steps, step)
			}
			stepping[step] = append(stepping[step], x)
		case even:
		case carried && r.copies > 2:
			out = append(out, fmt.Sprintf("%v -> %v, then %s", x, sequence[1], signed(later)))
		case r.copies <= maxListed:
			out = append(out, fmt.Sprintf("%v -> %s", x, joined(sequence[1:])))
		default:
			return nil, false
		}
	}
	for _, step := range steps {
		slices.SortFunc(stepping[step], ref.compare)
		out = append(out, joined(stepping[step])+" "+signed(step))
	}
	return out, true
}

// evenStep returns what the numbers of a sequence grow by from one to the next, if it is always the same.
func evenStep(s []ref) (step int, ok bool) {
	if len(s) > 1 {
		step = s[1].number - s[0].number
	}
	for i, r := range s {
		if r != s[0].plus(i*step) {
			return 0, false
		}
	}
	return step, true
}

func signed(step int) string {
	if step < 0 {
		return fmt.Sprintf("- %d", -step)
	}
	return fmt.Sprintf("+ %d", step)
}

func joined(refs []ref) string {
	var s []string
	for _, r := range refs {
		s = append(s, r.String())
	}
	return strings.Join(s, ", ")
}

// span lists names, or their first and last where they are counted up or down: "block1 to block5".
func span(names []string) (list string, counted bool) {
	n := len(names)
	if n < 3 {
		return strings.Join(names, ", "), false
	}
	stem, first := cutNumber(names[0])
	_, second := cutNumber(names[1])
	for i, name := range names {
		if (second-first != 1 && second-first != -1) || name != stem+strconv.Itoa(first+i*(second-first)) {
			return strings.Join(names, ", "), false
		}
	}
	return names[0] + " to " + names[n-1], true
}

// cutNumber splits off the number that a name ends in; 0 if there is none.
func cutNumber(name string) (string, int) {
	stem := strings.TrimRight(name, "0123456789")
	number, err := strconv.Atoi(name[len(stem):])
	if err != nil {
		return name, 0
	}
	return stem, number
}
