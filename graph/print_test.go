package graph_test

import (
	"os"

	"graft/graph"
)

// The update section is folded into its count; what is to be read stays.
func ExampleGraph_WriteFolded() {
	g := graph.New("step")
	g.Program, g.Mode, g.Part = true, "bp", "step"
	w, m := g.Param("w", "ones", 2), g.State("w/momentum", "zeros", graph.Tensor(graph.F32, graph.Int(2)))
	x, lr := g.Input("x", graph.F32, 2), g.Input("lr", graph.F32)
	g.At(graph.Context{Phase: graph.Backward, Label: "network"})
	grad := graph.Mul(x, w)
	g.At(graph.Context{Phase: graph.Update})
	out := g.Add("sgd", graph.Attrs{"momentum": 0.9}, w, grad, lr, m)
	g.Store("w", out[0])
	g.Store("w/momentum", out[1])
	if err := g.WriteFolded(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// graft-ir 1
	//
	// program step mode=bp part=step {
	//   %w = param {init=ones} : f32[2]
	//   %x = input : f32[2]
	//   %lr = input : f32[]
	//   backward "network" {
	//     %0 = mul %x, %w : f32[2]
	//   }
	//   ... 1 state, 1 sgd, 2 store
	// }
}
