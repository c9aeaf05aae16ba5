// Command memory generates the assembly of package native's loops that move more than they compute: optimizers, sums over rows,
// and what goes along the entries of sparse matrices and tables. A go:generate line there says how it is run.
//
// Each routine is written once, over vectors of either instruction set.
package main

import (
	. "github.com/mmcloughlin/avo/build"

	"graft/runtime/native/avo/isa"
)

func main() {
	ConstraintExpr("!noasm")
	places := isa.Numbers("places")
	for _, avx512 := range []bool{true, false} {
		start := func(name, signature, doc string) *routine { return begin(places, avx512, name, signature, doc) }
		optimizers(start)
		sums(start)
		sparse(start)
		segments(start)
		tables(start)
		thin(start)
	}
	Generate()
}
