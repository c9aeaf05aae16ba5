package main

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A set is what a micro-kernel needs of an instruction set. The last vector of a row may be partial: then loads and stores
// touch its first lanes only, and loads clear the others.
type set interface {
	lanes() int           // of a register
	rows(vectors int) int // of the tallest tile of that width: its sums, a row of B and an element of A fit the registers
	widest() int          // number of vectors
	vector() VecVirtual
	zero(v Op)
	maskLast(n Register)
	load(m Mem, v Op, last bool)
	store(v Op, m Mem, last bool)
}

// tile writes the micro-kernel of an instruction set: a branch for each number of rows and of vectors. It reads single
// elements of A and whole rows of B and C, so any of them may be packed or lie in place.
func tile(name string, s set) {
	TEXT(name, NOSPLIT, "func(rows, cols, k int, a []float32, rowA, stepA int, b []float32, stepB int, c []float32, rowC int, scale float32, add bool)")
	Doc(name + " is a family's tile.")
	Pragma("noescape")
	rows, cols := Load(Param("rows"), GP64()), Load(Param("cols"), GP64())
	t := operands{
		k: Load(Param("k"), GP64()),
		a: Load(Param("a").Base(), GP64()), rowA: bytes("rowA"), stepA: bytes("stepA"),
		b: Load(Param("b").Base(), GP64()), stepB: bytes("stepB"),
		c: Load(Param("c").Base(), GP64()), rowC: bytes("rowC"),
	}
	label := func(r, v int) string { return fmt.Sprintf("tile%dx%d", r, v) }
	width := func(v int) string { return fmt.Sprintf("width%d", v) }
	vectors := GP64()
	LEAQ(Mem{Base: cols, Disp: s.lanes() - 1}, vectors)
	SHRQ(Imm(uint64(bits.Len(uint(s.lanes()-1)))), vectors)
	for v := 1; v < s.widest(); v++ {
		CMPQ(vectors, Imm(uint64(v)))
		JE(LabelRef(width(v)))
	}
	for v := s.widest(); v > 0; v-- {
		Label(width(v))
		if v > 1 {
			SUBQ(Imm(uint64(s.lanes()*(v-1))), cols)
		}
		s.maskLast(cols)
		for r := s.rows(v); r > 1; r-- {
			CMPQ(rows, Imm(uint64(r)))
			JE(LabelRef(label(r, v)))
		}
		for r := 1; r <= s.rows(v); r++ {
			Label(label(r, v))
			t.branch(s, r, v, label(r, v))
		}
	}
}

// bytes loads a distance given in elements.
func bytes(param string) Register {
	r := Load(Param(param), GP64())
	SHLQ(Imm(2), r)
	return r
}

// operands are addresses and distances, in bytes, that the branches share.
type operands struct {
	k, a, rowA, stepA, b, stepB, c, rowC Register
}

