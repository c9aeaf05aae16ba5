package graph_test

import (
	"strings"
	"testing"

	"graft/graph"
)

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
		if strings.Count(b.String(), "\n| `"+op.Name+"` |") != 1 {
			t.Errorf("the op reference does not have %s once", op.Name)
		}
	}
}
