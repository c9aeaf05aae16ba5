package runtime

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"graft/graph"
	"graft/runtime/native"
)

// verifyPlan proves that a plan computes its program whatever the order in which its tasks run, as long as each waits for
// those that compute what it reads and for its after list:
//
//   - the tasks are the program's nodes with their own operands and results, and copies; a barrier's result is its operand;
//   - of two slots whose memory overlaps, every access to one has finished before the other is written, except that a
//     kernel may write where it reads if it says so;
//   - leaves, values of phase once, outputs and stored values last to the end of the step;
//   - nothing can fail any more when a leaf changes.
//
// It reads the program, the tasks and the places, and nothing that the planner noted for itself.
func verifyPlan(p *plan, kernels native.Table) error {
	v := &verifier{plan: p, kernels: kernels, names: graph.Names(p.program)}
	for _, check := range []func() error{v.program, v.dependences, v.keep, v.overlaps, v.failures} {
		if err := check(); err != nil {
			return fmt.Errorf("the plan of %s is wrong: %w", p.program.Name, err)
		}
	}
	return nil
}

type verifier struct {
	*plan
	kernels native.Table
	names   map[*graph.Value]string
	writer  []int          // the task that writes each slot
	readers [][]int        // the tasks that read each slot
	content []*graph.Value // what each slot holds, seen through copies
	done    []bitset       // the tasks that have finished when each task starts
	kept    []bool         // slots that last to the end of the step
	leaves  map[int]bool   // spaces that belong to leaves
}

// program compares the tasks with the program's nodes.
func (v *verifier) program() error {
	want := map[*graph.Node]bool{}
	for _, n := range v.plan.program.Nodes {
		switch {
		case runs(n):
			want[n] = true
		case n.Op.Name == "barrier" && v.slotOf[n.Results[0]] != v.slotOf[n.Args[0]]:
			return fmt.Errorf("%s is not its operand", v.text(n))
		}
	}
	computed := map[*graph.Value]bool{} // by phase once
	for i, t := range slices.Concat(v.once, v.tasks) {
		if t.copies {
			from, to := v.slots[t.reads[0]], v.slots[t.writes[0]]
			if len(t.reads) != 1 || len(t.writes) != 1 || from.place.size != to.place.size {
				return fmt.Errorf("%s copies %d elements to %d", v.text(t.node), from.place.size, to.place.size)
			}
			continue
		}
		for _, n := range t.nodes() {
			if !want[n] {
				return fmt.Errorf("%s is not in the program or runs twice", v.text(n))
			}
			delete(want, n)
		}
		if err := v.operands(t); err != nil {
			return err
		}
		if i >= len(v.once) {
			continue
		}
		for _, a := range t.node.Args { // there are no sweeps in phase once
			if !a.Node.Op.Is(graph.Leaf) && !computed[a] {
				return fmt.Errorf("%s runs before the step, %s does not", v.text(t.node), v.text(a.Node))
			}
		}
		for _, r := range t.node.Results {
			computed[r] = true
		}
	}
	for n := range want {
		return fmt.Errorf("%s is never run", v.text(n))
	}
	return nil
}

// operands compares what a task reads and writes with the operands and results of its nodes. Only what no node outside of a sweep
// reads has no slot.
func (v *verifier) operands(t task) error {
	if t.sweep == nil {
		if !slices.Equal(t.reads, v.slotsOf(t.node.Args)) || !slices.Equal(t.writes, v.slotsOf(t.node.Results)) {
			return fmt.Errorf("%s does not read its operands or write its results", v.text(t.node))
		}
		return nil
	}
	made, reads, writes := map[*graph.Value]bool{}, map[int]bool{}, map[int]bool{}
	for _, n := range t.sweep.nodes {
		for _, a := range n.Args {
			if !made[a] {
				reads[v.slotOf[a]] = true
			}
		}
		for _, r := range n.Results {
			made[r] = true
			if s, ok := v.slotOf[r]; ok {
				writes[s] = true
			}
		}
	}
	if !maps.Equal(reads, set(t.reads)) || !maps.Equal(writes, set(t.writes)) {
		return fmt.Errorf("the sweep that ends with %s does not read its operands or write its results", v.text(t.node))
	}
	for _, n := range v.plan.program.Nodes {
		for _, a := range n.Args {
			if _, ok := v.slotOf[a]; made[a] && !ok && !slices.Contains(t.sweep.nodes, n) {
				return fmt.Errorf("%s reads what is never in memory: %s", v.text(n), v.text(a.Node))
			}
		}
	}
	return nil
}

func set(slots []int) map[int]bool {
	s := map[int]bool{}
	for _, i := range slots {
		s[i] = true
	}
	return s
}

