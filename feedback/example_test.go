package feedback_test

import (
	"fmt"

	"graft/feedback"
	"graft/graph"
)

// Two points of widths 16 and 64 receive the error of a site with 10 classes. The narrower one reads the leading columns of the
// wider one's projection. Equal nodes are left to the compiler, which computes them once.
func ExampleDeliver() {
	g := graph.New("example")
	site := feedback.Site{Name: "logits", Cotangent: g.Input("error", graph.F32, "batch", 10), Rows: 1}
	points := []feedback.Target{
		{Name: "dense0", Value: g.Input("h0", graph.F32, "batch", 16), Rows: 1},
		{Name: "dense1", Value: g.Input("h1", graph.F32, "batch", 64), Rows: 1},
	}
	o, err := feedback.Options{}.WithDefaults()
	if err != nil {
		fmt.Println(err)
		return
	}
	delivered, err := feedback.Deliver(g, site, points, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	names := graph.Names(g)
	for i, v := range delivered {
		fmt.Printf("%s: %s\n", points[i].Name, graph.FormatNode(v.Node, names))
	}
	fmt.Println(graph.FormatNode(delivered[1].Arg(1).Node, names))
	// Output:
	// dense0: %2 = slice %1 {axis=1, size=16} : f32[batch, 16]
	// dense1: %4 = project %error, %3 {scale=0.125} : f32[batch, 64]
	// %3 = feedback_matrix %seed {shape=[10, 64], stream="feedback/logits"} : f32[10, 64]
}
