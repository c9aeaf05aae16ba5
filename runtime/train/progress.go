package train

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/term"
)

// How often the line is written: on a terminal, elsewhere at the ends of epochs, and elsewhere within long epochs.
const (
	terminalEvery = 100 * time.Millisecond
	epochEvery    = 2 * time.Second
	stepEvery     = 30 * time.Second
)

// progress writes a line about where a run is. On a terminal it rewrites one line; elsewhere it writes plain lines, few of
// them, and always the last.
type progress struct {
	w        io.Writer // nil is silent
	terminal *os.File  // nil elsewhere
	began    time.Time
	first    cursor // where the run began or was resumed
	shown    time.Time
	line     []byte // the last line made
	pending  bool   // it has not been written, or on a terminal not been ended
}

func newProgress(r *Run) *progress {
	p := &progress{w: r.Progress, began: time.Now()}
	if f, ok := r.Progress.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.terminal = f
	}
	return p
}

func (p *progress) resume(at cursor) { p.first = at }

// step is told of every step and mostly does nothing.
func (p *progress) step(now time.Time, l *loop) {
	every := stepEvery
	if p.terminal != nil {
		every = terminalEvery
	}
	if p.w == nil || now.Sub(p.since()) < every {
		return
	}
	p.compose(now, l)
	p.show(now)
}

func (p *progress) epoch(now time.Time, l *loop) {
	if p.w == nil {
		return
	}
	p.compose(now, l)
	p.pending = true
	if p.terminal != nil && now.Sub(p.since()) >= terminalEvery || now.Sub(p.since()) >= epochEvery {
		p.show(now)
	}
}

// since is when something was last shown.
func (p *progress) since() time.Time {
	if p.shown.IsZero() {
		return p.began
	}
	return p.shown
}

// compose makes the line: epoch, step, rate, loss, metrics of the last epoch, time left.
func (p *progress) compose(now time.Time, l *loop) {
	epoch, total := min(l.at.Epoch+1, l.Epochs), l.Epochs*l.Source.Len()
	if l.at.Index == 0 {
		epoch = l.at.Epoch
	}
	loss := l.at.LossSum / float64(l.at.Index)
	if l.at.Index == 0 {
		loss = l.history[len(l.history)-1].Loss
	}
	b := fmt.Appendf(p.line[:0], "epoch %d/%d  step %d/%d", epoch, l.Epochs, l.at.Step, total)
	done := float64(l.at.Step - p.first.Step)
	rate := done / max(l.at.Seconds-p.first.Seconds, 1e-9)
	b = fmt.Appendf(b, "  %.*f steps/s  loss %.4g", decimals(rate), rate, loss)
	if n := len(l.history); n > 0 {
		for _, name := range slices.Sorted(maps.Keys(l.history[n-1].Metrics)) {
			b = fmt.Appendf(b, "  %s %.5g", name, l.history[n-1].Metrics[name])
		}
	}
	if left := float64(total - l.at.Step); left > 0 && done > 0 && !l.at.Stopped {
		eta := now.Sub(p.began).Seconds() * left / done // evaluations and files take their part
		b = fmt.Appendf(b, "  eta %v", time.Duration(eta*float64(time.Second)).Round(time.Second))
	}
	p.line = b
}

// decimals shows a rate to about three digits.
func decimals(rate float64) int {
	switch {
	case rate >= 100:
		return 0
	case rate >= 1:
		return 1
	}
	return 3
}

// show writes the line. That nobody can read it is no reason to stop training.
func (p *progress) show(now time.Time) {
	p.shown, p.pending = now, p.terminal != nil
	if p.terminal == nil {
		fmt.Fprintf(p.w, "%s\n", p.line)
		return
	}
	line := p.line
	if width, _, err := term.GetSize(int(p.terminal.Fd())); err == nil && width > 0 {
		line = line[:min(len(line), width-1)] // a line that wraps cannot be rewritten
	}
	fmt.Fprintf(p.w, "\r%s\x1b[K", line)
}

// note writes a line that stays.
func (p *progress) note(format string, args ...any) {
	if p.w == nil {
		return
	}
	if p.terminal != nil && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

// end writes what has been held back and leaves the line.
func (p *progress) end() {
	if !p.pending {
		return
	}
	p.show(time.Now())
	if p.terminal != nil {
		fmt.Fprintln(p.w)
	}
	p.pending = false
}
