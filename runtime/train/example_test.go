package train_test

import (
	"context"
	"fmt"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"

	"gorgonia.org/tensor"
)

// Example fits a line, full batch. With a Dir, the run would also leave its metrics and a checkpoint there.
func Example() {
	g := graph.New("line")
	x := g.Input("x", graph.F32, "points", 1)
	y := g.Input("y", graph.F32, "points", 1)
	slope := g.Param("slope", "zeros", 1, 1)
	miss := graph.Sub(graph.MatMul(x, slope), y)
	g.Loss(graph.Mean(graph.Mul(miss, miss), 0, 1))

	bp, err := passes.Mode("bp")
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err := passes.Compile(g, bp, passes.Options{Optimizer: passes.Optimizer{Rule: "sgd"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	column := func(v ...float32) *tensor.Dense {
		return tensor.New(tensor.WithShape(len(v), 1), tensor.WithBacking(v))
	}
	run := &train.Run{
		Info:    map[string]string{"model": "line", "mode": "bp"},
		Program: step.Program,
		State:   runtime.NewState(),
		Source: train.Fixed(train.Batch{
			Binding: graph.Binding{"points": 3},
			Tensors: map[string]*tensor.Dense{"x": column(-1, 0, 1), "y": column(-2, 0, 2)},
		}),
		Epochs: 40,
		LR:     train.Constant(0.5),
		Best:   "loss",
	}
	summary, err := run.Fit(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("first loss %.2f, slope %.3f\n", summary.History[0].Loss, run.State.Tensor("slope").Float32s()[0])
	// Output: first loss 2.67, slope 2.000
}
