package buffer

import (
	"fmt"
	"strings"
	"testing"

	"graft/graph"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
)

// TestDenseRoundTrip checks that Buffer -> Dense -> Buffer keeps dtype and shape and shares the memory, for every dtype
// and for the shapes the tensor package treats specially: scalars, single elements and empty tensors.
func TestDenseRoundTrip(t *testing.T) {
	shapes := [][]int{{}, {1}, {1, 1}, {3}, {2, 3}, {2, 1, 3}, {0}, {0, 3}, {3, 0}}
	for _, dt := range []graph.DType{graph.F32, graph.F64, graph.I32, graph.Bool} {
		for _, shape := range shapes {
			t.Run(fmt.Sprint(dt, shape), func(t *testing.T) {
				b := New(dt, shape...)
				d := b.Dense()
				if diff := cmp.Diff(shape, []int(d.Shape())); diff != "" {
					t.Errorf("shape of the Dense: %s", diff)
				}
				c, err := FromDense(d)
				if err != nil {
					t.Fatal(err)
				}
				if b.Len() > 0 { // write through the view, read in the original
					switch dt {
					case graph.F32:
						c.F32[b.Len()-1] = 7
					case graph.F64:
						c.F64[b.Len()-1] = 7
					case graph.I32:
						c.I32[b.Len()-1] = 7
					case graph.Bool:
						c.Bool[b.Len()-1] = true
					}
				}
				if diff := cmp.Diff(b, c); diff != "" {
					t.Errorf("the view differs: %s", diff)
				}
			})
		}
	}
}

func TestFromDenseViews(t *testing.T) {
	matrix := func() *tensor.Dense {
		return tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))
	}
	view := func(s ...tensor.Slice) *tensor.Dense {
		v, err := matrix().Slice(s...)
		if err != nil {
			t.Fatal(err)
		}
		return v.(*tensor.Dense)
	}
	transposed := matrix()
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name  string
		dense *tensor.Dense
		want  []float32
		err   string
	}{
		{"scalar", tensor.New(tensor.FromScalar(float32(3))), []float32{3}, ""},
		{"row", view(tensor.S(1)), []float32{4, 5, 6}, ""},
		{"element", view(tensor.S(1), tensor.S(1)), []float32{5}, ""},
		{"column", view(nil, tensor.S(1)), nil, "not contiguous"},
		{"columns", view(nil, tensor.S(1, 3)), nil, "not contiguous"},
		{"transposed", transposed, nil, "not contiguous"},
		{"column-major", tensor.New(tensor.AsFortran([]float32{1, 2, 3, 4, 5, 6}), tensor.WithShape(2, 3)), nil, "row-major"},
		{"int64", tensor.New(tensor.WithBacking([]int64{1, 2})), nil, "dtype int64"},
		{"nil", nil, nil, "no tensor"},
		{"zero value", new(tensor.Dense), nil, "no tensor"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b, err := FromDense(c.dense)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v; want one that says %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, b.F32); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPatternHasNoDense(t *testing.T) {
	p, _, err := NewPattern(2, 2, []int32{0}, []int32{1})
	if err != nil {
		t.Fatal(err)
	}
	if d := (&Buffer{Shape: []int{2, 2}, Pattern: p}).Dense(); d != nil {
		t.Errorf("got a tensor of shape %v", d.Shape())
	}
}

func TestAtPut(t *testing.T) {
	for _, c := range []struct {
		dt        graph.DType
		put, want float64
	}{{graph.F32, 0.1, float64(float32(0.1))}, {graph.F64, 0.1, 0.1}, {graph.I32, -7, -7}, {graph.Bool, 3, 1}, {graph.Bool, 0, 0}} {
		b := New(c.dt, 2)
		b.Put(1, c.put)
		if got := b.At(1); got != c.want || b.At(0) != 0 {
			t.Errorf("%v: %v came back as %v beside %v", c.dt, c.put, got, b.At(0))
		}
	}
}
