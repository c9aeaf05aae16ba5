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
