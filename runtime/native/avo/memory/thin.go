package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// thin uses vectors of 8 and makes four rows at a time, which share what is read of w. A row's sums do not depend on how many it is
// made with.
func thin(start func(name, signature, doc string) *routine) {
	thinGrad(start("thinGrad", "func(dst []float32, stepDst int, x []float32, stepX int, y []float32, stepY, rows int)", "is a family's thinGrad."))
	r := start("thin", "func(dst []float32, stepDst int, x []float32, stepX int, w []float32, cols, k, rows int)", "is a family's thin.")
	r = &routine{places: r.places}
	dst, x, w, cols, k, left := base("dst"), base("x"), base("w"), number("cols"), number("k"), number("rows")
	toNext, next := bytes("stepDst"), bytes("stepX")
	rows := func(n int, mask Op) {
		from, sums := make([]GPVirtual, n), make([]VecVirtual, n)
		for i := range from {
			from[i], sums[i] = GP64(), r.zero()
			MOVQ(x, from[i])
			ADDQ(next, x)
		}
		at, term, more := GP64(), GP64(), r.label("term")
		MOVQ(w, at)
		XORQ(term, term)
		Label(more)
		line := r.load(Mem{Base: at}, nil)
		for i, sum := range sums {
			VFMADD231PS(r.broadcast(Mem{Base: from[i], Index: term, Scale: 4}), line, sum)
		}
		ADDQ(Imm(32), at)
		INCQ(term)
		CMPQ(term, k)
		JLT(LabelRef(more))
		for _, sum := range sums {
			r.store(sum, Mem{Base: dst}, mask)
			ADDQ(toNext, dst)
		}
	}
	all := func(mask Op) {
		fours, ones, one, done := r.label("fours"), r.label("ones"), r.label("one"), r.label("done")
		Label(fours)
		SUBQ(Imm(4), left)
		JLT(LabelRef(ones))
		rows(4, mask)
		JMP(LabelRef(fours))
		Label(ones)
		ADDQ(Imm(4), left)
		JZ(LabelRef(done))
		Label(one)
		rows(1, mask)
		DECQ(left)
		JNZ(LabelRef(one))
		Label(done)
		end()
	}
	CMPQ(cols, Imm(8))
	JNE(LabelRef("partial"))
	all(nil) // stores by a mask take long
	Label("partial")
	all(r.first(cols))
}

// thinGrad keeps the sums in registers.
func thinGrad(r *routine) {
	r = &routine{places: r.places}
	dst, x, y, left := base("dst"), base("x"), base("y"), number("rows")
	down, nextX, nextY := bytes("stepDst"), bytes("stepX"), bytes("stepY")
	var sums [8]VecVirtual
	at := GP64()
	MOVQ(dst, at)
	for i := range sums {
		sums[i] = r.load(Mem{Base: at}, nil)
		ADDQ(down, at)
	}
	more := r.label("row")
	Label(more)
	line := r.load(Mem{Base: y}, nil)
	for i, sum := range sums {
		VFMADD231PS(r.broadcast(Mem{Base: x, Disp: 4 * i}), line, sum)
	}
	ADDQ(nextX, x)
	ADDQ(nextY, y)
	DECQ(left)
	JNZ(LabelRef(more))
	for _, sum := range sums {
		r.store(sum, Mem{Base: dst}, nil)
		ADDQ(down, dst)
	}
	end()
}
