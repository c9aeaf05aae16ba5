package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
	"graft/zoo/experiment"
)

// progress tells how far a comparison or search is: one line, rewritten on a terminal; elsewhere a line for each training.
type progress struct {
	w           io.Writer
	terminal    *os.File // nil elsewhere
	began       time.Time
	mu          sync.Mutex
	ended       int
	total       int
	last        string
	stopTicking chan struct{}
}

// newProgress starts to tell. On a terminal the time is kept going between trainings, which may be long.
func newProgress(w io.Writer, total int) *progress {
	p := &progress{w: w, began: time.Now(), total: total, stopTicking: make(chan struct{})}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.terminal = f
		go p.tick()
	}
	return p
}

func (p *progress) tick() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.mu.Lock()
			p.rewrite()
			p.mu.Unlock()
		case <-p.stopTicking:
			return
		}
	}
}

// done is told of every training of a comparison that has ended.
func (p *progress) done(c experiment.Cell) {
	e := c.Plan.Entry
	p.tell(fmt.Sprintf("%s seed %d: %s %s in %s s", label(c.Plan, false), c.Seed,
		words(e.Metric), format(c.Outcome.Metrics[e.Metric], e.Unit), format(c.Outcome.Seconds, "s")))
}

// skip takes off trainings that need not be done.
func (p *progress) skip(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total -= n
}

// tell counts a training that has ended, and says what it came to.
func (p *progress) tell(last string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
	p.last = last
	if p.terminal != nil {
		p.rewrite()
		return
	}
	fmt.Fprintf(p.w, "%s  %s\n", p.state(), p.last)
}

func (p *progress) rewrite() {
	line := p.state() + "  " + p.last
	if width, _, err := term.GetSize(int(p.terminal.Fd())); err == nil && width > 0 {
		line = line[:min(len(line), width-1)] // a line that wraps cannot be rewritten
	}
	fmt.Fprintf(p.w, "\r%s\x1b[K", line)
}

// state is how many trainings have ended, and when the others will have.
func (p *progress) state() string {
	passed := time.Since(p.began)
	s := fmt.Sprintf("%d/%d trainings  %v", p.ended, p.total, roundTime(passed))
	if p.ended == 0 || p.ended == p.total {
		return s
	}
	left := passed / time.Duration(p.ended) * time.Duration(p.total-p.ended)
	return s + fmt.Sprintf("  eta %v", left.Round(time.Second))
}

// end leaves the line.
func (p *progress) end() {
	close(p.stopTicking)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
