package graph_test

import (
	"fmt"

	"graft/graph"
)

func Example() {
	g := graph.New("tiny")
	x := g.Input("x", graph.F32, "batch", 4)
	y := g.Input("label", graph.I32, "batch")
	w0 := g.Param("dense0/weight", "lecun_uniform", 4, 3)
	w1 := g.Param("dense1/weight", "lecun_uniform", 3, 2)
	h := graph.Relu(graph.MatMul(x, w0))
	h = graph.Feedback(h, graph.Point{Name: "dense0", Site: "logits"})
	o := graph.ErrorSite(graph.MatMul(h, w1), "logits")
	g.Loss(graph.SoftmaxCrossEntropy(o, y))
	if err := g.Err(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(g)
	// Output:
	// graft-ir 1
	//
	// graph tiny {
	//   %x = input : f32[batch, 4]
	//   %label = input : i32[batch]
	//   %dense0/weight = param {init=lecun_uniform} : f32[4, 3]
	//   %dense1/weight = param {init=lecun_uniform} : f32[3, 2]
	//   %0 = matmul %x, %dense0/weight : f32[batch, 3]
	//   %1 = relu %0 : f32[batch, 3]
	//   %2 = feedback %1 {point="dense0", site="logits"} : f32[batch, 3]
	//   %3 = matmul %2, %dense1/weight : f32[batch, 2]
	//   %4 = error %3 {site="logits"} : f32[batch, 2]
	//   %5 = softmax_cross_entropy %4, %label : f32[]
	//   loss %5
	// }
}
