// Command avo generates the assembly of package native's dense products: micro-kernels, inner products and packing. A go:generate line there
// says how it is run.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("!noasm")
	lanes = GLOBL("lanes", RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(i))
	}
	tile("tileAVX512", avx512{})
	tile("tileAVX2", avx2{YMM()})
	packTransposed()
	packRows()
	dots()
	Generate()
}

// lanes holds the numbers of a register's lanes, from which masks are made.
var lanes Mem
