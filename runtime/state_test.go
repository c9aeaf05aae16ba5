package runtime

import (
	"slices"
	"strings"
	"testing"

	"graft/graph"

	"gorgonia.org/tensor"
)

// leaves declares the given params, and a state of each other dtype.
func leaves(params ...string) *graph.Graph {
	g := graph.New("leaves")
	for _, p := range params {
		g.Param(p, "normal(1)", 3, "n")
	}
	g.State("count", "constant(3)", graph.Tensor(graph.I32, graph.Int(2)))
	g.State("flag", "ones", graph.Tensor(graph.Bool))
	g.State("exact", "uniform(2)", graph.Tensor(graph.F64, graph.Int(4)))
	return g
}

func TestInit(t *testing.T) {
	b := graph.Binding{"n": 5}
	s, more := NewState(), NewState()
	check(t, s.Init(leaves("a", "b"), b, 3))
	check(t, more.Init(leaves("b", "c", "a"), b, 3))
	if got := s.Names(); !slices.Equal(got, []string{"a", "b", "count", "exact", "flag"}) {
		t.Errorf("names %v", got)
	}
	for _, name := range s.Names() { // whatever else there is, and in whatever order
		same(t, name, s.Buffer(name), more.Buffer(name))
	}
	if slices.Equal(s.Buffer("a").F32, s.Buffer("b").F32) {
		t.Error("two parameters are equal")
	}
	if c, f := s.Buffer("count"), s.Buffer("flag"); c.I32[1] != 3 || !f.Bool[0] {
		t.Errorf("count %v, flag %v", c.I32, f.Bool)
	}
	// What is there stays as it is.
	s.Buffer("a").F32[0] = 42
	check(t, s.Init(leaves("a", "b", "d"), b, 4))
	if s.Buffer("a").F32[0] != 42 || s.Buffer("d") == nil {
		t.Error("a tensor has been initialised again, or a new one has not")
	}
}

func TestInitRefuses(t *testing.T) {
	s := NewState()
	check(t, s.Init(leaves("a"), graph.Binding{"n": 5}, 3))
	fractions := graph.New("fractions")
	fractions.State("i", "uniform(1)", graph.Tensor(graph.I32, graph.Int(9)))
	unknown := graph.New("unknown")
	unknown.Param("p", "magic", 2, 2)
	broken := graph.New("broken")
	broken.Param("", "zeros")
	for _, c := range []struct {
		g    *graph.Graph
		b    graph.Binding
		want string
	}{
		{leaves("z", "a"), graph.Binding{"n": 6}, `param "a": the state holds f32[3 5], want f32[3 6]`},
		{leaves("z"), nil, `param "z"`},
		{fractions, nil, "which is no i32"},
		{unknown, nil, `unknown initialiser "magic"`},
		{broken, nil, "name"},
		{nil, nil, "no graph"},
	} {
		if err := s.Init(c.g, c.b, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v; want one that says %q", err, c.want)
		}
	}
	if s.Tensor("z") != nil {
		t.Error("a failed Init has changed the state")
	}
}

func TestStateSet(t *testing.T) {
	s := NewState()
	given := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}))
	check(t, s.Set("a", given))
	given.Float32s()[0] = 9
	if got := s.Tensor("a").Float32s(); !slices.Equal(got, []float32{1, 2}) {
		t.Errorf("held %v", got)
	}
	for _, c := range []struct {
		t    *tensor.Dense
		want string
	}{
		{tensor.New(tensor.WithShape(3), tensor.Of(tensor.Float32)), `"a": given f32[3], want f32[2]`},
		{tensor.New(tensor.WithShape(2), tensor.Of(tensor.Float64)), `"a": given f64[2], want f32[2]`},
		{nil, "no tensor"},
	} {
		if err := s.Set("a", c.t); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v; want one that says %q", err, c.want)
		}
	}
}

func TestSnapshots(t *testing.T) {
	s := NewState()
	check(t, s.Init(leaves("a"), graph.Binding{"n": 5}, 3))
	best := s.Clone()
	held := s.Tensor("a")
	first := held.Float32s()[0]
	held.Float32s()[0]++
	if best.Tensor("a").Float32s()[0] != first {
		t.Error("the clone shares memory")
	}
	check(t, s.CopyFrom(best))
	if held.Float32s()[0] != first {
		t.Error("the memory has moved, or was not restored")
	}
	check(t, best.Set("b", held))
	held.Float32s()[0]++
	if err := s.CopyFrom(best); err == nil || !strings.Contains(err.Error(), `"b": the state holds no such tensor`) {
		t.Errorf("error %v", err)
	}
	if held.Float32s()[0] != first+1 {
		t.Error("a failed CopyFrom has changed the state")
	}
	if s.Tensor("b") != nil || s.Buffer("b") != nil {
		t.Error("what is not held is nil")
	}
}
