package native

import "sync"

// crew lets the parts of one call share work that is made in stages. Whatever part comes in takes task after task, in order, and
// waits where a task needs the stages before; so a single one can do it all, and who comes late finds nothing left. Tasks are
// a function of shapes, and a task's bits do not depend on who does it.
//
// A part that waits does so for tasks that others are at: these never wait for later ones, so somebody always gets on.
type crew struct {
	mu      sync.Mutex
	more    sync.Cond // a task has ended
	entered []bool    // parts that came in since the first of this run began
	next    int       // the task to be taken
	ended   int
}

// staged is work for a crew.
type staged interface {
	// begin is called before any task; after an error there are none.
	begin() error
	tasks() int
	// needs returns the number of tasks, the first ones, that must have ended before task i. It does not decrease.
	needs(i int) int
	do(i int)
}

// newCrew returns a crew of that many parts.
func newCrew(parts int) *crew {
	w := &crew{entered: make([]bool, parts)}
	for i := range w.entered {
		w.entered[i] = true
	}
	w.more.L = &w.mu
	return w
}

// work lets a part of the call take its share. A run begins with the first part that has been here since the last began. There
// always is one, also after a run that stopped halfway, which no part can know of: what it began has been finished by those who
// were there, so parts that had not come then find no task until this run begins.
func (w *crew) work(part int, s staged) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, first := s.tasks(), w.entered[part]
	if first {
		clear(w.entered)
		w.next, w.ended = n, 0
	}
	w.entered[part] = true
	if first {
		if err := s.begin(); err != nil {
			return err
		}
		w.next = 0
	}
	for w.next < n {
		i := w.next
		w.next++
		for w.ended < s.needs(i) {
			w.more.Wait()
		}
		w.mu.Unlock()
		s.do(i)
		w.mu.Lock()
		w.ended++
		w.more.Broadcast()
	}
	return nil
}
