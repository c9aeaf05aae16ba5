package experiment

import (
	"fmt"
	"slices"
	"strings"

	"graft/graph"

	"gorgonia.org/tensor"
)

// layout says how files name and store parameters: as graft does, or as a PyTorch state_dict, whose names have dots and some of
// whose weights are transposed.
type layout struct {
	torch      bool
	transposed func(param string) bool
}

func (l layout) name(param string) string {
	if l.torch {
		return strings.ReplaceAll(param, "/", ".")
	}
	return param
}

func (l layout) turns(param string) bool {
	return l.torch && l.transposed != nil && l.transposed(param)
}

// of returns the type that a parameter of type t has in files.
func (l layout) of(param string, t graph.Type) graph.Type {
	if l.turns(param) {
		t.Dims = slices.Clone(t.Dims)
		slices.Reverse(t.Dims)
	}
	return t
}

// axis returns the axis of the parameter that is the given one in files.
func (l layout) axis(param string, t graph.Type, axis int) int {
	if l.turns(param) {
		return t.Rank() - 1 - axis
	}
	return axis
}

// convert brings a parameter, or its gradient, from one layout into the other. It is its own inverse.
func (l layout) convert(param string, d *tensor.Dense) *tensor.Dense {
	if !l.turns(param) || d.Dims() != 2 || d.Shape().TotalSize() == 0 {
		return d
	}
	rows, cols := d.Shape()[0], d.Shape()[1]
	from, to := d.Float32s(), make([]float32, rows*cols)
	for i := range rows {
		for j := range cols {
			to[j*rows+i] = from[i*cols+j]
		}
	}
	return tensor.New(tensor.WithShape(cols, rows), tensor.WithBacking(to))
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
