package runtime

import (
	"fmt"
	"slices"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// plan says where every value of a program lives, what runs in which order, and what must wait for what.
type plan struct {
	program *graph.Graph
	kernels native.Table
	slots   []slot
	slotOf  map[*graph.Value]int
	saved   map[*graph.Value]int // copies of leaves that are stored to another and change themselves
	once    []task               // phase once, in program order; its slots are shared with nothing
	tasks   []task               // a step, in the order in which one worker runs it
	sweeps  []*sweep
	spaces  int
	arena   [arenas]int // elements
	report  Report
}

// slot is a place with contents: a value, a copy of one, or a leaf after its store. An index of a slot is its identity.
type slot struct {
	value *graph.Value
	copy  string // "" for the value itself, else what the copy is for
	place place
	// first is the task that writes the slot, before for what is there when the step starts; last is the last that reads it.
	first, last int
}

const before = -1

// place is a range of elements of a space. Spaces are separate: an arena for each dtype, and the memory of every leaf, output
// and value of phase once.
type place struct{ space, offset, size int }

const (
	arenas   = 4 // spaces 0 to 3, by dtype
	unplaced = -1
)

func (p place) overlaps(q place) bool {
	return p.space == q.space && p.offset < q.offset+q.size && q.offset < p.offset+p.size
}

// task is a kernel call, a sweep, or the copy of one slot to another.
type task struct {
	node   *graph.Node // of a copy, the output or store that it serves; of a sweep, its last
	copies bool
	sweep  *sweep // or nil
	reads  []int  // slots, in operand order; a sweep's are what it reads and does not make, each once
	writes []int  // slots, in result order; of a sweep without what only its nodes read
	after  []int  // tasks that must have finished, besides those that compute what is read
}

// newPlan plans a program whose graph and binding have been checked.
func newPlan(job *Job, kernels native.Table, reuse bool) (*plan, error) {
	p := &plan{program: job.Program, kernels: kernels, slotOf: map[*graph.Value]int{}, saved: map[*graph.Value]int{}, spaces: arenas}
	size := func(v *graph.Value) (int, error) {
		shape, err := v.Type.Shape(job.Binding)
		return buffer.Size(shape), err
	}
	inner := p.program.Inner()
	for _, n := range p.program.Nodes {
		if n.Op.Name == "barrier" { // it speaks to the compiler: here, the result is the operand
			p.slotOf[n.Results[0]] = p.slotOf[n.Args[0]]
			continue
		}
		for _, v := range n.Results {
			if inner[v] {
				continue // never in memory as a whole
			}
			if n.Op.Is(graph.Leaf) && v.Type.Sparse {
				p.add(slot{value: v, place: p.newSpace(1), first: before}) // as large as need be: nothing else comes here
				continue
			}
			if v.Type.Sparse {
				return nil, fmt.Errorf("%v: a pattern can only be an input", v)
			}
			elements, err := size(v)
			if err != nil {
				return nil, fmt.Errorf("%v: %w", v, err)
			}
			s := slot{value: v, place: place{space: unplaced, size: elements}, first: before}
			if n.Op.Is(graph.Leaf) || n.Phase == graph.Once || job.Results[v] != nil {
				s.place = p.newSpace(elements)
			}
			p.add(s)
		}
	}
	if err := p.schedule(job, inner); err != nil {
		return nil, err
	}
	p.store(reuse)
	p.pack(reuse)
	p.order()
	return p, nil
}

func (p *plan) newSpace(size int) place {
	p.spaces++
	return place{space: p.spaces - 1, size: size}
}

func (p *plan) add(s slot) int {
	s.last = s.first
	p.slots = append(p.slots, s)
	i := len(p.slots) - 1
	if s.copy == "" {
		p.slotOf[s.value] = i
	}
	return i
}

// push appends a task of the step and notes what it reads and writes.
func (p *plan) push(t task) {
	at := len(p.tasks)
	for _, r := range t.reads {
		p.slots[r].last = max(p.slots[r].last, at)
	}
	for _, w := range t.writes {
		p.slots[w].first, p.slots[w].last = at, at
	}
	p.tasks = append(p.tasks, t)
}

// schedule makes the tasks.
func (p *plan) schedule(job *Job, inner map[*graph.Value]bool) error {
	p.copyLeaves()
	nodes := early(p.program)
	for len(nodes) > 0 {
		members := 1
		for members < len(nodes) && nodes[members].Joined {
			members++
		}
		list := nodes[:members]
		nodes = nodes[members:]
		n := list[members-1]
		if !runs(n) {
			continue
		}
		for _, m := range list {
			if p.kernels[m.Op.Name].Run == nil {
				return fmt.Errorf("there is no kernel for %s at %v", m.Op.Name, m.Pos)
			}
		}
		t := task{node: n}
		if members > 1 {
			s, err := newSweep(list, inner, job.Binding, p.kernels)
			if err != nil {
				return err
			}
			t.sweep, p.sweeps = s, append(p.sweeps, s)
			reads, writes := s.outside()
			t.reads, t.writes = p.slotsOf(reads), p.slotsOf(writes)
		} else {
			t.reads, t.writes = p.slotsOf(n.Args), p.slotsOf(n.Results)
		}
		if n.Phase == graph.Once {
			p.once = append(p.once, t)
		} else {
			p.push(t)
		}
	}
	p.report.OnceNodes = len(p.once)
	return nil
}

func (p *plan) slotsOf(values []*graph.Value) []int {
	var s []int
	for _, v := range values {
		s = append(s, p.slotOf[v])
	}
	return s
}

// runs reports whether a node is a task. A barrier is none: its result is its operand.
func runs(n *graph.Node) bool {
	return !n.Op.Is(graph.Leaf) && !n.Op.Is(graph.Effect) && n.Op.Name != "barrier"
}

// copyLeaves begins the step with what has to be kept of leaves before a store changes them: those that are outputs, and
// those that are stored to another leaf, so that two may be exchanged.
func (p *plan) copyLeaves() {
	copied := map[*graph.Value]bool{}
	for _, n := range p.program.Effects("output") {
		if v := n.Args[0]; v.Node.Op.Is(graph.Leaf) && !copied[v] {
			copied[v] = true
			from := p.slotOf[v]
			p.copy(n, from, slot{value: v, copy: "output", place: p.newSpace(p.slots[from].place.size)})
		}
	}
	changes := map[*graph.Value]bool{}
	stores := p.program.Effects("store")
	for _, n := range stores {
		changes[p.program.Leaf(n.Name())] = true
	}
	for _, n := range stores {
		v := n.Args[0]
		if _, ok := p.saved[v]; changes[v] && !ok {
			from := p.slotOf[v]
			p.saved[v] = p.copy(n, from, slot{value: v, copy: "before the step", place: place{space: unplaced, size: p.slots[from].place.size}})
		}
	}
}

// copy appends a task that copies a slot to a new one, and returns the latter.
func (p *plan) copy(n *graph.Node, from int, to slot) int {
	i := p.add(to)
	p.push(task{node: n, copies: true, reads: []int{from}, writes: []int{i}})
	p.report.Copies++
	return i
}

// store lets the stored values reach their leaves: written there in the first place where that is safe, else copied at the
// end of the step.
func (p *plan) store(reuse bool) {
	var late []*graph.Node
	for _, n := range p.program.Effects("store") {
		from, leaf := p.slotOf[n.Args[0]], p.slotOf[p.program.Leaf(n.Name())]
		if !reuse || !p.mayReplace(from, leaf) {
			late = append(late, n)
			continue
		}
		p.slots[from].place = p.slots[leaf].place
		p.report.InPlace++
	}
	for _, n := range late {
		from, leaf := p.slotOf[n.Args[0]], p.slots[p.slotOf[p.program.Leaf(n.Name())]]
		if s, ok := p.saved[n.Args[0]]; ok {
			from = s
		}
		p.copy(n, from, slot{value: leaf.value, copy: "after the step", place: leaf.place})
	}
}

// mayReplace reports whether slot s may be computed in the memory of a leaf. Its node must come after every reader of the
// leaf, or be the last and able to work in place; and after every node that can fail, since a failed step changes nothing.
func (p *plan) mayReplace(s, leaf int) bool {
	v, at := p.slots[s], p.slots[s].first
	if at == before || v.place.space != unplaced || p.tasks[at].fallible() {
		return false
	}
	for i := at + 1; i < len(p.tasks); i++ {
		if p.tasks[i].fallible() {
			return false
		}
	}
	last := p.slots[leaf].last
	return last < at || last == at && slices.Contains(p.inPlaceOperands(p.kernels, p.tasks[at], s), leaf)
}

// inPlaceOperands returns the slots that a task may share the memory of one that it writes with. An operand that is given twice is
// shared with neither result.
func (p *plan) inPlaceOperands(kernels native.Table, t task, written int) []int {
	switch {
	case t.copies:
		return nil
	case t.sweep != nil:
		return slices.DeleteFunc(slices.Clone(t.reads), func(r int) bool {
			return !t.sweep.mayReplace(kernels, p.slots[written].value, p.slots[r].value)
		})
	}
	i := slices.Index(t.writes, written)
	operands := kernels[t.node.Op.Name].InPlace
	if i >= len(operands) || operands[i] < 0 || operands[i] >= len(t.reads) {
		return nil
	}
	s := t.reads[operands[i]]
	if slices.Index(t.reads, s) != operands[i] || slices.Contains(t.reads[operands[i]+1:], s) {
		return nil
	}
	return []int{s}
}

// nodes returns what a task computes.
func (t task) nodes() []*graph.Node {
	switch {
	case t.copies:
		return nil
	case t.sweep != nil:
		return t.sweep.nodes
	}
	return []*graph.Node{t.node}
}

// fallible reports whether a node of the task may refuse the values it is given.
func (t task) fallible() bool { return slices.ContainsFunc(t.nodes(), fallible) }

// fallible reports whether a node may refuse the values it is given: it belongs to an op of the user's own, or it uses
// integers as positions. Elementwise, random and optimizer ops take every value.
func fallible(n *graph.Node) bool {
	if n.Op.Is(graph.Elementwise) || n.Op.Is(graph.Random) || n.Op.Is(graph.Optimizer) || n.Op.Is(graph.Mark) {
		return false
	}
	if graph.Standard().Lookup(n.Op.Name) != n.Op {
		return true
	}
	return slices.ContainsFunc(n.Args, func(a *graph.Value) bool {
		return a.Type.DType == graph.I32 && !a.Type.Sparse && !a.Type.IsScalar()
	})
}
