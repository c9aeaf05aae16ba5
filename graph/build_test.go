package graph_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"graft/graph"
)

// line returns the line of the call, so that tests can say where a mistake was made.
func line() int {
	_, _, n, _ := runtime.Caller(1)
	return n
}

func TestMistakesAreSticky(t *testing.T) {
	g := graph.New("g")
	x := g.Input("x", graph.F32, "batch", 4)
	w := g.Param("w", "zeros", 5, 3)
	bad := graph.MatMul(x, w)
	at := line() - 1
	nodes := len(g.Nodes)

	want := fmt.Sprintf("graph/build_test.go:%d: matmul: inner dimensions differ: 4 of f32[batch, 4], 5 of f32[5, 3]\n"+
		"\toperand 0: input \"x\" : f32[batch, 4]\n\toperand 1: param \"w\" : f32[5, 3]", at)
	if got := errorText(g.Err()); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}

	// What is built on the result of a mistake neither adds nodes nor changes the error.
	h := graph.Relu(bad)
	h = graph.Dropout(h, 0.5, "drop")
	h = graph.Feedback(h, graph.Point{Name: "p", Site: "s"})
	h = graph.SoftmaxCrossEntropy(graph.Add(x, h), x)
	for _, r := range g.Add("adam", nil, h, h, h, h, h, h) {
		graph.Apply("neg", r)
	}
	g.Loss(h)
	g.Output("y", h)
	g.Store("w", bad)
	if len(g.Nodes) != nodes {
		t.Errorf("%d nodes were added behind a mistake", len(g.Nodes)-nodes)
	}
	// Nor does a second mistake.
	graph.MatMul(w, x)
	if got := errorText(g.Err()); got != want {
		t.Errorf("the first mistake was lost: %s", got)
	}
	if err := graph.Verify(g, graph.Built); errorText(err) != want {
		t.Errorf("Verify answers %v", err)
	}
	if got := bad.String(); got != "an invalid value" {
		t.Errorf("the invalid value prints as %s", got)
	}
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		make func(g *graph.Graph, x *graph.Value)
		want string
	}{
		"no op":        {func(g *graph.Graph, x *graph.Value) { g.Add("sofmax", nil, x) }, `there is no op "sofmax"; did you mean "softmax"?`},
		"four results": {func(g *graph.Graph, x *graph.Value) { _ = g.Add("adm", nil, x)[2] }, `there is no op "adm"`},
		"leaf by Add":  {func(g *graph.Graph, x *graph.Value) { g.Add("param", nil) }, "param is a leaf: declare it with the graph's own method"},
		"taken name":   {func(g *graph.Graph, x *graph.Value) { g.Param("x", "zeros", 4) }, `param: the name "x" is taken by input "x" : f32[n]`},
		"comment name": {func(g *graph.Graph, x *graph.Value) { g.Param("a//b", "zeros", 4) }, `param: name "a//b" must be letters, digits and any of`},
		"number name":  {func(g *graph.Graph, x *graph.Value) { g.Param("17", "zeros", 4) }, `param: name "17" must be`},
		"dim type":     {func(g *graph.Graph, x *graph.Value) { g.Param("w", "zeros", 4, 2.5) }, `param: "w": f32[4, 0] is too large or has a dimension that is not positive`},
		"symbol":       {func(g *graph.Graph, x *graph.Value) { g.Param("w", "zeros", "8*n") }, `param: "w": f32[0] is too large`},
		"too large":    {func(g *graph.Graph, x *graph.Value) { g.Param("w", "zeros", 1<<30, 1<<30) }, `param: "w": f32[1073741824, 1073741824] is too large`},
		"result size": {func(g *graph.Graph, x *graph.Value) {
			g.Add("repeat", graph.Attrs{"axis": 0, "times": 1 << 40}, graph.Reshape(g.Param("w", "zeros", 4), 4))
		}, "repeat: the result would be f32[4398046511104], which is too large"},
		"slice overflow": {func(g *graph.Graph, x *graph.Value) {
			g.Add("slice", graph.Attrs{"axis": 0, "start": 1 << 40, "size": 1}, g.Param("w", "zeros", 4))
		}, "slice: elements 1099511627776 to"},
		"nil operand":    {func(g *graph.Graph, x *graph.Value) { g.Add("add", nil, x, nil) }, "add: operand 1 is nil"},
		"other graph":    {func(g *graph.Graph, x *graph.Value) { graph.Add(x, graph.New("h").Input("y", graph.F32, "n")) }, `add: operand 1, input "y" : f32[n], belongs to another graph`},
		"no attribute":   {func(g *graph.Graph, x *graph.Value) { g.Add("relu", graph.Attrs{"by": 2.0}, x) }, `relu: relu has no attribute "by"`},
		"attribute kind": {func(g *graph.Graph, x *graph.Value) { g.Add("scale", graph.Attrs{"by": "2"}, x) }, "scale: attribute by: unsuitable value 2"},
		"huge attribute": {func(g *graph.Graph, x *graph.Value) { g.Add("sum", graph.Attrs{"axes": []int{1 << 62}}, x) }, "sum: attribute axes: 4611686018427387904 is too large"},
		"empty output":   {func(g *graph.Graph, x *graph.Value) { g.Output("", x) }, "output: the name is empty"},
		"relation":       {func(g *graph.Graph, x *graph.Value) { g.Relate("2n", "n") }, `relation 2n = n: "2n" is not a symbol`},
		"relation term":  {func(g *graph.Graph, x *graph.Value) { g.Relate("m", "n", -1) }, "relation m = n + -1: a term must be a positive number or a symbol, not -1"},
		"own":            {func(g *graph.Graph, x *graph.Value) { g.Invalid("%d heads do not divide %v", 3, x.Type) }, "3 heads do not divide f32[n]"},
	} {
		t.Run(name, func(t *testing.T) {
			g := graph.New("g")
			c.make(g, g.Input("x", graph.F32, "n"))
			var be *graph.BuildError
			if !errors.As(g.Err(), &be) || !strings.HasPrefix(be.Msg, c.want) {
				t.Fatalf("got  %v\nwant %s", g.Err(), c.want)
			}
			if be.Pos.File != "graph/build_test.go" {
				t.Errorf("the mistake stands at %v", be.Pos)
			}
		})
	}
}

