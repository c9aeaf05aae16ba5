package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"graft/runtime/native/avo/isa"
)

// lanes writes arithmetic on the vectors of an instruction set: AVX-512 (F and DQ) with 16 lanes of float32, or AVX2 and FMA
// with 8. Methods read their operands and return new registers, but for those that say what they overwrite.
type lanes struct {
	avx512 bool
	words  *constants
	mask   Op // which lanes of a partial vector are elements
}

func (l *lanes) set() isa.Set       { return isa.Of(l.avx512) }
func (l *lanes) count() int         { return l.set().Lanes() }
func (l *lanes) vector() VecVirtual { return l.set().Vector() }

// constants are words in the order of their first use, after the numbers of eight lanes; where says at which offset.
type constants struct {
	table Mem
	where map[uint32]int
}

func newConstants() *constants {
	c := &constants{isa.Numbers("constants"), map[uint32]int{}}
	for lane := range uint32(8) {
		c.where[lane] = 4 * int(lane)
	}
	return c
}

func (c *constants) at(bits uint32) Mem {
	offset, has := c.where[bits]
	if !has {
		offset = 4 * len(c.where)
		c.where[bits] = offset
		DATA(offset, U32(bits))
	}
	return c.table.Offset(offset)
}

// word returns a vector of equal words. It is read anew wherever it is used: a load is cheap, a register is not.
func (l *lanes) word(bits uint32) VecVirtual {
	v := l.vector()
	VBROADCASTSS(l.words.at(bits), v)
	return v
}

func (l *lanes) number(v float64) VecVirtual { return l.word(math.Float32bits(float32(v))) }

func (l *lanes) zero() VecVirtual {
	v := l.vector()
	l.set().Clear(v)
	return v
}

// binary is an instruction of two operands, the second first as Go writes them.
type binary func(ops ...Op)

func (l *lanes) do(f binary, x, y Op) VecVirtual {
	v := l.vector()
	f(y, x, v)
	return v
}

func (l *lanes) add(x, y Op) VecVirtual { return l.do(VADDPS, x, y) }
func (l *lanes) sub(x, y Op) VecVirtual { return l.do(VSUBPS, x, y) }
func (l *lanes) mul(x, y Op) VecVirtual { return l.do(VMULPS, x, y) }
func (l *lanes) div(x, y Op) VecVirtual { return l.do(VDIVPS, x, y) }

// max and min return y where either operand is NaN.
func (l *lanes) max(x, y Op) VecVirtual { return l.do(VMAXPS, x, y) }
func (l *lanes) min(x, y Op) VecVirtual { return l.do(VMINPS, x, y) }

func (l *lanes) and(x, y Op) VecVirtual { return l.do(VANDPS, x, y) }
func (l *lanes) or(x, y Op) VecVirtual  { return l.do(VORPS, x, y) }
func (l *lanes) xor(x, y Op) VecVirtual { return l.do(VXORPS, x, y) }

func (l *lanes) addInts(x, y Op) VecVirtual { return l.do(VPADDD, x, y) }
func (l *lanes) subInts(x, y Op) VecVirtual { return l.do(VPSUBD, x, y) }

func (l *lanes) unary(f func(ops ...Op), x Op) VecVirtual {
	v := l.vector()
	f(x, v)
	return v
}

// Shifts of integers; right keeps the sign.
func (l *lanes) left(x Op, by int) VecVirtual {
	v := l.vector()
	VPSLLD(U8(by), x, v)
	return v
}

func (l *lanes) right(x Op, by int) VecVirtual {
	v := l.vector()
	VPSRAD(U8(by), x, v)
	return v
}

// addProduct overwrites sum with x*y + sum, subtractProduct with sum - x*y.
func addProduct(sum, x, y VecVirtual)      { VFMADD231PS(y, x, sum) }
func subtractProduct(sum, x, y VecVirtual) { VFNMADD231PS(y, x, sum) }

// plus overwrites p with p*x + c.
func (l *lanes) plus(p, x VecVirtual, c float32) {
	if bits := math.Float32bits(c); l.avx512 {
		VFMADD213PS_BCST(l.words.at(bits), x, p)
	} else {
		VFMADD213PS(l.word(bits), x, p)
	}
}

// polynomial is evaluated by Horner's rule; the constant term comes first.
func (l *lanes) polynomial(x VecVirtual, c []float32) VecVirtual {
	last := len(c) - 1
	p := l.number(float64(c[last]))
	for j := last - 1; j >= 0; j-- {
		l.plus(p, x, c[j])
	}
	return p
}

const signBit = 1 << 31

func (l *lanes) abs(x Op) VecVirtual        { return l.and(x, l.word(signBit-1)) }
func (l *lanes) sign(x Op) VecVirtual       { return l.and(x, l.word(signBit)) }
func (l *lanes) minusAbs(x Op) VecVirtual   { return l.or(x, l.word(signBit)) }
func (l *lanes) negated(x Op) VecVirtual    { return l.xor(x, l.word(signBit)) }
func (l *lanes) nearest(x Op) VecVirtual    { return l.unary(VCVTPS2DQ, x) }
func (l *lanes) toFloat(x Op) VecVirtual    { return l.unary(VCVTDQ2PS, x) }
func (l *lanes) squareRoot(x Op) VecVirtual { return l.unary(VSQRTPS, x) }
func (l *lanes) broadcast(x Op) VecVirtual  { return l.unary(VBROADCASTSS, x) }

// Predicates of VCMPPS, false for NaN.
const (
	equal   = 0
	less    = 17
	unequal = 12
	atLeast = 29
	greater = 30
)

// compare returns a condition for [lanes.choose].
func (l *lanes) compare(x Op, predicate int, y Op) Op {
	var c Op = YMM()
	if l.avx512 {
		c = K()
	}
	VCMPPS(U8(predicate), y, x, c)
	return c
}

// isNegative is the condition that the sign bit is set.
func (l *lanes) isNegative(x Op) Op {
	if !l.avx512 {
		return x
	}
	c := K()
	VPMOVD2M(x, c)
	return c
}

// choose returns x where the condition holds and y elsewhere.
func (l *lanes) choose(c, x, y Op) VecVirtual {
	v := l.vector()
	if l.avx512 {
		VBLENDMPS(x, y, c, v)
	} else {
		VBLENDVPS(c, x, y, v)
	}
	return v
}

// only returns x where the condition holds and 0 elsewhere.
func (l *lanes) only(c, x Op) VecVirtual {
	v := l.vector()
	if l.avx512 {
		VMOVAPS_Z(x, c, v)
	} else {
		VANDPS(c, x, v)
	}
	return v
}

// maskLast makes the mask of a partial vector of n elements, 0 < n < count.
func (l *lanes) maskLast(n GPVirtual) {
	l.mask = l.set().Mask()
	l.set().First(n, l.words.table, l.mask)
}

// lastMask returns the mask of a partial vector, and none for a whole one.
func (l *lanes) lastMask(partial bool) Op {
	if partial {
		return l.mask
	}
	return nil
}

// load clears the lanes that a partial vector has not.
func (l *lanes) load(m Mem, partial bool) VecVirtual {
	v := l.vector()
	l.set().Load(m, l.lastMask(partial), v)
	return v
}

func (l *lanes) store(v VecVirtual, m Mem, partial bool) { l.set().Store(v, m, l.lastMask(partial)) }
