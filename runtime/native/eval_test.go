package native_test

import (
	"fmt"
	"strings"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

func ExampleTable_Interpret() {
	g := graph.New("line")
	x := g.Input("x", graph.F32, "batch", 2)
	w := g.Param("w", "zeros", 2, 1)
	half := g.Const(0.5, graph.Tensor(graph.F32))
	y := graph.Add(graph.MatMul(x, w), half)
	g.Output("y", y)

	values, err := native.Kernels().Interpret(g, graph.Binding{"batch": 3}, map[string]*buffer.Buffer{
		"x": {DType: graph.F32, Shape: []int{3, 2}, F32: []float32{1, 2, 3, 4, 5, 6}},
		"w": {DType: graph.F32, Shape: []int{2, 1}, F32: []float32{10, 1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(values[y].Shape, values[y].F32)
	// Output: [3 1] [12.5 34.5 56.5]
}

func TestInterpretErrors(t *testing.T) {
	g := graph.New("g")
	x := g.Input("x", graph.F32, "n", 2)
	p, e := g.Sparse("p", "n", "n", "nnz")
	graph.SpMM(p, e, x)
	good := func() map[string]*buffer.Buffer {
		pattern, _, err := buffer.NewPattern(3, 3, []int32{0}, []int32{2})
		if err != nil {
			t.Fatal(err)
		}
		return map[string]*buffer.Buffer{"x": buffer.New(graph.F32, 3, 2), "p": {Pattern: pattern}, "p/entries": buffer.New(graph.F32, 1)}
	}
	cases := []struct {
		name   string
		change func(map[string]*buffer.Buffer)
		want   string
	}{
		{"none", func(map[string]*buffer.Buffer) {}, ""},
		{"missing", func(m map[string]*buffer.Buffer) { delete(m, "x") }, `input "x": no value given for f32[n, 2]`},
		{"shape", func(m map[string]*buffer.Buffer) { m["x"] = buffer.New(graph.F32, 2, 3) }, "f32[2 3] was given for f32[n, 2], which is f32[3 2]"},
		{"dtype", func(m map[string]*buffer.Buffer) { m["x"] = buffer.New(graph.F64, 3, 2) }, "f64[3 2] was given"},
		{"dense", func(m map[string]*buffer.Buffer) { m["p"] = m["x"] }, "a dense value was given for pattern"},
		{"pattern", func(m map[string]*buffer.Buffer) { m["x"] = m["p"] }, "a pattern was given for f32"},
		{"entries", func(m map[string]*buffer.Buffer) {
			m["p"] = &buffer.Buffer{Pattern: &buffer.Pattern{Rows: 3, Cols: 3}}
		}, "a 3 x 3 pattern with 0 entries was given"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			leaves := good()
			c.change(leaves)
			_, err := native.Reference().Interpret(g, graph.Binding{"n": 3, "nnz": 1}, leaves)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v; want one that says %q", err, c.want)
			}
		})
	}
	if _, err := native.Reference().Interpret(nil, nil, nil); err == nil {
		t.Error("no graph, no error")
	}
	if _, err := native.Reference().Interpret(g, graph.Binding{"n": 3}, good()); err == nil || !strings.Contains(err.Error(), `symbol "nnz" has no value`) {
		t.Errorf("unbound symbol: %v", err)
	}
	if _, err := (native.Table{}).Interpret(g, graph.Binding{"n": 3, "nnz": 1}, good()); err == nil || !strings.Contains(err.Error(), "no kernel") {
		t.Errorf("empty table: %v", err)
	}
}
