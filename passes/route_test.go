package passes

import (
	"strings"
	"testing"

	"graft/feedback"
	"graft/graph"
)

// routed is a model whose route operator has entries that activations make.
func routed(learned bool) *graph.Graph {
	g := graph.New("routed")
	p, _ := g.Sparse("a", "nodes", "nodes", "links")
	x := g.Input("x", graph.F32, "nodes", 3)
	h := graph.Apply("tanh", graph.MatMul(x, g.Param("low", "glorot_uniform", 3, 4)))
	gather := func(side string) *graph.Value {
		return g.Add("edge_gather", graph.Attrs{"side": side}, p, graph.Sum(h, 1))[0]
	}
	scores := g.Add("segment_softmax", nil, p, graph.Reshape(graph.Mul(gather("row"), gather("col")), p.Type.Dims[2], 1))[0]
	entries := graph.Reshape(scores, p.Type.Dims[2])
	h = graph.Feedback(h, graph.Point{Name: "low", Site: "top", Pattern: p, Entries: entries, Learned: learned})
	y := graph.ErrorSite(graph.MatMul(h, g.Param("high", "glorot_uniform", 4, 2)), "top")
	g.Loss(graph.SoftmaxCrossEntropy(y, g.Input("label", graph.I32, "nodes")))
	return g
}

// TestLearnedOperator shows that a delivery may read activations only where the definition says so, that only routes read them,
// and that the report tells.
func TestLearnedOperator(t *testing.T) {
	dfa, err := Mode("dfa")
	if err != nil {
		t.Fatal(err)
	}
	compile := func(learned bool, hops int) (*Compiled, error) {
		return Compile(routed(learned), dfa, Options{Part: Step, Optimizer: Optimizer{Rule: "sgd"}, Feedback: feedback.Options{Route: hops}})
	}
	if _, err := compile(false, 1); err == nil || !strings.Contains(err.Error(), "the delivery of an error reads") {
		t.Errorf("an operator of activations that are not declared: error %v", err)
	}
	for hops, want := range []int{0, 1, 2} {
		c, err := compile(true, hops)
		if err != nil {
			t.Fatalf("%d hops: %v", hops, err)
		}
		carried := 0
		for _, n := range c.Program.Nodes {
			if n.Phase == graph.Graft && n.Op.Name == "spmm" {
				carried++
			}
		}
		if carried != want {
			t.Errorf("%d hops: the error is carried %d times", hops, carried)
		}
		var text strings.Builder
		if err := c.Report.Write(&text); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), "route operator made of activations") {
			t.Errorf("%d hops: the report does not tell what the operator is made of:\n%s", hops, &text)
		}
	}
}
