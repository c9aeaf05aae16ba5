package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sseWidths are the columns of tiles that SSE makes at once, which has no masks, and the rows of the tallest: its sums, a row of B, an
// element of A and its product fit 16 registers. The wide ones are for products of a single row.
var sseWidths = []struct{ cols, rows int }{{32, 1}, {16, 1}, {8, 6}, {4, 6}, {2, 6}, {1, 6}}

// tileOfSSE writes the micro-kernel for every amd64 machine. It rounds products before they are added, as Go does there.
func tileOfSSE() {
	TEXT("widthSSE", NOSPLIT, plainSignature+")")
	Doc("widthSSE is tile for 1, 2, 4, 8 and, of a single row, 16 and 32 columns.")
	Pragma("noescape")
	rows, cols := Load(Param("rows"), GP64()), Load(Param("cols"), GP64())
	t := newOperands()
	label := func(r, cols int) string { return fmt.Sprintf("tile%dx%d", r, cols) }
	for _, w := range sseWidths {
		if w.cols > 1 {
			CMPQ(cols, Imm(uint64(w.cols)))
			JNE(LabelRef(fmt.Sprintf("not%d", w.cols)))
		}
		for r := w.rows; r > 1; r-- {
			CMPQ(rows, Imm(uint64(r)))
			JE(LabelRef(label(r, w.cols)))
		}
		for r := 1; r <= w.rows; r++ {
			Label(label(r, w.cols))
			t.branchSSE(r, w.cols, label(r, w.cols))
		}
		if w.cols > 1 {
			Label(fmt.Sprintf("not%d", w.cols))
		}
	}
}

// loadSSE reads as many elements as a row has, at most a vector of them, and storeSSE writes them.
func loadSSE(cols int, m Mem, v Op) {
	switch cols {
	case 1:
		MOVSS(m, v)
	case 2:
		MOVSD(m, v)
	default:
		MOVUPS(m, v)
	}
}

func storeSSE(cols int, v Op, m Mem) {
	switch cols {
	case 1:
		MOVSS(v, m)
	case 2:
		MOVSD(v, m)
	default:
		MOVUPS(v, m)
	}
}

// broadcastSSE fills a new register with an element.
func broadcastSSE(m Mem) VecVirtual {
	v := XMM()
	MOVSS(m, v)
	SHUFPS(Imm(0), v, v)
	return v
}

// branchSSE writes the kernel of rows x cols sums.
func (t operands) branchSSE(rows, cols int, label string) {
	a, elementA := t.rowsOfA(rows)
	sum := make([][]VecVirtual, rows)
	for r := range sum {
		for range (cols + 3) / 4 {
			v := XMM()
			XORPS(v, v)
			sum[r] = append(sum[r], v)
		}
	}
	TESTQ(t.k, t.k)
	JZ(LabelRef(label + "store"))

	Label(label + "loop")
	row := func(v int) VecVirtual {
		b := XMM()
		loadSSE(cols, Mem{Base: t.b, Disp: v * 16}, b)
		return b
	}
	if rows == 1 { // an element of B is used once, and may give way to its product
		element := broadcastSSE(elementA(0))
		for v := range sum[0] {
			b := row(v)
			MULPS(element, b)
			ADDPS(b, sum[0][v])
		}
	} else {
		b := []VecVirtual{row(0)}
		if cols > 4 {
			b = append(b, row(1))
		}
		for r := range rows {
			term := broadcastSSE(elementA(r))
			if len(b) > 1 {
				other := XMM()
				MOVAPS(term, other)
				MULPS(b[1], other)
				ADDPS(other, sum[r][1])
			}
			MULPS(b[0], term)
			ADDPS(term, sum[r][0])
		}
	}
	t.advance(a, t.k)
	JNZ(LabelRef(label + "loop"))

	Label(label + "store")
	eachOfC := func(do func(at Mem, v VecVirtual)) {
		line := GP64()
		MOVQ(t.c, line)
		for r := range sum {
			for v := range sum[r] {
				do(Mem{Base: line, Disp: v * 16}, sum[r][v])
			}
			if r < rows-1 {
				ADDQ(t.rowC, line)
			}
		}
	}
	add := GP8()
	Load(Param("add"), add)
	TESTB(add, add)
	JZ(LabelRef(label + "scale"))
	eachOfC(func(at Mem, v VecVirtual) {
		old := XMM()
		loadSSE(cols, at, old)
		ADDPS(old, v)
	})
	Label(label + "scale")
	scale := broadcastSSE(scaleParam())
	eachOfC(func(at Mem, v VecVirtual) {
		MULPS(scale, v)
		storeSSE(cols, v, at)
	})
	RET()
}

