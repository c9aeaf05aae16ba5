// Command vector generates the assembly of package native's functions of float32 vectors: elementwise ops, and what ops on
// rows need. A go:generate line there says how it is run.
//
// Each routine is written once, over lanes of either instruction set.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("!noasm")
	words := newConstants()
	for _, avx512 := range []bool{true, false} {
		start := func(name, signature, doc string) *routine { return begin(words, avx512, name, signature, doc) }
		for _, v := range points {
			start(v.name, "func(dst, x []float32, p float32)", "sets dst to "+v.doc+".").point(v.f)
		}
		for _, v := range pairs {
			start(v.name, "func(dst, x, y []float32, p float32)", "sets dst to "+v.doc+".").pair(v.f)
		}
		const partly = "func(dst, x []float32) (beyond bool)"
		start("sin", partly, "sets dst to sin(x), but leaves x where |x| is above 1e5.").trigonometric(0)
		start("cos", partly, "sets dst to cos(x), but leaves x where |x| is above 1e5.").trigonometric(1)
		start("drop", "func(dst, x, y []float32, rate, scale float32)", "sets dst to scale*x where y >= rate, else 0.").drop()
		rows(start)
		norms(start)
		columns(start)
	}
	Generate()
}
