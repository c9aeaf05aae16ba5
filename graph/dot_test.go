package graph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
)

func TestWriteDot(t *testing.T) {
	g, err := graph.Parse("g", []byte(`graft-ir 1
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
