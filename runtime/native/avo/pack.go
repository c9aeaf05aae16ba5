package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// packTransposed writes the packing of a block whose rows are to become columns. Eight or four rows at a time are read in
// vectors of four elements, transposed in registers, and written as vectors of eight or four.
func packTransposed() {
	TEXT("transposeAVX", NOSPLIT, "func(dst []float32, step int, x []float32, ld, rows, k int)")
	Doc("transposeAVX is a family's transpose: it needs AVX only.")
	Pragma("noescape")
	p := transposition{dst: Load(Param("dst").Base(), GP64()), step: bytes("step"), ld: bytes("ld"), rows: GP64()}
	p.row = append(p.row, Load(Param("x").Base(), GP64()), GP64(), GP64(), GP64())
	Load(Param("rows"), p.rows)
	SUBQ(Imm(8), p.rows)
	JLT(LabelRef("narrow"))
	p.group("wide", 8)
	SUBQ(Imm(8), p.rows)
	JGE(LabelRef("wide"))
	Label("narrow")
	ADDQ(Imm(8), p.rows)
	JLE(LabelRef("end"))
	p.group("four", 4)
	SUBQ(Imm(4), p.rows)
	JG(LabelRef("four"))
	Label("end")
	VZEROUPPER()
	RET()
}

type transposition struct {
	dst, step, ld, rows Register
	row                 []Register // addresses of the first four rows of a group; four more are found from ld
}

// group writes the transposition of the next n rows, which also moves on to the rows after them.
func (p transposition) group(name string, n int) {
	at := func(r int) Mem {
		if r < 4 {
			return Mem{Base: p.row[r]}
		}
		return Mem{Base: p.row[r-4], Index: p.ld, Scale: 4}
	}
	advance := func(elements uint64) {
		for _, row := range p.row {
			ADDQ(Imm(4*elements), row)
		}
	}
	Label(name)
	first, next := GP64(), GP64()
	MOVQ(p.row[0], first)
	for r := 1; r < 4; r++ {
		MOVQ(p.row[r-1], p.row[r])
		if n == 4 { // rows that do not exist repeat the one before
			LEAQ(Mem{Base: p.row[r-1], Index: p.ld, Scale: 1}, next)
			CMPQ(p.rows, Imm(uint64(r)))
			CMOVQGT(next, p.row[r])
		} else {
			ADDQ(p.ld, p.row[r])
		}
	}
	out, k := GP64(), GP64()
	MOVQ(p.dst, out)
	Load(Param("k"), k)
	SUBQ(Imm(4), k)
	JLT(LabelRef(name + "rest"))

	Label(name + "loop")
	var in [4]Op
	for r := range in {
		low := XMM()
		VMOVUPS(at(r), low)
		in[r] = low
		if n == 8 {
			VINSERTF128(Imm(1), at(r+4), low.AsY(), low.AsY())
			in[r] = low.AsY()
		}
	}
	advance(4)
	register := func() Op {
		if n == 8 {
			return YMM()
		}
		return XMM()
	}
	low01, high01, low23, high23, column := register(), register(), register(), register(), register()
	VUNPCKLPS(in[1], in[0], low01)
	VUNPCKHPS(in[1], in[0], high01)
	VUNPCKLPS(in[3], in[2], low23)
	VUNPCKHPS(in[3], in[2], high23)
	for _, half := range [][2]Op{{low01, low23}, {high01, high23}} {
		VUNPCKLPD(half[1], half[0], column)
		VMOVUPS(column, Mem{Base: out})
		VUNPCKHPD(half[1], half[0], column)
		VMOVUPS(column, Mem{Base: out, Index: p.step, Scale: 1})
		LEAQ(Mem{Base: out, Index: p.step, Scale: 2}, out)
	}
	SUBQ(Imm(4), k)
	JGE(LabelRef(name + "loop"))

	Label(name + "rest")
	ADDQ(Imm(4), k)
	JZ(LabelRef(name + "next"))
	Label(name + "one")
	for r := range n {
		element := XMM()
		VMOVSS(at(r), element)
		VMOVSS(element, Mem{Base: out, Disp: 4 * r})
	}
	advance(1)
	ADDQ(p.step, out)
	DECQ(k)
	JNZ(LabelRef(name + "one"))

	Label(name + "next")
	ADDQ(Imm(uint64(4*n)), p.dst)
	LEAQ(Mem{Base: first, Index: p.ld, Scale: 4}, p.row[0])
	if n == 8 {
		LEAQ(Mem{Base: p.row[0], Index: p.ld, Scale: 4}, p.row[0])
	}
}

// packRows writes the packing of a block whose rows stay rows, a row of all panels at a time: it reads memory in order.
func packRows() {
	TEXT("copyRowsAVX2", NOSPLIT, "func(dst []float32, step, next int, x []float32, ld, cols, panels, k int)")
	Doc("copyRowsAVX2 is a family's copyRows.")
	Pragma("noescape")
	dst, step, next := Load(Param("dst").Base(), GP64()), bytes("step"), bytes("next")
	x, ld := Load(Param("x").Base(), GP64()), bytes("ld")
	cols, k := Load(Param("cols"), GP64()), Load(Param("k"), GP64())
	s := newAVX2()
	// The last vector of a row may be partial. It is written whole.
	end, last := GP64(), GP64()
	LEAQ(Mem{Base: cols, Disp: -1}, end)
	ANDQ(I32(-8), end)
	MOVQ(cols, last)
	SUBQ(end, last)
	s.maskLast(last)
	SHLQ(Imm(2), end)
	SHLQ(Imm(2), cols)

	Label("row")
	from, to, panels, at := GP64(), GP64(), GP64(), GP64()
	MOVQ(x, from)
	MOVQ(dst, to)
	Load(Param("panels"), panels)
	v := YMM()
	Label("panel")
	XORQ(at, at)
	JMP(LabelRef("enter"))
	Label("vector")
	VMOVUPS(Mem{Base: from, Index: at, Scale: 1}, v)
	VMOVUPS(v, Mem{Base: to, Index: at, Scale: 1})
	ADDQ(Imm(32), at)
	Label("enter")
	CMPQ(at, end)
	JLT(LabelRef("vector"))
	s.load(Mem{Base: from, Index: end, Scale: 1}, v, true)
	VMOVUPS(v, Mem{Base: to, Index: end, Scale: 1})
	ADDQ(cols, from)
	ADDQ(next, to)
	DECQ(panels)
	JNZ(LabelRef("panel"))
	ADDQ(step, dst)
	ADDQ(ld, x)
	DECQ(k)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
