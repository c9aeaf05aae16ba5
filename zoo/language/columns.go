package language

import (
	"fmt"

	"gorgonia.org/tensor"
	"graft/graph"
	"graft/runtime/train"
)

// columns yields a text as the published code does: cut into contiguous columns, chunk after chunk of all of them.
type columns struct {
	text         []int32
	batch, time  int
	length, size int // of a column; number of chunks
}

func newColumns(text []int32, batch, time int) (*columns, error) {
	if batch < 1 {
		return nil, fmt.Errorf("a text is read in at least 1 column, not %d", batch)
	}
	length := len(text) / batch
	size := (length - 1) / time // the last target of a chunk is one place behind it
	if size < 1 {
		return nil, fmt.Errorf("a text of %d tokens is too short for %d columns of at least %d", len(text), batch, time+1)
	}
	return &columns{text, batch, time, length, size}, nil
}

func (c *columns) Len() int { return c.size }

func (c *columns) Batch(_, i int, b *train.Batch) error {
	if i < 0 || i >= c.size {
		return fmt.Errorf("chunk %d of %d asked for", i, c.size)
	}
	if b.Tensors == nil {
		b.Binding = graph.Binding{"batch": c.batch}
		b.Tensors = map[string]*tensor.Dense{}
		for _, name := range []string{"tokens", "target"} {
			b.Tensors[name] = tensor.New(tensor.WithShape(c.batch, c.time), tensor.Of(tensor.Int32))
		}
	}
	tokens, target := b.Tensors["tokens"].Int32s(), b.Tensors["target"].Int32s()
	for row := range c.batch {
		from := row*c.length + i*c.time
		copy(tokens[row*c.time:(row+1)*c.time], c.text[from:])
		copy(target[row*c.time:(row+1)*c.time], c.text[from+1:])
	}
	return nil
}
