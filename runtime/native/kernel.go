package native

import (
	"graft/graph"
	"graft/runtime/buffer"
)

// Call is one node bound to its buffers. It is made once, when a program is loaded, and run at every step.
type Call struct {
	Node    *graph.Node
	In, Out []*buffer.Buffer
	// Data is what the kernel's Prepare made of the attributes and shapes: resolved constants and scratch memory.
	Data any
	// Block says which rows of the node the call computes, when it is part of a sweep. It may change from run to run.
	Block Block
}

// Block is a number of rows of a node, from First on, of Total; the buffers of a call have those rows alone, but for operands that
// are read whole. The zero Block is all rows.
type Block struct{ First, Rows, Total int }

// before returns the number of elements that come before those of a value of which the block has n.
func (b Block) before(n int) int { return b.First * (n / max(1, b.Rows)) }

// whole returns the number of elements of a value of which the block has n.
func (b Block) whole(n int) int {
	if b.Total == 0 {
		return n
	}
	return n / b.Rows * b.Total
}

// Kernel executes one op into given result buffers. It allocates nothing in Run.
type Kernel struct {
	// Prepare, when set, is called once, after the buffers' shapes are known and before their contents are.
	Prepare func(c *Call) error
	// Parts, when set, says into how many independent parts the call is split, so that workers can share it. It is a function
	// of the shapes alone: the number of workers must not change the bits of a result.
	Parts func(c *Call) int
	// Run executes one part. Parts of one call may run at the same time and write disjoint elements. It returns an error only
	// for values that the op cannot take, such as a label out of range.
	Run func(c *Call, part, parts int) error
	// InPlace says that result i may share the buffer of operand InPlace[i]; -1 where it may not.
	InPlace []int
}

// Table gives the kernel of each op by name. It is a value: extend a copy.
type Table map[string]Kernel
