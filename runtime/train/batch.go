package train

import (
	"graft/graph"
	"graft/runtime/buffer"

	"gorgonia.org/tensor"
)

// Batch is what one step reads: tensors and patterns by input name, and the values of the dimension symbols.
type Batch struct {
	Binding  graph.Binding
	Tensors  map[string]*tensor.Dense
	Patterns map[string]*buffer.Pattern
	// Fixed says that nobody writes into the tensors any more: what a program computes of them once stays true.
	Fixed bool
}

// Source yields batches. Which rows a batch holds is a function of the source's seed, the epoch and i alone.
type Source interface {
	// Len returns the number of batches of an epoch.
	Len() int
	// Batch brings batch i of an epoch into b. It reuses b's tensors where they fit: b is zero at first, and afterwards as this
	// source left it. The last batch of an epoch may be smaller, which is another binding.
	Batch(epoch, i int, b *Batch) error
}