// dependences finds who writes and reads each slot, and which tasks wait for which.
func (v *verifier) dependences() error {
	n := len(v.slots)
	v.writer, v.readers, v.content = slices.Repeat([]int{before}, n), make([][]int, n), make([]*graph.Value, n)
	for value, s := range v.slotOf {
		if !value.Is("barrier") {
			v.content[s] = value
		}
	}
	for i, t := range v.tasks {
		done := newBitset(len(v.tasks))
		wait := slices.Clone(t.after)
		for _, r := range t.reads {
			if v.writer[r] != before {
				wait = append(wait, v.writer[r])
			} else if !v.ready(v.slots[r]) {
				return fmt.Errorf("%s reads %s before it is computed", v.text(t.node), v.slotText(r))
			}
			v.readers[r] = append(v.readers[r], i)
		}
		for _, w := range wait {
			if w < 0 || w >= i {
				return fmt.Errorf("%s waits for a later task", v.text(t.node))
			}
			done.add(w)
			done.union(v.done[w])
		}
		v.done = append(v.done, done)
		for _, w := range t.writes {
			if v.writer[w] != before || v.ready(v.slots[w]) {
				return fmt.Errorf("%s is written twice", v.slotText(w))
			}
			v.writer[w] = i
			if t.copies {
				v.content[w] = v.content[t.reads[0]]
			}
		}
	}
	return nil
}

// ready reports whether a slot has its contents when the step starts.
func (v *verifier) ready(s slot) bool {
	return s.copy == "" && (s.value.Node.Op.Is(graph.Leaf) || s.value.Node.Phase == graph.Once)
}

// keep finds the slots that last to the end of the step.
func (v *verifier) keep() error {
	v.kept, v.leaves = make([]bool, len(v.slots)), map[int]bool{}
	stored := map[string]bool{}
	for _, n := range v.plan.program.Effects("store") {
		stored[n.Name()] = true
	}
	for i, s := range v.slots {
		if v.ready(s) {
			v.kept[i] = !s.value.Node.Op.Is(graph.Leaf) || !stored[s.value.Node.Name()]
			v.leaves[s.place.space] = true
		}
	}
	for _, n := range v.plan.program.Nodes {
		var found bool
		switch n.Op.Name {
		case "output":
			found = v.keepAny(n.Args[0], func(s slot) bool { return s.place.space >= arenas && !v.isLeaf(s) })
		case "store":
			leaf := v.slots[v.slotOf[v.plan.program.Leaf(n.Name())]]
			found = v.keepAny(n.Args[0], func(s slot) bool { return s.place == leaf.place && (s.copy != "" || s.value != leaf.value) })
		default:
			continue
		}
		if !found {
			return fmt.Errorf("%s: the value does not get there", v.text(n))
		}
	}
	return nil
}

func (v *verifier) isLeaf(s slot) bool { return s.copy == "" && s.value.Node.Op.Is(graph.Leaf) }

// keepAny keeps a slot that holds x at a suitable place, and reports whether there is one.
func (v *verifier) keepAny(x *graph.Value, suits func(slot) bool) bool {
	for i, s := range v.slots {
		if v.content[i] == x && suits(s) {
			v.kept[i] = true
			return true
		}
	}
	return false
}

// overlaps checks every pair of slots that share memory.
func (v *verifier) overlaps() error {
	byPlace := make([]int, len(v.slots))
	for i, s := range v.slots {
		byPlace[i] = i
		if at := s.place; at.space < 0 || at.offset < 0 || at.space < arenas &&
			(at.space != int(s.value.Type.DType) || at.offset+at.size > v.arena[at.space]) {
			return fmt.Errorf("%s lies outside of its memory", v.slotText(i))
		}
	}
	slices.SortFunc(byPlace, func(i, j int) int {
		a, b := v.slots[i].place, v.slots[j].place
		return cmp.Or(cmp.Compare(a.space, b.space), cmp.Compare(a.offset, b.offset))
	})
	for k, i := range byPlace {
		a := v.slots[i].place
		for _, j := range byPlace[k+1:] {
			b := v.slots[j].place
			if b.space != a.space || b.offset >= a.offset+a.size {
				break
			}
			if a.overlaps(b) && !v.over(i, j) && !v.over(j, i) {
				return fmt.Errorf("%s and %s share memory, and neither is done with before the other is written",
					v.slotText(i), v.slotText(j))
			}
		}
	}
	return nil
}

// over reports whether slot a is done with when slot b is written.
func (v *verifier) over(a, b int) bool {
	at := v.writer[b]
	if v.kept[a] || at == before || at == v.writer[a] {
		return false
	}
	if w := v.writer[a]; w != before && !v.done[at].has(w) {
		return false
	}
	for _, r := range v.readers[a] {
		if r == at {
			t := v.tasks[at]
			if v.slots[a].place != v.slots[b].place || !slices.Contains(v.inPlaceOperands(v.kernels, t, b), a) {
				return false
			}
		} else if !v.done[at].has(r) {
			return false
		}
	}
	return true
}

// failures checks that all that can fail has succeeded when a leaf changes.
func (v *verifier) failures() error {
	for i, t := range v.tasks {
		for _, w := range t.writes {
			if !v.leaves[v.slots[w].place.space] {
				continue
			}
			for j, risky := range v.tasks {
				if risky.fallible() && !v.done[i].has(j) {
					return fmt.Errorf("%s changes a leaf although %s can still fail", v.text(t.node), v.text(risky.node))
				}
			}
		}
	}
	return nil
}

func (v *verifier) text(n *graph.Node) string {
	return fmt.Sprintf("%q at %v", graph.FormatNode(n, v.names), n.Pos)
}

func (v *verifier) slotText(i int) string {
	s := v.slots[i]
	if s.copy != "" {
		return fmt.Sprintf("the copy of %s (%s)", v.text(s.value.Node), s.copy)
	}
	return v.text(s.value.Node)
}
