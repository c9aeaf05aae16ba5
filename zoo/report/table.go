package report

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Table is rows of cells below groups of columns. Every row has as many cells as there are columns.
type Table struct {
	Caption string
	Corner  string // what the row heads are
	Groups  []Group
	Rows    []Row
	Notes   []string // below the table; the meaning of marks is added
}

// Group is columns under a common title, such as the modes of one data set. Columns of a group without a title stand for themselves.
type Group struct {
	Title   string
	Columns []string
}

// Row is a line of a table.
type Row struct {
	Head  string
	Cells []Cell
}

// Cell is a result.
type Cell struct {
	Text  string
	Sub   []string // lines in small type below the text: deviation, count, the published number
	Bold  bool
	Mark  Mark
	Title string // a tooltip: nothing that a reader must know
}

// Mark says how a result of ours compares with the published one.
type Mark int

// The marks. [Compare] sets them, and their meaning is written below a table that has any.
const (
	None Mark = iota
	Agrees
	Differs
)

// Compare marks a mean of n values with their deviation (n-1): it agrees when the published number is within two deviations of it. There is
// nothing to say of fewer than two values.
func Compare(mean, std float64, n int, published float64) Mark {
	distance := math.Abs(mean - published)
	switch {
	case n < 2 || math.IsNaN(distance) || math.IsNaN(std):
		return None
	case distance <= 2*std:
		return Agrees
	}
	return Differs
}

// Sign returns the mark as one character, "" for none.
func (m Mark) Sign() string { return [...]string{"", "≈", "≠"}[m] }

// Word names the mark's style and what it is read out as.
func (m Mark) Word() string { return [...]string{"", "agrees", "differs"}[m] }

const meaningOfMarks = "≈ the published number is within two standard deviations of ours; ≠ it is not."

// marked says whether a cell of the column, or of any for column -1, has a mark.
func (t *Table) marked(column int) bool {
	for _, r := range t.Rows {
		for i, c := range r.Cells {
			if (i == column || column < 0) && c.Mark != None {
				return true
			}
		}
	}
	return false
}

// notes returns what stands below the table.
func (t *Table) notes() []string {
	if t.marked(-1) {
		return append([]string{meaningOfMarks}, t.Notes...)
	}
	return t.Notes
}

// numeric says whether all cells of a column are numbers or empty, and some are not empty.
func (t *Table) numeric(column int) bool {
	some := false
	for _, r := range t.Rows {
		text := strings.TrimLeft(strings.TrimSpace(r.Cells[column].Text), "+-−–—±<>≈ .")
		if text == "" {
			continue
		}
		if first, _ := utf8.DecodeRuneInString(text); !unicode.IsDigit(first) {
			return false
		}
		some = true
	}
	return some
}

// grouped says whether a group has a title.
func (t *Table) grouped() bool {
	return slices.ContainsFunc(t.Groups, func(g Group) bool { return g.Title != "" })
}

// first says whether the column is a group's first, where there are titles to tell groups apart.
func (t *Table) first(column int) bool {
	if !t.grouped() {
		return false
	}
	for _, g := range t.Groups {
		if column == 0 {
			return true
		}
		column -= len(g.Columns)
	}
	return false
}

// columns returns the columns' full names, "group: column".
func (t *Table) columns() []string {
	var names []string
	for _, g := range t.Groups {
		for _, c := range g.Columns {
			if g.Title != "" && c != "" {
				c = ": " + c
			}
			names = append(names, g.Title+c)
		}
	}
	return names
}
