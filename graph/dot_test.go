package graph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
)

func TestWriteDot(t *testing.T) {
	g, err := graph.Parse("g", []byte(`graft-ir 1
program "quoted" {`))
	if err == nil {
		t.Fatal("a quoted program name was read")
	}
	g, err = graph.Parse("g", []byte(`graft-ir 1
program g part=step {
  %x = input : f32[batch, 4]
  %w = param {init=ones} : f32[4]
  forward {
    %0 = scale %x {by=2.0} : f32[batch, 4]
    %1 = add %0, %w : f32[batch, 4]
  }
  backward "a \"b\"" {
    output "y" %1
  }
}`))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := graph.WriteDot(&b, g); err != nil {
		t.Fatal(err)
	}
	const want = `digraph "g" {
  rankdir=TB
  node [shape=box, style=filled, fillcolor=white, fontname=monospace]
  edge [fontname=monospace, fontsize=9]
  n0 [label="input x", shape=ellipse, fillcolor=lightblue]
  n1 [label="param w\ninit=ones", shape=ellipse, fillcolor=khaki]
  subgraph cluster_0 {
    label="forward"
    n2 [label="scale\nby=2.0"]
    n3 [label="add"]
  }
  subgraph cluster_1 {
    label="backward \"a \\\"b\\\"\""
    n4 [label="output y", style=bold]
  }
  n0 -> n2 [label="f32[batch, 4]"]
  n2 -> n3 [label="f32[batch, 4]"]
  n1 -> n3 [label="f32[4]"]
  n3 -> n4 [label="f32[batch, 4]"]
}
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestWriteOpReference(t *testing.T) {
	table, err := graph.NewTable(
		&graph.Op{Name: "twice", Group: "mine", Operands: "x,weight?", Flags: graph.Elementwise | graph.Commutative, Doc: "x | x.",
			Attrs: []graph.AttrSpec{
				{Name: "by", Kind: graph.FloatAttr, Default: 2.0}, {Name: "axes", Kind: graph.IntsAttr},
				{Name: "how", Kind: graph.WordAttr, Default: "fast", Enum: []string{"fast", "slow"}},
			},
			Infer: func(*graph.Call) ([]graph.Type, error) { return nil, nil }},
	)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := graph.WriteOpReference(&b, table); err != nil {
		t.Fatal(err)
	}
	const want = "## mine\n\n" +
		"| op | operands | attributes | flags | meaning |\n| --- | --- | --- | --- | --- |\n" +
		"| `twice` | `x, weight?` | `by` float = `2.0`<br>`axes` ints<br>`how` fast\\|slow = `fast` | elementwise, commutative | x \\| x. |\n"
	if !strings.HasSuffix(b.String(), want) {
		t.Errorf("got %s\nwant the end %s", b.String(), want)
	}
}

// Every op of the standard table is described in full.
func TestStandardTable(t *testing.T) {
	var b strings.Builder
	if err := graph.WriteOpReference(&b, graph.Standard()); err != nil {
		t.Fatal(err)
	}
	for _, op := range graph.Standard().Ops() {
		if op.Doc == "" || op.Group == "" || !strings.HasSuffix(op.Doc, ".") {
			t.Errorf("%s: an op has a group, and a sentence that says what it does", op.Name)
		}
		if strings.Count(b.String(), "| `"+op.Name+"` |") != 1 {
			t.Errorf("the op reference does not have %s once", op.Name)
		}
	}
}
