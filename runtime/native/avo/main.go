// Command avo generates the assembly of package native's dense products: micro-kernels, inner products and packing. A go:generate line there
// says how it is run.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"graft/runtime/native/avo/isa"
)

func main() {
	ConstraintExpr("!noasm")
	lanes = isa.Numbers("lanes")
	tile("tileAVX512", newAVX512())
	tile("tileAVX2", newAVX2())
	tileOfSSE()
	packTransposed()
	packRows()
	dots()
	dotsOfSSE()
	Generate()
}

// lanes holds the numbers of a register's lanes, from which masks are made.
var lanes Mem
