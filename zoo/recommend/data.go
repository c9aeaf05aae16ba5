package recommend

import (
	"gorgonia.org/tensor"
	"graft/graph"
	"graft/runtime/train"
	"graft/zoo/entry"
)

// Dataset is a set of labelled rows in three parts. Features is the number of rows of the table that all fields share.
type Dataset struct {
	Name             string
	Fields, Features int
	Train, Val, Test Split
}

// Split holds N rows.
type Split struct {
	N      int
	X      []int32 // [N, fields], the features as rows of the table
	Labels []int32 // [N], 1 for a click
	// Logits are the log-odds that the labels were drawn by, [N]; nil where nobody knows them.
	Logits []float64
}

// fill returns what brings rows of a part into a batch, reusing its tensors where their size fits.
func (d *Dataset) fill(s *Split) func(idx []int, b *train.Batch) error {
	return func(idx []int, b *train.Batch) error {
		if b.Tensors == nil || b.Binding["batch"] != len(idx) {
			b.Binding = graph.Binding{"batch": len(idx)}
			b.Tensors = map[string]*tensor.Dense{
				"x":     tensor.New(tensor.WithShape(len(idx), d.Fields), tensor.Of(tensor.Int32)),
				"label": tensor.New(tensor.WithShape(len(idx)), tensor.Of(tensor.Int32)),
			}
		}
		x, label := b.Tensors["x"].Int32s(), b.Tensors["label"].Int32s()
		for row, i := range idx {
			copy(x[row*d.Fields:(row+1)*d.Fields], s.X[i*d.Fields:(i+1)*d.Fields])
			label[row] = s.Labels[i]
		}
		return nil
	}
}

// part is what an evaluation reads of a split.
func (d *Dataset) part(s *Split) entry.Part {
	return entry.Part{Source: d.inOrder(s, evalBatch), Meter: &meter{}}
}

// inOrder yields a part's rows as they stand.
func (d *Dataset) inOrder(s *Split, batch int) train.Source {
	return train.InOrder(s.N, batch, d.fill(s))
}
