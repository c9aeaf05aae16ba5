package experiment

import (
	"fmt"
	"slices"

	"graft/graph"
	"graft/runtime/buffer"

	"gorgonia.org/tensor"
)

// sparse reads a sparse input: dense, of which the zeros are dropped, or in compressed rows.
func (r *batchReader) sparse(name string, t graph.Type) error {
	parts := []string{name + ".indptr", name + ".indices", name + ".values"}
	inRows := slices.ContainsFunc(parts, func(part string) bool { return r.file[part] != nil })
	switch given := r.take(name); {
	case given != nil && inRows:
		return fmt.Errorf("tensor %q is given dense, but also in compressed rows (%s)", name, quoted(parts))
	case given != nil:
		return r.sparseFromDense(name, given, t)
	case !inRows:
		return fmt.Errorf("no tensor %q, and neither %s: %s needs %v", name, quoted(parts), r.def.Name, t)
	}
	for i, part := range parts {
		if r.take(part) == nil && (i < 2 || r.hasEntries(name)) {
			return fmt.Errorf("no tensor %q: compressed rows are %s", part, quoted(parts))
		}
	}
	return r.sparseFromRows(name, t)
}

// hasEntries reports whether a sparse input has entries, or is a mere list of places.
func (r *batchReader) hasEntries(name string) bool { return r.def.Leaf(name+"/entries") != nil }

func (r *batchReader) sparseFromDense(name string, given *tensor.Dense, t graph.Type) error {
	want := graph.Tensor(graph.F32, t.Dims[:2]...)
	if err := r.dense(name, want); err != nil {
		return err
	}
	b, err := buffer.FromDense(r.tensors[name])
	if err != nil {
		return err
	}
	delete(r.tensors, name)
	var row, col []int32
	var entries []float32
	for i, x := range b.F32 {
		if x != 0 {
			row, col, entries = append(row, int32(i/b.Shape[1])), append(col, int32(i%b.Shape[1])), append(entries, x)
		}
	}
	return r.matrix(name, t, b.Shape[0], b.Shape[1], row, col, entries, fmt.Sprintf("the number of nonzeros of %q", name))
}

// sparseFromRows reads the compressed-row form, in which row i has the entries indptr[i] to indptr[i+1], in any order.
func (r *batchReader) sparseFromRows(name string, t graph.Type) error {
	indptr, err := r.vector(name+".indptr", graph.I32)
	if err != nil {
		return err
	}
	col, err := r.vector(name+".indices", graph.I32)
	if err != nil {
		return err
	}
	ptr, nnz := indptr.I32, len(col.I32)
	values := buffer.New(graph.F32, nnz)
	if r.file[name+".values"] != nil {
		if values, err = r.vector(name+".values", graph.F32); err != nil {
			return err
		}
	}
	switch {
	case len(values.F32) != nnz:
		return fmt.Errorf("tensor %q has %d elements, but %q has %d", name+".values", len(values.F32), name+".indices", nnz)
	case len(ptr) == 0 || ptr[0] != 0 || int(ptr[len(ptr)-1]) != nnz:
		return fmt.Errorf("tensor %q must lead from 0 to %d, the length of %q", name+".indptr", nnz, name+".indices")
	}
	rows := len(ptr) - 1
	if err := r.symbols.add(t.Dims[0], rows, fmt.Sprintf("the length of %q less one", name+".indptr")); err != nil {
		return fmt.Errorf("%q, %v: %w", name, t, err)
	}
	cols, err := t.Dims[1].Bind(r.symbols.value)
	if err != nil {
		return fmt.Errorf("%q, %v: the number of columns is not known: %w", name, t, err)
	}
	row := make([]int32, nnz)
	for i := range rows {
		if ptr[i] > ptr[i+1] || int(ptr[i+1]) > nnz {
			return fmt.Errorf("tensor %q: element %d is %d, after %d: it must not fall, nor exceed %d", name+".indptr", i+1, ptr[i+1], ptr[i], nnz)
		}
		for k := ptr[i]; k < ptr[i+1]; k++ {
			if c := col.I32[k]; c < 0 || int(c) >= cols {
				return fmt.Errorf("tensor %q: element %d is column %d, outside of 0..%d (%v)", name+".indices", k, c, cols-1, t)
			}
			row[k] = int32(i)
		}
	}
	return r.matrix(name, t, rows, cols, row, col.I32, values.F32, fmt.Sprintf("the length of %q", name+".indices"))
}

// vector reads a tensor with one axis of any length.
func (r *batchReader) vector(name string, dt graph.DType) (*buffer.Buffer, error) {
	given := r.file[name]
	if given.Dims() != 1 {
		return nil, fmt.Errorf("tensor %q is %s, want %v with one axis", name, typeOf(given), dt)
	}
	converted, err := convert(given, dt)
	if err != nil {
		return nil, fmt.Errorf("tensor %q is %s, want %v: %w", name, typeOf(given), dt, err)
	}
	return buffer.FromDense(converted)
}

// matrix feeds a sparse input and its entries.
func (r *batchReader) matrix(name string, t graph.Type, rows, cols int, row, col []int32, entries []float32, place string) error {
	p, order, err := buffer.NewPattern(rows, cols, row, col)
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	sorted := make([]float32, len(entries))
	for k, from := range order {
		sorted[k] = entries[from]
	}
	return r.feed(name, t, p, sorted, place)
}

func (r *batchReader) feed(name string, t graph.Type, p *buffer.Pattern, entries []float32, place string) error {
	if err := r.symbols.add(t.Dims[2], p.NNZ(), place); err != nil {
		return fmt.Errorf("%q, %v: %w", name, t, err)
	}
	r.patterns[name] = p
	r.tensors[name+"/entries"] = tensor.New(tensor.WithShape(len(entries)), tensor.WithBacking(entries))
	return nil
}

// edges makes the inputs that stand for a graph out of its edges. The number of nodes is known by then from other inputs.
func (r *batchReader) edges(inputs []*graph.Value) error {
	const name = "edge_index"
	if len(inputs) == 0 {
		return nil
	}
	given := r.take(name)
	if given == nil {
		return fmt.Errorf("no tensor %q: %s needs the graph's edges, i64[2, edges]", name, r.def.Name)
	}
	if given.Dims() != 2 || given.Shape()[0] != 2 {
		return fmt.Errorf("tensor %q is %s, want i64[2, edges]: sources and targets", name, typeOf(given))
	}
	ends, err := integers(given)
	if err != nil {
		return fmt.Errorf("tensor %q is %s, want i64[2, edges]: %w", name, typeOf(given), err)
	}
	count := given.Shape()[1]
	source, target := ends[:count], ends[count:]
	for _, leaf := range inputs {
		nodes, err := leaf.Type.Dims[0].Bind(r.symbols.value)
		if err != nil {
			return fmt.Errorf("tensor %q: the number of nodes is not known: %w", name, err)
		}
		for k := range count {
			for _, node := range []int32{source[k], target[k]} {
				if node < 0 || int(node) >= nodes {
					return fmt.Errorf("tensor %q: edge %d leads from node %d to node %d, but the number of nodes is %s",
						name, k, source[k], target[k], r.symbols.explain(leaf.Type.Dims[0], nodes))
				}
			}
		}
		input := leaf.Node.Name()
		p, entries, err := r.plan.Entry.FromEdges[input](nodes, source, target)
		if err != nil {
			return fmt.Errorf("tensor %q: %q: %w", name, input, err)
		}
		if err := r.feed(input, leaf.Type, p, entries, fmt.Sprintf("the number of entries of %q", input)); err != nil {
			return err
		}
	}
	return nil
}
