package experiment

import (
	"fmt"
	"slices"
	"strings"

	"graft/graph"
	"graft/zoo/entry"

	"gorgonia.org/tensor"
)

// layout says how files name and store parameters: as graft does, or as a PyTorch state_dict.
type layout struct {
	torch bool
	rules entry.Torch
}

// newLayout returns the layout of that name, "" or "torch".
func newLayout(p *Plan, name string) (layout, error) {
	if name != "" && name != "torch" {
		return layout{}, &UsageError{fmt.Errorf("layout %q is not torch", name)}
	}
	return layout{torch: name == "torch", rules: p.Entry.Torch}, nil
}

// holder is a tensor of a file that holds a parameter, or one of the matrices that make up a parameter.
type holder struct {
	entry.TorchTensor
	param []int // the parameter's shape
}

// tensors lists the tensors of a file that hold a parameter or running statistic.
func (l layout) tensors(leaf *graph.Value) ([]holder, error) {
	shape, err := leaf.Type.Shape(nil)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", leaf.Node.Name(), err)
	}
	list := []entry.TorchTensor{{Name: leaf.Node.Name()}}
	if l.torch {
		list = l.rules.Tensors(leaf.Node.Name(), shape)
	}
	out := make([]holder, len(list))
	for i, t := range list {
		out[i] = holder{t, shape}
	}
	return out, nil
}

// ignores reports whether a file may hold a tensor that is no part of any parameter: PyTorch counts batches beside the running
// statistics of batch norm. known are the names of all that are.
func (l layout) ignores(name string, known map[string]bool) bool {
	norm, ok := strings.CutSuffix(name, ".num_batches_tracked")
	return l.torch && ok && known[norm+".running_mean"]
}

// of returns the tensor's type in files.
func (h holder) of() graph.Type {
	t := graph.Type{DType: graph.F32}
	for axis := range h.rank() {
		t.Dims = append(t.Dims, graph.Int(h.param[h.axis(axis)]))
	}
	return t
}

func (h holder) rank() int {
	if h.Transposed {
		return 2
	}
	return len(h.param)
}

// axis returns the parameter's axis that is the given one of the tensor.
func (h holder) axis(axis int) int {
	if h.Transposed {
		return len(h.param) - 1 - axis
	}
	return axis
}

// get returns the tensor for a file out of the parameter, or out of its gradient.
func (h holder) get(param *tensor.Dense) *tensor.Dense {
	if !h.Transposed {
		return param
	}
	rows, cols := h.matrix()
	to := make([]float32, rows*cols)
	transpose(to, param.Float32s()[h.Plane*rows*cols:], rows, cols)
	return tensor.New(tensor.WithShape(cols, rows), tensor.WithBacking(to))
}

// join returns the parameter that the tensors of a file hold.
func join(all []holder, given []*tensor.Dense) *tensor.Dense {
	if !all[0].Transposed {
		return given[0]
	}
	var whole []float32
	for i, h := range all {
		rows, cols := h.matrix()
		plane := make([]float32, rows*cols)
		transpose(plane, given[i].Float32s(), cols, rows)
		whole = append(whole, plane...)
	}
	return tensor.New(tensor.WithShape(all[0].param...), tensor.WithBacking(whole))
}

// matrix returns the size of a matrix of the parameter, as it is in graft.
func (h holder) matrix() (rows, cols int) {
	return h.param[len(h.param)-2], h.param[len(h.param)-1]
}

// transpose writes a matrix [rows, cols] as [cols, rows].
func transpose(to, from []float32, rows, cols int) {
	for i := range rows {
		for j := range cols {
			to[j*rows+i] = from[i*cols+j]
		}
	}
}

// names returns the names that the leaves have in files.
func (l layout) names(leaves []*graph.Value) ([]string, error) {
	var out []string
	for _, leaf := range leaves {
		all, err := l.tensors(leaf)
		if err != nil {
			return nil, err
		}
		for _, h := range all {
			out = append(out, h.Name)
		}
	}
	return out, nil
}

// hint points out that a file without the tensors wanted has those of the other layout.
func (l layout) hint(leaves []*graph.Value, file map[string]*tensor.Dense) string {
	mine, err1 := l.names(leaves)
	others, err2 := layout{!l.torch, l.rules}.names(leaves)
	if err1 != nil || err2 != nil || !slices.ContainsFunc(others, func(name string) bool {
		return file[name] != nil && !slices.Contains(mine, name)
	}) {
		return ""
	}
	if l.torch {
		return "; the names look like graft's: read without --layout torch"
	}
	return "; the names look like PyTorch's: read with --layout torch"
}

// typeOf writes a host tensor's type as graft writes types: i64[2, 10].
func typeOf(d *tensor.Dense) string {
	t := d.Dtype().String()
	for long, short := range map[string]string{"uint": "u", "int": "i", "float": "f"} {
		if bits, ok := strings.CutPrefix(t, long); ok {
			t = short + bits
		}
	}
	dims := make([]string, d.Dims())
	for i, n := range d.Shape() {
		dims[i] = fmt.Sprint(n)
	}
	return t + "[" + strings.Join(dims, ", ") + "]"
}