// dense builds on behalf of its caller.
func dense(x *graph.Value, width int) *graph.Value {
	x.Graph().Helper()
	return graph.Relu(graph.MatMul(x, x.Graph().Param("w", "zeros", 4, width)))
}

func TestHelper(t *testing.T) {
	g := graph.New("g")
	h := dense(g.Input("x", graph.F32, "batch", 4), 3)
	if want := (graph.Pos{File: "graph/build_test.go", Line: line() - 1}); h.Node.Pos != want {
		t.Errorf("the node stands at %v, want %v", h.Node.Pos, want)
	}
	g = graph.New("g")
	dense(g.Input("x", graph.F32, "batch", 5), 3)
	at := line() - 1
	if want := fmt.Sprintf("graph/build_test.go:%d: matmul: ", at); !strings.HasPrefix(errorText(g.Err()), want) {
		t.Errorf("the mistake is %v, want %s", g.Err(), want)
	}
}

func TestConstantsAreShared(t *testing.T) {
	g := graph.New("g")
	a := g.Const(1e6, graph.Tensor(graph.F32))
	if b := g.Const(1e6, graph.Tensor(graph.F32)); a != b {
		t.Error("two constants of one value")
	}
	if b := g.Const(1e6, graph.Tensor(graph.F64)); a == b {
		t.Error("one constant of two types")
	}
	if err := g.Err(); err != nil {
		t.Error(err)
	}
}
