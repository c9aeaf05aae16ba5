package graph_test

import (
	"fmt"

	"graft/graph"
)

func ExampleParse() {
	g, err := graph.Parse("scale.ir", []byte(`graft-ir 1

graph scale {
  %x = input : f32[batch, 4]
  %w = param {init=ones} : f32[4]
  %y = mul %x, %w : f32[batch, 4]   // any name will do
  output "y" %y
}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(g.Result("y"))
	fmt.Print(g)
	// Output:
	// mul at scale.ir:6 : f32[batch, 4]
	// graft-ir 1
	//
	// graph scale {
	//   %x = input : f32[batch, 4]
	//   %w = param {init=ones} : f32[4]
	//   %0 = mul %x, %w : f32[batch, 4]
	//   output "y" %0
	// }
}

func ExampleParse_error() {
	_, err := graph.Parse("relu.ir", []byte(`graft-ir 1

graph g {
  %x = input : f32[batch, 4]
  %0 = rellu %x : f32[batch, 4]
}
`))
	fmt.Println(err)
	// Output:
	// relu.ir:5:8: there is no op "rellu"; did you mean "relu"?
}

func ExampleVerify() {
	g, err := graph.Parse("dead.ir", []byte(`graft-ir 1

program g {
  %x = input : f32[batch, 4]
  forward {
    %0 = relu %x : f32[batch, 4]
    %1 = tanh %x : f32[batch, 4]
    output "y" %0
  }
}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(graph.Verify(g, graph.Differentiated))
	fmt.Println(graph.Verify(g, graph.Optimized))
	// Output:
	// <nil>
	// dead.ir:7: dead: no output and no store depends on the tanh (work whose result nobody reads is not done)
	// 	  %0 = relu %x : f32[batch, 4]
	// 	> %1 = tanh %x : f32[batch, 4]
	// 	  output "y" %0
}

func ExampleGraph_Err() {
	g := graph.New("wrong")
	x := g.Input("x", graph.F32, "batch", 784)
	w := g.Param("dense0/weight", "lecun_uniform", 256, 784) // the dimensions are the wrong way round
	h := graph.Relu(graph.MatMul(x, w))
	g.Output("h", h) // does nothing: h is the result of a mistake
	fmt.Println(g.Err())
	// Output:
	// graph/example_parse_test.go:80: matmul: inner dimensions differ: 784 of f32[batch, 784], 256 of f32[256, 784]
	// 	operand 0: input "x" : f32[batch, 784]
	// 	operand 1: param "dense0/weight" : f32[256, 784]
}
