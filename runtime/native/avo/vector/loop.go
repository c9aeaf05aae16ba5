package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A routine is a function being written: the instruction set, and labels counted so that they differ.
type routine struct {
	lanes
	labels int
}

// begin starts a function of the given signature. Its slices must be as long as the first.
func begin(words *constants, avx512 bool, name, signature, doc string) *routine {
	suffix := "AVX2"
	if avx512 {
		suffix = "AVX512"
	}
	name += suffix
	TEXT(name, NOSPLIT, signature)
	Doc(name + " " + doc)
	Pragma("noescape")
	return &routine{lanes: lanes{avx512: avx512, words: words}}
}

func end() {
	VZEROUPPER()
	RET()
}

func (r *routine) label(name string) string {
	r.labels++
	return fmt.Sprintf("%s%d", name, r.labels)
}

// address returns the first element of a slice parameter.
func address(slice string) GPVirtual { return Load(Param(slice).Base(), GP64()).(GPVirtual) }

func length(slice string) GPVirtual { return Load(Param(slice).Len(), GP64()).(GPVirtual) }

func integer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

// param returns a vector of a scalar parameter.
func (r *routine) param(name string) VecVirtual {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return r.broadcast(p.Addr)
}

// each writes a loop over n elements in vectors. do is called twice, for whole vectors and for the partial one at the end,
// with the place of a vector at an address. So an element's bits do not depend on where it lies.
func (r *routine) each(n GPVirtual, do func(at at, partial bool)) {
	whole, rest, done := r.label("whole"), r.label("rest"), r.label("done")
	left, index := GP64(), GP64()
	at := func(base GPVirtual) Mem { return Mem{Base: base, Index: index, Scale: 4} }
	MOVQ(n, left)
	XORQ(index, index)
	SUBQ(Imm(uint64(r.count())), left)
	JLT(LabelRef(rest))
	Label(whole)
	do(at, false)
	ADDQ(Imm(uint64(r.count())), index)
	SUBQ(Imm(uint64(r.count())), left)
	JGE(LabelRef(whole))
	Label(rest)
	ADDQ(Imm(uint64(r.count())), left)
	JZ(LabelRef(done))
	r.maskLast(left)
	do(at, true)
	Label(done)
}

// at returns where the loop's vector lies in the array at an address.
type at func(base GPVirtual) Mem
