package main

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"graft/runtime/native/avo/isa"
)

// A set is an instruction set and what a micro-kernel makes of it. The last vector of a row may be partial: then loads and stores
// touch its first lanes only, and loads clear the others.
type set struct {
	isa.Set
	height int // of the tallest tile: its sums, a row of B and an element of A fit the registers
	widest int // number of vectors
	mask   Op  // of a partial vector
}

// The mask of AVX-512 has a register of its own, that of AVX2 takes one of the 16 for vectors.
func newAVX512() set { return set{isa.AVX512, 12, 8, K1} }
func newAVX2() set   { return set{isa.AVX2, 6, 4, YMM()} }

const (
	plainSignature = "func(rows, cols, k int, a []float32, rowA, stepA int, b []float32, stepB int, c []float32, rowC int, scale float32, add bool"
	tileSignature  = plainSignature + ", next []float32, stepNext int)"
)

// tile writes the micro-kernel of an instruction set: a branch for each number of rows and of vectors. It reads single
// elements of A and whole rows of B and C, so any of them may be packed or lie in place.
func tile(name string, s set) {
	TEXT(name, NOSPLIT, tileSignature)
	Doc(name + " is a family's tile.")
	Pragma("noescape")
	rows, cols := Load(Param("rows"), GP64()), Load(Param("cols"), GP64())
	t := newOperands()
	label := func(r, v int) string { return fmt.Sprintf("tile%dx%d", r, v) }
	width := func(v int) string { return fmt.Sprintf("width%d", v) }
	vectors := GP64()
	LEAQ(Mem{Base: cols, Disp: s.Lanes() - 1}, vectors)
	SHRQ(Imm(uint64(bits.Len(uint(s.Lanes()-1)))), vectors)
	for v := 1; v < s.widest; v++ {
		CMPQ(vectors, Imm(uint64(v)))
		JE(LabelRef(width(v)))
	}
	for v := s.widest; v > 0; v-- {
		Label(width(v))
		if v > 1 {
			SUBQ(Imm(uint64(s.Lanes()*(v-1))), cols)
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

func newOperands() operands {
	return operands{
		k: Load(Param("k"), GP64()),
		a: Load(Param("a").Base(), GP64()), rowA: bytes("rowA"), stepA: bytes("stepA"),
		b: Load(Param("b").Base(), GP64()), stepB: bytes("stepB"),
		c: Load(Param("c").Base(), GP64()), rowC: bytes("rowC"),
	}
}

// rowsOfA returns the addresses of every third row of A, and those of the rows' elements: an address reaches three rows, its own, the
// next, and by a scaled index the one after.
func (t operands) rowsOfA(rows int) (a []Register, element func(r int) Mem) {
	a = []Register{t.a}
	for r := 3; r < rows; r += 3 {
		p := GP64()
		LEAQ(Mem{Base: a[len(a)-1], Index: t.rowA, Scale: 2}, p)
		ADDQ(t.rowA, p)
		a = append(a, p)
	}
	return a, func(r int) Mem {
		if r%3 == 0 {
			return Mem{Base: a[r/3]}
		}
		return Mem{Base: a[r/3], Index: t.rowA, Scale: uint8(r % 3)}
	}
}

// advance goes a step along k, and leaves the flags of whether there is another of so many.
func (t operands) advance(a []Register, steps Register) {
	for _, p := range a {
		ADDQ(t.stepA, p)
	}
	ADDQ(t.stepB, t.b)
	DECQ(steps)
}

// scaleParam is where the scale is given.
func scaleParam() Mem {
	address, err := Param("scale").Resolve()
	if err != nil {
		panic(err)
	}
	return address.Addr
}

// branch writes the kernel of rows x vectors sums.
func (t operands) branch(s set, rows, vectors int, label string) {
	a, elementA := t.rowsOfA(rows)
	sum := make([][]VecVirtual, rows)
	for r := range sum {
		for v := range vectors {
			sum[r] = append(sum[r], s.Vector())
			s.Clear(sum[r][v])
		}
	}
	TESTQ(t.k, t.k)
	JZ(LabelRef(label + "store"))

	steps := t.k
	if rows > 1 {
		steps = t.fetch(s, vectors, label)
	}
	Label(label + "loop")
	row := make([]VecVirtual, vectors)
	for v := range row {
		row[v] = s.Vector()
		s.load(Mem{Base: t.b, Disp: v * s.Lanes() * 4}, row[v], v == vectors-1)
	}
	for r := range rows {
		element := s.Vector()
		VBROADCASTSS(elementA(r), element)
		for v := range row {
			VFMADD231PS(row[v], element, sum[r][v])
		}
	}
	t.advance(a, steps)
	JNZ(LabelRef(label + "loop"))
	if rows > 1 {
		TESTQ(t.k, t.k)
		JNZ(LabelRef(label + "some"))
	}

	Label(label + "store")
	scale, add := s.Vector(), GP8()
	VBROADCASTSS(scaleParam(), scale)
	Load(Param("add"), add)
	TESTB(add, add)
	JZ(LabelRef(label + "scale"))
	t.eachOfC(s, sum, func(at Mem, v VecVirtual, last bool) {
		old := s.Vector()
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

// every is the number of steps along k between those that fetch.
const every = 8

// fetch begins a loop over some steps along k, whose number it returns: all, if there is nothing to fetch. Before them it asks for one
// more row of the tile's place in C, and of what will be needed next: for so few lines at a time that other loads need not wait.
func (t operands) fetch(s set, vectors int, label string) (steps Register) {
	line, next, stepNext := GP64(), Load(Param("next").Base(), GP64()), bytes("stepNext")
	MOVQ(t.c, line)
	steps = GP64()
	MOVQ(t.k, steps)
	TESTQ(next, next)
	JZ(LabelRef(label + "all"))
	Label(label + "some")
	width := vectors * s.Lanes() * 4
	for at := 0; at < width; at += 64 {
		PREFETCHT0(Mem{Base: line, Disp: at})
	}
	PREFETCHT0(Mem{Base: line, Disp: width - 4})
	for at := range 4 {
		PREFETCHT0(Mem{Base: next, Disp: at * 64})
	}
	ADDQ(t.rowC, line)
	ADDQ(stepNext, next)
	MOVQ(U32(every), steps)
	CMPQ(t.k, steps)
	CMOVQLT(t.k, steps)
	Label(label + "all")
	SUBQ(steps, t.k)
	return steps
}

// eachOfC goes through the tile's place in C.
func (t operands) eachOfC(s set, sum [][]VecVirtual, do func(at Mem, v VecVirtual, last bool)) {
	line := GP64()
	MOVQ(t.c, line)
	for r := range sum {
		for v := range sum[r] {
			do(Mem{Base: line, Disp: v * s.Lanes() * 4}, sum[r][v], v == len(sum[r])-1)
		}
		if r < len(sum)-1 {
			ADDQ(t.rowC, line)
		}
	}
}

// rows is the height of the tallest tile of a width: wide ones are for products of a single row, which would otherwise wait for
// their sums.
func (s set) rows(vectors int) int {
	if vectors > 2 {
		return 1
	}
	return s.height
}

func (s set) maskLast(n Register) { s.First(n, lanes, s.mask) }

func (s set) lastMask(last bool) Op {
	if last {
		return s.mask
	}
	return nil
}

func (s set) load(m Mem, v Op, last bool)  { s.Load(m, s.lastMask(last), v) }
func (s set) store(v Op, m Mem, last bool) { s.Store(v, m, s.lastMask(last)) }
