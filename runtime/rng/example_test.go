package rng_test

import (
	"fmt"

	"graft/runtime/rng"
)

// A dropout mask is the same however it is cut: two workers fill their halves, a third fills the whole.
func Example() {
	mask := rng.New(42, 1000, "dense0/dropout") // seed, training step, layer
	var halves, whole [8]float32
	mask.Uniform32(halves[:4], 0)
	mask.Uniform32(halves[4:], 4)
	mask.Uniform32(whole[:], 0)
	fmt.Println(halves == whole)

	var next [8]float32
	rng.New(42, 1001, "dense0/dropout").Uniform32(next[:], 0)
	fmt.Println(next == whole)
	// Output:
	// true
	// false
}

func ExampleFill() {
	weight := make([]float32, 4*2)
	if err := rng.Fill(weight, "lecun_uniform", []int{4, 2}, rng.New(1, 0, "dense0/weight")); err != nil {
		fmt.Println(err)
	}
	fmt.Println(min(weight[0], weight[1], weight[2]) >= -0.5, max(weight[0], weight[1], weight[2]) <= 0.5)

	fmt.Println(rng.Fill(weight[:2], "lecun_uniform", []int{2}, rng.New(1, 0, "dense0/bias")))
	// Output:
	// true true
	// initialiser lecun_uniform needs weights [..., in, out], not shape [2]: write uniform(bound)
}
