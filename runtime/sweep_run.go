package runtime

import (
	"fmt"
	"sync"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// crew is the scratch memory of an executable's sweeps, once for each worker, and the calls that use it. A part of a sweep takes
// a set that is free; there are as many as parts can run at the same time.
type crew struct {
	mu   sync.Mutex
	free []*scratch
}

// scratch is what a worker needs to run any of the sweeps.
type scratch struct {
	memory [arenas]*buffer.Buffer
	sweeps []*boundSweep
}

func (c *crew) take() *scratch {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.free) - 1
	s := c.free[last]
	c.free = c.free[:last]
	return s
}

func (c *crew) give(s *scratch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, s)
}

// newCrew prepares the sweeps, whose values lie in the given memory, for a number of workers.
func newCrew(workers int, sweeps []*sweep, memory func(*graph.Value) *buffer.Buffer, kernels native.Table) (*crew, error) {
	c := &crew{}
	if len(sweeps) == 0 {
		return c, nil
	}
	for range workers {
		t := &scratch{}
		for dt := range t.memory {
			n := 0
			for _, s := range sweeps {
				n = max(n, s.arena[dt])
			}
			t.memory[dt] = buffer.New(graph.DType(dt), n)
		}
		for _, s := range sweeps {
			b, err := s.bind(t, memory, kernels)
			if err != nil {
				return nil, err
			}
			t.sweeps = append(t.sweeps, b)
		}
		c.free = append(c.free, t)
	}
	return c, nil
}

// scratchBytes returns the memory of all workers' blocks and calls.
func (c *crew) scratchBytes() (sum int64) {
	for _, t := range c.free {
		for _, b := range t.memory {
			sum += int64(b.Len()) * b.DType.Bytes()
		}
		for _, s := range t.sweeps {
			sum += s.full.scratchBytes()
			if s.rest != s.full {
				sum += s.rest.scratchBytes()
			}
		}
	}
	return sum
}

func (k *sweepBlock) scratchBytes() (sum int64) {
	for i := range k.calls {
		sum += k.calls[i].ScratchBytes()
	}
	return sum
}

// run returns what runs sweep i of the crew.
func (c *crew) run(i int) func(_ *native.Call, part, parts int) error {
	return func(_ *native.Call, part, _ int) error {
		t := c.take()
		defer c.give(t)
		return t.sweeps[i].run(part)
	}
}

// boundSweep is a sweep on the memory of a program and the scratch of a worker.
type boundSweep struct {
	*sweep
	full, rest *sweepBlock // the last block may have fewer rows
}

// sweepBlock is the calls for a block of some number of rows.
type sweepBlock struct {
	rows   int
	calls  []sweepCall
	pieces []piece
}

type sweepCall struct {
	native.Call
	run   func(c *native.Call, part, parts int) error
	parts int
}

// piece is the buffer of a block of a value that lies in memory, of which row elements make a row.
type piece struct {
	part, of *buffer.Buffer
	row      int
}

func (s *sweep) bind(t *scratch, memory func(*graph.Value) *buffer.Buffer, kernels native.Table) (*boundSweep, error) {
	b := &boundSweep{sweep: s}
	var err error
	if b.full, err = s.bindRows(s.block, t, memory, kernels); err != nil {
		return nil, err
	}
	b.rest = b.full
	if rest := s.total % s.block; rest > 0 {
		b.rest, err = s.bindRows(rest, t, memory, kernels)
	}
	return b, err
}

// bindRows prepares the calls for a block of the given number of rows.
func (s *sweep) bindRows(rows int, t *scratch, memory func(*graph.Value) *buffer.Buffer, kernels native.Table) (*sweepBlock, error) {
	k := &sweepBlock{rows: rows}
	buffers := make([]*buffer.Buffer, len(s.values))
	for i, v := range s.values {
		if v.whole {
			buffers[i] = memory(v.value)
			continue
		}
		b := &buffer.Buffer{DType: v.value.Type.DType, Shape: v.blockShape(rows, s.total)}
		if v.inner {
			rowsOf(b, t.memory[b.DType], v.offset, rows*v.row)
		} else {
			k.pieces = append(k.pieces, piece{b, memory(v.value), v.row})
		}
		buffers[i] = b
	}
	for at, n := range s.nodes {
		kernel := kernels[n.Op.Name]
		c := sweepCall{run: kernel.Run, parts: 1}
		c.Node, c.Block = n, native.Block{Rows: rows, Total: s.total}
		for _, i := range s.in[at] {
			c.In = append(c.In, buffers[i])
		}
		for _, i := range s.out[at] {
			c.Out = append(c.Out, buffers[i])
		}
		if kernel.Prepare != nil {
			if err := kernel.Prepare(&c.Call); err != nil {
				return nil, fmt.Errorf("%s at %v: %w", n.Op.Name, n.Pos, err)
			}
		}
		if kernel.Parts != nil {
			c.parts = max(1, kernel.Parts(&c.Call))
		}
		k.calls = append(k.calls, c)
	}
	return k, nil
}

// blockShape is the shape of a block: its rows take the place of the axes that make up all rows, so that the other axes keep their
// numbers. Where a position of those axes has several rows, or a row several positions, the last of them has the rest.
func (v *sweptValue) blockShape(rows, total int) []int {
	shape := make([]int, len(v.shape))
	positions := buffer.Size(v.shape[:v.axes])
	for a := range v.axes {
		shape[a] = 1
	}
	shape[v.axes-1] = positions / max(1, total) * rows
	copy(shape[v.axes:], v.shape[v.axes:])
	return shape
}

// run computes a block.
func (b *boundSweep) run(block int) error {
	if b.total == 0 {
		return nil
	}
	k := b.full
	if (block+1)*b.block > b.total {
		k = b.rest
	}
	first := block * b.block
	for i := range k.pieces {
		p := &k.pieces[i]
		rowsOf(p.part, p.of, first*p.row, k.rows*p.row)
	}
	for i := range k.calls {
		c := &k.calls[i]
		c.Block.First = first
		for part := range c.parts {
			if err := c.run(&c.Call, part, c.parts); err != nil {
				return fmt.Errorf("%s at %v: %w", c.Node.Op.Name, c.Node.Pos, err)
			}
		}
	}
	return nil
}
