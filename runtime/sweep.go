package runtime

import (
	"fmt"
	"slices"
	"strings"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// A sweep computes several nodes block by block of rows. What only they read is never in memory as a whole: a worker has scratch for
// a block of it, which all sweeps of an executable share and which stays in the cache. A block is a part of the sweep's call.
type sweep struct {
	nodes []*graph.Node
	total int // rows
	block int // rows of each block but perhaps the last
	// values are all that the nodes read and make, in order of appearance.
	values []sweptValue
	in     [][]int // by node, indices of values
	out    [][]int
	arena  [arenas]int // elements of scratch, by dtype
}

// sweptValue is a value as a sweep sees it. Only cut ones have rows.
type sweptValue struct {
	value *graph.Value
	whole bool  // read whole for every block
	inner bool  // nothing outside of the sweep reads it
	axes  int   // leading axes that make up its rows
	shape []int // of all rows
	row   int   // elements of a row
	// offset is the place of an inner value's block in the scratch of its dtype.
	offset      int
	first, last int // nodes that write and last read an inner value
}

// sweepBytes is what the blocks of inner values may take up, with what passes through of others: a part of a second-level cache.
const sweepBytes = 128 << 10

// smallBlock is the number of rows below which blocks need not be a multiple of it; sixteen float32 fill a cache line.
const smallBlock = 16

// newSweep prepares the sweep of the given nodes. inner says what nothing else reads.
func newSweep(nodes []*graph.Node, inner map[*graph.Value]bool, b graph.Binding, kernels native.Table) (*sweep, error) {
	rows, ok := graph.SweepRows(nodes)
	if !ok {
		return nil, fmt.Errorf("the nodes from %s at %v on have no rows in common", nodes[0].Op.Name, nodes[0].Pos)
	}
	s := &sweep{nodes: nodes}
	var err error
	if s.total, err = rows.Bind(b); err != nil {
		return nil, err
	}
	index := map[use]int{}
	add := func(v *graph.Value, whole bool) (int, error) {
		if i, ok := index[use{v, whole}]; ok {
			return i, nil
		}
		shape, err := v.Type.Shape(b)
		if err != nil {
			return 0, fmt.Errorf("%v: %w", v, err)
		}
		x := sweptValue{value: v, whole: whole, inner: inner[v], shape: shape}
		if !whole {
			x.axes, _ = v.Type.RowAxes(rows)
			x.row = buffer.Size(shape) / max(1, s.total)
		}
		s.values = append(s.values, x)
		index[use{v, whole}] = len(s.values) - 1
		return len(s.values) - 1, nil
	}
	for at, n := range nodes {
		whole, _ := n.RowWise(rows)
		var in, out []int
		for i, a := range n.Args {
			k, err := add(a, whole[i])
			if err != nil {
				return nil, err
			}
			s.values[k].last = at
			in = append(in, k)
		}
		for _, r := range n.Results {
			k, err := add(r, false)
			if err != nil {
				return nil, err
			}
			s.values[k].first, s.values[k].last = at, at
			out = append(out, k)
		}
		s.in, s.out = append(s.in, in), append(s.out, out)
	}
	s.place(kernels)
	return s, nil
}

// use is a value with the way in which it is read.
type use struct {
	value *graph.Value
	whole bool
}

// place chooses the rows of a block and finds room in the scratch for the inner values, each for as long as it is read.
func (s *sweep) place(kernels native.Table) {
	bytes := s.pack(kernels, 1)
	for _, v := range s.values {
		if !v.whole && !v.inner {
			bytes += v.row * int(v.value.Type.DType.Bytes())
		}
	}
	s.block = max(1, min(s.total, sweepBytes/max(1, bytes)))
	if s.block > smallBlock {
		s.block -= s.block % smallBlock
	}
	s.pack(kernels, s.block)
}

// pack places blocks of the given number of rows, and returns how many bytes they take up together. A result takes over the memory
// of an operand that its kernel may work in and that no later node reads.
func (s *sweep) pack(kernels native.Table, rows int) (bytes int) {
	var placed [arenas][]*block // by offset
	of := map[int]*block{}      // by value
	var all []*block
	for at, n := range s.nodes {
		for i, k := range s.out[at] {
			v := &s.values[k]
			if !v.inner {
				continue
			}
			if o := s.takenOver(kernels, n, at, i); o >= 0 && of[o] != nil && s.values[o].row == v.row {
				b := of[o]
				b.slots, b.last = append(b.slots, k), v.last
				of[k] = b
				continue
			}
			of[k] = &block{dtype: v.value.Type.DType, size: v.row * rows, first: v.first, last: v.last, slots: []int{k}}
			if rows > 1 {
				of[k].size = roundUp(of[k].size, of[k].dtype)
			}
			all = append(all, of[k])
		}
	}
	slices.SortStableFunc(all, func(a, b *block) int { return b.size - a.size })
	s.arena = [arenas]int{}
	for _, b := range all {
		dt := b.dtype
		b.offset = gap(placed[dt], b)
		at, _ := slices.BinarySearchFunc(placed[dt], b.offset, func(o *block, offset int) int { return o.offset - offset })
		placed[dt] = slices.Insert(placed[dt], at, b)
		s.arena[dt] = max(s.arena[dt], b.offset+b.size)
		for _, k := range b.slots {
			s.values[k].offset = b.offset
		}
	}
	for dt, n := range s.arena {
		bytes += n * int(graph.DType(dt).Bytes())
	}
	return bytes
}

// takenOver returns the inner operand whose memory result i of a node may take over, or -1.
func (s *sweep) takenOver(kernels native.Table, n *graph.Node, at, i int) int {
	operands := kernels[n.Op.Name].InPlace
	if i >= len(operands) || operands[i] < 0 || operands[i] >= len(n.Args) {
		return -1
	}
	k, v := s.in[at][operands[i]], n.Args[operands[i]]
	o := s.values[k]
	if !o.inner || o.whole || o.last != at || v.Type.DType != n.Results[i].Type.DType || count(n.Args, v) > 1 {
		return -1
	}
	return k
}

func count(values []*graph.Value, v *graph.Value) (times int) {
	for _, a := range values {
		if a == v {
			times++
		}
	}
	return times
}

// outside returns what the nodes read and do not make, and what they make that is read elsewhere.
func (s *sweep) outside() (reads, writes []*graph.Value) {
	for _, v := range s.values {
		switch made := slices.Contains(s.nodes, v.value.Node); {
		case !made && !slices.Contains(reads, v.value):
			reads = append(reads, v.value)
		case made && !v.inner:
			writes = append(writes, v.value)
		}
	}
	return reads, writes
}

// blocks returns the number of parts of the sweep's call.
func (s *sweep) blocks() int { return max(1, (s.total+s.block-1)/s.block) }

// mayReplace reports whether result w of the sweep may be computed in the memory of operand o: all nodes read the same rows of o,
// of the same size, and do so before w is written, or the node that writes it can work in place.
func (s *sweep) mayReplace(kernels native.Table, w, o *graph.Value) bool {
	var from, to *sweptValue
	for i := range s.values {
		switch v := &s.values[i]; {
		case v.value == o && v.whole:
			return false
		case v.value == o:
			from = v
		case v.value == w:
			to = v
		}
	}
	if from == nil || to == nil || from.row != to.row || o.Type.DType != w.Type.DType || from.last > to.first {
		return false
	}
	n := s.nodes[to.first]
	if from.last < to.first {
		return true
	}
	operands := kernels[n.Op.Name].InPlace
	return w.Index < len(operands) && operands[w.Index] >= 0 && operands[w.Index] < len(n.Args) && n.Args[operands[w.Index]] == o && count(n.Args, o) == 1
}

// rowsOf returns the memory of n elements of b from lo on.
func rowsOf(to, b *buffer.Buffer, lo, n int) {
	switch b.DType {
	case graph.F32:
		to.F32 = b.F32[lo : lo+n : lo+n]
	case graph.F64:
		to.F64 = b.F64[lo : lo+n : lo+n]
	case graph.I32:
		to.I32 = b.I32[lo : lo+n : lo+n]
	case graph.Bool:
		to.Bool = b.Bool[lo : lo+n : lo+n]
	}
}

// text names the ops of a sweep and what leaves it, for the profile.
func (s *sweep) text(names map[*graph.Value]string) string {
	_, writes := s.outside()
	out := make([]string, len(writes))
	for i, v := range writes {
		out[i] = "%" + names[v]
	}
	ops := make([]string, len(s.nodes))
	for i, n := range s.nodes {
		ops[i] = n.Op.Name
	}
	return fmt.Sprintf("%s = sweep of %s", strings.Join(out, ", "), strings.Join(ops, ", "))
}