// dotsOfSSE writes the inner products of a vector with 16 rows, as those of AVX2 are made: with four elements of four rows at a time.
func dotsOfSSE() {
	TEXT("dots16SSE", NOSPLIT, "func(k int, a []float32, b []float32, ld int, c []float32, scale float32, add bool)")
	Doc("dots16SSE is dots for 16 elements of C.")
	Pragma("noescape")
	k, a, ld := Load(Param("k"), GP64()), Load(Param("a").Base(), GP64()), bytes("ld")
	const groups = 4
	row := []Register{Load(Param("b").Base(), GP64())} // addresses of every fourth row
	for range groups - 1 {
		next := GP64()
		LEAQ(Mem{Base: row[len(row)-1], Index: ld, Scale: 4}, next)
		row = append(row, next)
	}
	ld3 := GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	at := func(group, r int) Mem {
		switch base := row[group]; r {
		case 0:
			return Mem{Base: base}
		case 3:
			return Mem{Base: base, Index: ld3, Scale: 1}
		default:
			return Mem{Base: base, Index: ld, Scale: uint8(r)}
		}
	}
	advance := func(elements uint64) {
		ADDQ(Imm(4*elements), a)
		for _, r := range row {
			ADDQ(Imm(4*elements), r)
		}
	}
	var sum [groups]VecVirtual
	for g := range sum {
		sum[g] = XMM()
		XORPS(sum[g], sum[g])
	}
	SUBQ(Imm(4), k)
	JLT(LabelRef("rest"))

	Label("loop")
	var factor [4]VecVirtual
	for l := range factor {
		factor[l] = broadcastSSE(Mem{Base: a, Disp: 4 * l})
	}
	term := func(l, g int, column VecVirtual) {
		MULPS(factor[l], column)
		ADDPS(column, sum[g])
	}
	for g := range sum {
		var in [4]VecVirtual
		for r := range in {
			in[r] = XMM()
			MOVUPS(at(g, r), in[r])
		}
		low01, low23, column := XMM(), XMM(), XMM()
		MOVAPS(in[0], low01)
		UNPCKLPS(in[1], low01)
		MOVAPS(in[2], low23)
		UNPCKLPS(in[3], low23)
		UNPCKHPS(in[1], in[0])
		UNPCKHPS(in[3], in[2])
		for half, pair := range [][2]VecVirtual{{low01, low23}, {in[0], in[2]}} {
			MOVAPS(pair[0], column)
			MOVLHPS(pair[1], column)
			term(2*half, g, column)
			MOVHLPS(pair[0], pair[1])
			term(2*half+1, g, pair[1])
		}
	}
	advance(4)
	SUBQ(Imm(4), k)
	JGE(LabelRef("loop"))

	Label("rest")
	ADDQ(Imm(4), k)
	JZ(LabelRef("store"))
	Label("one")
	last := broadcastSSE(Mem{Base: a})
	for g := range sum {
		var in [4]VecVirtual
		for r := range in {
			in[r] = XMM()
			MOVSS(at(g, r), in[r])
		}
		UNPCKLPS(in[1], in[0])
		UNPCKLPS(in[3], in[2])
		MOVLHPS(in[2], in[0])
		MULPS(last, in[0])
		ADDPS(in[0], sum[g])
	}
	advance(1)
	DECQ(k)
	JNZ(LabelRef("one"))

	Label("store")
	c, add := Load(Param("c").Base(), GP64()), GP8()
	Load(Param("add"), add)
	TESTB(add, add)
	JZ(LabelRef("scale"))
	for g, v := range sum {
		old := XMM()
		MOVUPS(Mem{Base: c, Disp: 16 * g}, old)
		ADDPS(old, v)
	}
	Label("scale")
	scale := broadcastSSE(scaleParam())
	for g, v := range sum {
		MULPS(scale, v)
		MOVUPS(v, Mem{Base: c, Disp: 16 * g})
	}
	RET()
}
