package geometric

import (
	"math"
	"slices"
	"strings"
	"testing"

	"graft/runtime/buffer"
)

// path3 is the path 0-1-2 with an isolated node 3.
func path3(t *testing.T) *Citation {
	t.Helper()
	adj, err := adjacency(4, [][2]int32{{0, 1}, {2, 1}, {1, 2}, {2, 2}})
	if err != nil {
		t.Fatal(err)
	}
	x, entries, err := sparse([][]stored{{{0, 1}, {2, 3}}, {{1, 0.5}}, {{0, 2}}, nil}, 3)
	if err != nil {
		t.Fatal(err)
	}
	return &Citation{
		Name: "path", Nodes: 4, Features: 3, Classes: 2, X: x, XEntries: entries, Label: []int32{0, 1, 0, 0},
		Train: []int32{0}, Val: []int32{1}, Test: []int32{2}, Adj: adj,
	}
}

func TestAdjacency(t *testing.T) {
	a := path3(t).Adj
	if want := []int32{0, 1, 1, 2}; !slices.Equal(a.Row, want) {
		t.Errorf("rows %v, want %v", a.Row, want)
	}
	if want := []int32{1, 0, 2, 1}; !slices.Equal(a.Col, want) {
		t.Errorf("columns %v, want %v", a.Col, want)
	}
}

func TestRowNormalise(t *testing.T) {
	c := path3(t)
	before := slices.Clone(c.XEntries)
	if got, want := c.RowNormalise(), []float32{0.25, 0.75, 0.5, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !slices.Equal(before, c.XEntries) {
		t.Error("XEntries has changed")
	}
}

// propagate returns the propagation matrix of c's graph, which has no mistakes.
func propagate(c *Citation) (*buffer.Pattern, []float32) {
	p, entries, err := propagation(c.Nodes, c.Adj.Col, c.Adj.Row)
	if err != nil {
		panic(err)
	}
	return p, entries
}

func TestPropagation(t *testing.T) {
	p, entries := propagate(path3(t))
	dense := make([]float64, 16)
	for k, v := range entries {
		dense[4*p.Row[k]+p.Col[k]] = float64(v)
	}
	s := 1 / math.Sqrt(6)
	want := []float64{
		1. / 2, s, 0, 0,
		s, 1. / 3, s, 0,
		0, s, 1. / 2, 0,
		0, 0, 0, 1,
	}
	for i, w := range want {
		if math.Abs(dense[i]-w) > 1e-7 {
			t.Errorf("entry (%d, %d) is %v, want %v", i/4, i%4, dense[i], w)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := path3(t).Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*Citation)
		want   string
	}{
		{"nothing", func(c *Citation) { *c = Citation{} }, "none may be 0"},
		{"no features", func(c *Citation) { c.X = nil }, "X are not a pattern of 4 x 3"},
		{"entries", func(c *Citation) { c.XEntries = nil }, "4 positions but 0 entries"},
		{"infinite", func(c *Citation) { c.XEntries[2] = float32(math.Inf(1)) }, "feature 1 of node 1 is +Inf"},
		{"labels", func(c *Citation) { c.Label = c.Label[1:] }, "3 labels for 4 nodes"},
		{"label", func(c *Citation) { c.Label[3] = 2 }, "label of node 3 is 2"},
		{"no edges", func(c *Citation) { c.Adj = c.X }, "Adj is not a pattern of 4 x 4"},
		{"self loop", func(c *Citation) { c.Adj, _ = propagate(c) }, "node 0 has a self loop"},
		{"direction", func(c *Citation) { c.Adj.Row[0], c.Adj.Col[0], c.Adj.RowPtr[1] = 0, 3, 1 }, "edge 0-3 is there in one direction"},
		{"split range", func(c *Citation) { c.Val[0] = 4 }, "val[0] is node 4, outside"},
		{"split overlap", func(c *Citation) { c.Test[0] = 0 }, "test[0] is node 0, which is in train already"},
	} {
		d := path3(t)
		c.change(d)
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.want)
		}
	}
}

// homophily returns the share of edges that join nodes of one class.
func homophily(c *Citation) float64 {
	same := 0
	for k := range c.Adj.Col {
		if c.Label[c.Adj.Row[k]] == c.Label[c.Adj.Col[k]] {
			same++
		}
	}
	return float64(same) / float64(c.Adj.NNZ())
}

// degrees returns the degrees in ascending order.
func degrees(c *Citation) []int32 {
	d := make([]int32, c.Nodes)
	for v := range d {
		d[v] = c.Adj.RowPtr[v+1] - c.Adj.RowPtr[v]
	}
	slices.Sort(d)
	return d
}

// meanClassifier returns the share of test nodes whose nearest class mean of training rows, after smoothing the
// normalised words over hops of neighbours, is that of their class.
func meanClassifier(c *Citation, hops int) float64 {
	h := make([]float32, c.Nodes*c.Features)
	for k, v := range c.RowNormalise() {
		h[int(c.X.Row[k])*c.Features+int(c.X.Col[k])] = v
	}
	p, weight := propagate(c)
	row := func(h []float32, v int32) []float32 { return h[int(v)*c.Features : (int(v)+1)*c.Features] }
	for range hops {
		next := make([]float32, len(h))
		for k, w := range weight {
			to := row(next, p.Row[k])
			for j, x := range row(h, p.Col[k]) {
				to[j] += w * x
			}
		}
		h = next
	}
	mean := make([]float32, c.Classes*c.Features)
	for _, v := range c.Train {
		m := row(mean, c.Label[v])
		for j, x := range row(h, v) {
			m[j] += x / trainPerClass
		}
	}
	right := 0
	for _, v := range c.Test {
		best, class := float32(math.MaxFloat32), int32(-1)
		for l := range int32(c.Classes) {
			var e float32
			m := row(mean, l)
			for j, x := range row(h, v) {
				e += (x - m[j]) * (x - m[j])
			}
			if e < best {
				best, class = e, l
			}
		}
		if class == c.Label[v] {
			right++
		}
	}
	return float64(right) / float64(len(c.Test))
}