// branch writes the kernel of rows x vectors sums.
func (t operands) branch(s set, rows, vectors int, label string) {
	// An address reaches three rows: its own, the next, and by a scaled index the one after.
	a := []Register{t.a}
	for r := 3; r < rows; r += 3 {
		p := GP64()
		LEAQ(Mem{Base: a[len(a)-1], Index: t.rowA, Scale: 2}, p)
		ADDQ(t.rowA, p)
		a = append(a, p)
	}
	elementA := func(r int) Mem {
		if r%3 == 0 {
			return Mem{Base: a[r/3]}
		}
		return Mem{Base: a[r/3], Index: t.rowA, Scale: uint8(r % 3)}
	}
	sum := make([][]VecVirtual, rows)
	for r := range sum {
		for v := range vectors {
			sum[r] = append(sum[r], s.vector())
			s.zero(sum[r][v])
		}
	}
	TESTQ(t.k, t.k)
	JZ(LabelRef(label + "store"))

	Label(label + "loop")
	row := make([]VecVirtual, vectors)
	for v := range row {
		row[v] = s.vector()
		s.load(Mem{Base: t.b, Disp: v * s.lanes() * 4}, row[v], v == vectors-1)
	}
	for r := range rows {
		element := s.vector()
		VBROADCASTSS(elementA(r), element)
		for v := range row {
			VFMADD231PS(row[v], element, sum[r][v])
		}
	}
	for _, p := range a {
		ADDQ(t.stepA, p)
	}
	ADDQ(t.stepB, t.b)
	DECQ(t.k)
	JNZ(LabelRef(label + "loop"))

	Label(label + "store")
	scale, add := s.vector(), GP8()
	address, err := Param("scale").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(address.Addr, scale)
	Load(Param("add"), add)
	TESTB(add, add)
	JZ(LabelRef(label + "scale"))
	t.eachOfC(s, sum, func(at Mem, v VecVirtual, last bool) {
		old := s.vector()
		s.load(at, old, last)
		VADDPS(old, v, v)
	})
	Label(label + "scale")
	t.eachOfC(s, sum, func(at Mem, v VecVirtual, last bool) {
		VMULPS(scale, v, v)
		s.store(v, at, last)
	})
	VZEROUPPER()
	RET()
}

// eachOfC goes through the tile's place in C.
func (t operands) eachOfC(s set, sum [][]VecVirtual, do func(at Mem, v VecVirtual, last bool)) {
	line := GP64()
	MOVQ(t.c, line)
	for r := range sum {
		for v := range sum[r] {
			do(Mem{Base: line, Disp: v * s.lanes() * 4}, sum[r][v], v == len(sum[r])-1)
		}
		if r < len(sum)-1 {
			ADDQ(t.rowC, line)
		}
	}
}

// tallest is the height of tiles: wide ones are for products of a single row, which would otherwise wait for their sums.
func tallest(vectors, rows int) int {
	if vectors > 2 {
		return 1
	}
	return rows
}

// avx512 has 32 registers of 16 lanes, and masks in registers of their own.
type avx512 struct{}

func (avx512) lanes() int           { return 16 }
func (avx512) rows(vectors int) int { return tallest(vectors, 12) }
func (avx512) widest() int          { return 8 }
func (avx512) vector() VecVirtual   { return ZMM() }

func (avx512) zero(v Op) { VPXORD(v, v, v) }

func (avx512) maskLast(n Register) {
	mask := GP32()
	MOVL(U32(1<<16-1), mask)
	BZHIL(n.(GP).As32(), mask, mask)
	KMOVW(mask, K1)
}

func (avx512) load(m Mem, v Op, last bool) {
	if last {
		VMOVUPS_Z(m, K1, v)
	} else {
		VMOVUPS(m, v)
	}
}

func (avx512) store(v Op, m Mem, last bool) {
	if last {
		VMOVUPS(v, K1, m)
	} else {
		VMOVUPS(v, m)
	}
}

// avx2 has 16 registers of 8 lanes. The mask of partial vectors takes one of them.
type avx2 struct{ mask VecVirtual }

func (avx2) lanes() int           { return 8 }
func (avx2) rows(vectors int) int { return tallest(vectors, 6) }
func (avx2) widest() int          { return 4 }
func (avx2) vector() VecVirtual   { return YMM() }

func (avx2) zero(v Op) { VXORPS(v, v, v) }

func (s avx2) maskLast(n Register) {
	VMOVD(n.(GP).As32(), s.mask.AsX())
	VPBROADCASTD(s.mask.AsX(), s.mask)
	VPCMPGTD(lanes, s.mask, s.mask)
}

func (s avx2) load(m Mem, v Op, last bool) {
	if last {
		VMASKMOVPS(m, s.mask, v)
	} else {
		VMOVUPS(m, v)
	}
}

func (s avx2) store(v Op, m Mem, last bool) {
	if last {
		VMASKMOVPS(v, s.mask, m)
	} else {
		VMOVUPS(v, m)
	}
}
