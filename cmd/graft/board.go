package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
	"graft/zoo/reproduce"
)

// board tells how far a study is: on a terminal a table that is rewritten in place, of the trainings of each cell that have ended and
// what they come to; elsewhere a line for each training.
type board struct {
	w           io.Writer
	terminal    *os.File // nil elsewhere
	title       string
	began       time.Time
	rows        []string // data and model
	columns     []string // mode and route
	cells       map[[2]string]*tally
	seeds       int
	done, total int
	kept        int
	drawn       int // lines that are on the screen
	mu          sync.Mutex
	stopTicking chan struct{}
}

// tally is what the trainings of a cell have come to so far.
type tally struct {
	done int
	sum  float64
	n    int
}

func newBoard(w io.Writer, title string, cells []reproduce.Cell, seeds int) *board {
	b := &board{w: w, title: title, began: time.Now(), cells: map[[2]string]*tally{}, seeds: seeds, stopTicking: make(chan struct{})}
	for _, c := range cells {
		key := place(c)
		if b.cells[key] != nil {
			continue
		}
		b.cells[key] = &tally{}
		b.total += seeds
		if !slices.Contains(b.rows, key[0]) {
			b.rows = append(b.rows, key[0])
		}
		if !slices.Contains(b.columns, key[1]) {
			b.columns = append(b.columns, key[1])
		}
	}
	fmt.Fprintf(w, "%s: %s\n", title, count(b.total, "training"))
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && height > len(b.rows)+3 && width >= b.width() {
			b.terminal = f
			go b.tick()
		}
	}
	return b
}

// place returns the row and the column of a cell.
func place(c reproduce.Cell) [2]string {
	column := c.Mode
	if c.Route.Hops > 0 {
		column += " " + c.Route.String()
	}
	if c.Variant != "paper" {
		column += " " + c.Variant
	}
	return [2]string{c.Data + " " + c.Model, column}
}

func (b *board) tick() {
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			b.mu.Lock()
			b.draw()
			b.mu.Unlock()
		case <-b.stopTicking:
			return
		}
	}
}

// ended is told of a training.
func (b *board) ended(c reproduce.Cell, t reproduce.Training, kept bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	cell := b.cells[place(c)]
	cell.done++
	b.done++
	if kept {
		b.kept++
	}
	for _, name := range []string{"test_accuracy", "test_auc"} {
		if v, ok := t.Metrics[name]; ok {
			cell.sum, cell.n = cell.sum+v, cell.n+1
			break
		}
	}
	if b.terminal == nil && !kept {
		fmt.Fprintf(b.w, "%s  %v seed %d: %s\n", b.state(), c, t.Seed, outcomeWords(t))
	}
}

func outcomeWords(t reproduce.Training) string {
	switch {
	case t.Diverged != "":
		return "diverged"
	case t.Metrics["test_auc"] != 0:
		return fmt.Sprintf("test AUC %.4f in %.1f s", t.Metrics["test_auc"], t.Seconds)
	}
	return fmt.Sprintf("test accuracy %.1f %% in %.1f s", t.Metrics["test_accuracy"], t.Seconds)
}

// note tells what else is worth knowing.
func (b *board) note(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.erase()
	fmt.Fprintf(b.w, "note: "+format+"\n", args...)
}

// state is how many trainings have ended, and when the others will have.
func (b *board) state() string {
	passed := time.Since(b.began)
	s := fmt.Sprintf("%d/%d trainings  %v", b.done, b.total, roundTime(passed))
	if fresh := b.done - b.kept; fresh > 0 && b.done < b.total {
		s += fmt.Sprintf("  eta %v", (passed / time.Duration(fresh) * time.Duration(b.total-b.done)).Round(time.Second))
	}
	return s
}

// cellWidth is that of a column: 20/20 81.2 %.
const cellWidth = 13

func (b *board) width() int {
	w := b.headWidth()
	for _, c := range b.columns {
		w += 2 + max(cellWidth, len(c))
	}
	return w + 1
}

func (b *board) headWidth() int {
	w := 0
	for _, r := range b.rows {
		w = max(w, len(r))
	}
	return w
}

// draw rewrites the table.
func (b *board) draw() {
	var out strings.Builder
	out.WriteString(strings.Repeat(" ", b.headWidth()))
	for _, c := range b.columns {
		fmt.Fprintf(&out, "  %*s", max(cellWidth, len(c)), c)
	}
	for _, r := range b.rows {
		fmt.Fprintf(&out, "\x1b[K\n%-*s", b.headWidth(), r)
		for _, c := range b.columns {
			text := ""
			if t := b.cells[[2]string{r, c}]; t != nil {
				if text = fmt.Sprintf("%d/%d", t.done, b.seeds); t.n > 0 {
					text += fmt.Sprintf("  %.4g", t.sum/float64(t.n))
				}
			}
			fmt.Fprintf(&out, "  %*s", max(cellWidth, len(c)), text)
		}
	}
	fmt.Fprintf(&out, "\x1b[K\n%s\x1b[K\n", b.state())
	b.erase()
	fmt.Fprint(b.w, out.String())
	b.drawn = len(b.rows) + 2
}

// erase goes back to where the table begins, and takes it off the screen.
func (b *board) erase() {
	if b.drawn > 0 {
		fmt.Fprintf(b.w, "\x1b[%dA\r\x1b[J", b.drawn)
	}
	b.drawn = 0
}

// end leaves the table as it is in the end.
func (b *board) end() {
	close(b.stopTicking)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.terminal != nil {
		b.draw()
	}
	b.drawn = 0
}
