package geometric

import (
	"maps"

	"gorgonia.org/tensor"
	"graft/runtime/buffer"
	"graft/runtime/train"
)

// with returns a copy of a batch with one tensor more.
func with(b train.Batch, name string, t *tensor.Dense) train.Batch {
	b.Tensors = maps.Clone(b.Tensors)
	b.Tensors[name] = t
	return b
}

// withPattern returns a copy of a batch with one pattern more, whose number of entries is the symbol size.
func withPattern(b train.Batch, name, size string, p *buffer.Pattern) train.Batch {
	b.Binding, b.Patterns = maps.Clone(b.Binding), maps.Clone(b.Patterns)
	b.Binding[size], b.Patterns[name] = p.NNZ(), p
	return b
}
