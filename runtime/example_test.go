package runtime_test

import (
	"context"
	"fmt"

	"graft/graph"
	"graft/runtime"

	"gorgonia.org/tensor"
)

// One step of a program that moves a parameter towards what it is fed.
func Example() {
	g := graph.New("mean")
	g.Program = true
	x, lr := g.Input("x", graph.F32, "n"), g.Scalar("lr", graph.F32)
	w := g.Param("w", "zeros", "n")
	g.At(graph.Context{Phase: graph.Forward})
	d := graph.Sub(w, x)
	g.Output("distance", graph.Sum(graph.Apply("square", d), 0))
	g.At(graph.Context{Phase: graph.Update})
	g.Store("w", g.Add("sgd", nil, w, d, lr)[0])

	pool := runtime.NewPool(2)
	defer pool.Close()
	b := graph.Binding{"n": 2}
	s := runtime.NewState()
	if err := s.Init(g, b, 1); err != nil {
		fmt.Println(err)
		return
	}
	e, err := runtime.Load(g, b, s, runtime.Options{Pool: pool})
	if err != nil {
		fmt.Println(err)
		return
	}
	feed, _ := e.Feed("x")
	rate, _ := e.Feed("lr")
	distance, _ := e.Result("distance")
	fmt.Println(e.Step(context.Background()))

	feed.Set(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{3, 4})))
	rate.SetFloat(0.5)
	for range 3 {
		if err := e.Step(context.Background()); err != nil {
			fmt.Println(err)
		}
		fmt.Println(distance.Float(), s.Tensor("w").Float32s())
	}
	// Output:
	// mean: not all inputs have been fed; missing: x, lr
	// 25 [1.5 2]
	// 6.25 [2.25 3]
	// 1.5625 [2.625 3.5]
}
