package graph_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
)

// roundTrip checks that g is what its text form says, and that printing is a fixed point.
func roundTrip(t *testing.T, g *graph.Graph) {
	t.Helper()
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	text := g.String()
	back, err := graph.Parse("printed", []byte(text))
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	if d := graph.Diff(g, back); d != "" {
		t.Errorf("reading the printed graph gives another: %s", d)
	}
	if d := cmp.Diff(text, back.String()); d != "" {
		t.Errorf("printing again differs (-first +second):\n%s", d)
	}
}

// definitions are graphs made with the builder; together they have every form that a line can take.
func definitions() map[string]*graph.Graph {
	mlp := graph.New("mlp")
	x := mlp.Input("x", graph.F32, "batch", 4)
	h := graph.Dropout(graph.Relu(graph.MatMul(x, mlp.Param("w0", "uniform(0.5)", 4, 3))), 0.5, "drop0")
	h = graph.Feedback(h, graph.Point{Name: "dense0", Site: "logits", Micro: true, NoGraft: true})
	o := graph.ErrorSite(graph.MatMul(h, mlp.Param("w1", "zeros", 3, 2)), "logits")
	mlp.Loss(graph.SoftmaxCrossEntropy(o, mlp.Input("label", graph.I32, "batch")))
	mlp.Output("guess", graph.Argmax(o))

	gcn := graph.New("gcn")
	gcn.Relate("loops", "edges", "nodes")
	adj, entries := gcn.Sparse("adj", "nodes", "nodes", "loops")
	h = graph.SpMM(adj, entries, gcn.Input("x", graph.F32, "nodes", 5))
	h = graph.Feedback(h, graph.Point{Name: "conv0", Site: "out", Pattern: adj, Entries: entries})
	h = graph.ErrorSite(graph.Softmax(h), "out")
	gcn.Loss(graph.Mean(h, 0, 1))

	odd := graph.New("odd-names.v2/x")
	y := odd.Input("a", graph.F64, graph.Sym("n").Mul(graph.Int(8)), graph.Sym("n").Mul(graph.Sym("heads")))
	z := odd.State("run/mean", "constant(0.25)", y.Type)
	for _, c := range []float64{0, -1, 1e6, 1e21, -2.5e-7, 1e300} {
		y = graph.Add(y, odd.Const(c, graph.Tensor(graph.F64)))
	}
	y = graph.Reshape(y, graph.Sym("n").Mul(graph.Sym("n")).Mul(graph.Sym("heads")), 8)
	odd.Output("quoted \"name\"\twith // odd\x00 bytes \xff", y)
	odd.Store("run/mean", graph.Scale(z, 0.5))
	odd.Const(1, graph.Tensor(graph.F32, graph.Int(1<<33)))

	return map[string]*graph.Graph{"mlp": mlp, "gcn": gcn, "odd": odd, "empty": graph.New("empty")}
}

func TestRoundTripOfBuiltGraphs(t *testing.T) {
	for name, g := range definitions() {
		t.Run(name, func(t *testing.T) { roundTrip(t, g) })
	}
}

// The files of testdata/text are in canonical form.
func TestRoundTripOfFiles(t *testing.T) {
	for _, file := range files(t, "testdata/text/*.ir") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src := read(t, file)
			g, err := graph.Parse(file, src)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(src), g.String()); d != "" {
				t.Errorf("not canonical (-file +printed):\n%s", d)
			}
			roundTrip(t, g)
		})
	}
}

func TestFreeForm(t *testing.T) {
	const free = `// a comment before everything

	graft-ir	1 // version
  program  tiny   part=step{ // header
%in=input:f32[ 2 * batch * 3 ,4]
 forward "" {
     %a   =   relu   %in   {  }:f32[6*batch,4] // a comment
%b=sum %a{keep = true , axes = [ 0 , 1 ]}:f32[1,1]` + "\r\n" + `
    output "y"%b
  }
  once {
  }
}
// and after`
	const canonical = `graft-ir 1

program tiny part=step {
  %in = input : f32[6*batch, 4]
  forward {
    %0 = relu %in : f32[6*batch, 4]
    %1 = sum %0 {axes=[0, 1], keep} : f32[1, 1]
    output "y" %1
  }
}
`
	g, err := graph.Parse("free", []byte(free))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(canonical, g.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if pos := g.Nodes[1].Pos; pos != (graph.Pos{File: "free", Line: 7}) {
		t.Errorf("the relu of line 7 has position %v", pos)
	}
}

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"line":    {"graft-ir 1" + strings.Repeat(" ", 1<<20), "f:1:1: the line has 1048586 bytes, more than 1048576"},
		"list":    {"graft-ir 1\ngraph g {\n%x = input : f32[" + strings.Repeat("1, ", 64) + "1]", "f:3:210: a list has at most 64 elements"},
		"factors": {"graft-ir 1\ngraph g {\n%x = input : f32[" + strings.Repeat("a*", 64) + "a]", "f:3:18: a dimension has at most 64 factors"},
		"number":  {"graft-ir 1\ngraph g {\n%x = input : f32[1048576*1048576*2]", `f:3:18: dimension "1048576*1048576*2" is too large`},
		"size":    {"graft-ir 1\ngraph g {\n%x = input : f32[1048576, 1048577]", `f:3:6: input: "x": f32[1048576, 1048577] is too large`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := graph.Parse("f", []byte(c.src))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	const base = "graft-ir 1\n\nprogram g part=step {\n  relation n = a + b\n  %x = input : f32[n]\n  forward {\n    %0 = scale %x {by=2.0} : f32[n]\n    %1 = add %x, %0 : f32[n]\n  }\n}\n"
	parse := func(s string) *graph.Graph {
		g, err := graph.Parse("g", []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	a := parse(base)
	for _, c := range []struct{ old, new, want string }{
		{"program g", "program h", "headers differ"},
		{"part=step", "part=predict", "part differs"},
		{"a + b", "a + 2*b", "relations differ"},
		{"f32[n]", "f64[n]", "node 0: types differ"},
		{"by=2.0", "by=3.0", "node 1: attribute by differs"},
		{"forward", "once", "node 1: sections"},
		{"= add", "= sub", "node 2: ops differ"},
		{"%x, %0", "%0, %x", "node 2: operands differ"},
		{"    %1 = add %x, %0 : f32[n]\n", "", "3 nodes, 2 nodes"},
		{"", "", ""},
	} {
		b := parse(strings.ReplaceAll(base, c.old, c.new))
		got := graph.Diff(a, b)
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%q for %q: Diff = %q, want %q", c.new, c.old, got, c.want)
		}
		if a.Equal(b) != (got == "") {
			t.Errorf("%q for %q: Equal does not agree with Diff", c.new, c.old)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, g := range definitions() {
		f.Add([]byte(g.String()))
	}
	for _, pattern := range []string{"testdata/text/*.ir", "testdata/parse/*.ir", "testdata/verify/*.ir"} {
		for _, file := range files(f, pattern) {
			f.Add(read(f, file))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		g, err := graph.Parse("fuzz", src)
		if err != nil {
			return
		}
		roundTrip(t, g)
		for _, stage := range graph.Stages() {
			_ = graph.Verify(g, stage) // any answer but a panic
		}
	})
}

func files(t testing.TB, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("no files %s (%v)", pattern, err)
	}
	return list
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return src
}
