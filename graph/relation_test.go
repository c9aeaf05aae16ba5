package graph_test

import (
	"slices"
	"testing"

	"graft/graph"
)

func TestCheckBinding(t *testing.T) {
	g := graph.New("gcn")
	g.Relate("loops", "edges", graph.Sym("nodes").Mul(graph.Int(2)), 1)
	g.Sparse("adj", "nodes", "nodes", "loops")
	g.Input("x", graph.F32, "nodes", graph.Sym("wide").Mul(graph.Sym("wide")))
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	if got := g.Symbols(); !slices.Equal(got, []string{"edges", "loops", "nodes", "wide"}) {
		t.Errorf("symbols %v", got)
	}
	for _, c := range []struct {
		b    graph.Binding
		want string
	}{
		{graph.Binding{"nodes": 3, "edges": 4, "loops": 11, "wide": 2}, ""},
		{graph.Binding{"nodes": 3, "edges": 4, "wide": 2}, `symbol "loops" of gcn has no value`},
		{graph.Binding{"nodes": 3, "edges": 0, "loops": 7, "wide": 2}, `symbol "edges" of gcn must be positive, not 0`},
		{graph.Binding{"nodes": 3, "edges": 4, "loops": 12, "wide": 2},
			"relation loops = edges + 2*nodes + 1 does not hold: loops is 12, but edges = 4, 2*nodes = 6, 1 = 1 add up to 11"},
		{graph.Binding{"nodes": 3, "edges": 4, "loops": 11, "wide": 2, "node": 3},
			`gcn has no symbol "node" (it is bound to 3); did you mean "nodes"?`},
		{graph.Binding{"nodes": 3, "edges": 4, "loops": 11, "wide": 1 << 21},
			`input "x" : f32[nodes, wide*wide]: dimension wide*wide is too large at wide = 2097152`},
		{graph.Binding{"nodes": 3, "edges": 4, "loops": 11, "wide": 1 << 20},
			`input "x" : f32[nodes, wide*wide]: dimension nodes*wide*wide is too large at wide = 1048576`},
	} {
		err := g.CheckBinding(c.b)
		if got := errorText(err); got != c.want {
			t.Errorf("binding %v:\ngot  %s\nwant %s", c.b, got, c.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
