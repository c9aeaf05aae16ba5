package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func segments(start func(name, signature, doc string) *routine) {
	start("segmentShift", "func(dst, x []float32, first []int32, n int)", "is a family's segmentShift.").segmentShift()
	start("segmentShare", "func(x []float32, first []int32, n int)", "is a family's segmentShare.").segmentShare()
	start("segmentGrad", "func(dst, dy, y []float32, first []int32, n int)", "is a family's segmentGrad.").segmentGrad()
}

// segments writes a loop over the columns of unit lanes at a time and in it one over the rows that have entries. do gets the
// distance of a row's first entry from the array's beginning, in bytes, the number of its entries and that of the bytes between
// them, and the columns' place.
//
// A single column's entries are neighbours, and lanes are theirs: there one gets the number of a row's entries and where they begin in
// the arrays.
func (r *routine) segments(unit int, do func(from, count, step GPVirtual, at place, mask Op), one func(count GPVirtual, at []GPVirtual), arrays ...GPVirtual) {
	n := number("n")
	// rows does something for each row with entries.
	rows := func(do func(from, count GPVirtual)) {
		first, rows := base("first"), length("first")
		DECQ(rows)
		next, empty := r.label("segment"), r.label("empty")
		Label(next)
		from, count := GP64(), GP64()
		MOVLQSX(Mem{Base: first}, from)
		MOVLQSX(Mem{Base: first, Disp: 4}, count)
		SUBQ(from, count)
		JZ(LabelRef(empty))
		do(from, count)
		Label(empty)
		ADDQ(Imm(4), first)
		DECQ(rows)
		JNZ(LabelRef(next))
	}
	several := r.label("several")
	CMPQ(n, Imm(1))
	JNE(LabelRef(several))
	rows(func(from, count GPVirtual) {
		at := make([]GPVirtual, len(arrays))
		for i, a := range arrays {
			at[i] = GP64()
			LEAQ(Mem{Base: a, Index: from, Scale: 4}, at[i])
		}
		one(count, at)
	})
	end()
	Label(several)
	step := bytes("n")
	r.strips(n, unit, []int{1}, func(_ int, at place, mask Op) {
		rows(func(from, count GPVirtual) {
			IMULQ(step, from)
			do(from, count, step, at, mask)
		})
	})
	end()
}

// halves is each for vectors of float64.
func (r *routine) halves(n GPVirtual, do func(at place, mask Op)) {
	r.strips(n, r.lanes()/2, []int{1}, func(_ int, at place, mask Op) { do(at, mask) })
}

// loadOr is load, with the lanes that are not in the mask those of another vector.
func (r *routine) loadOr(other VecVirtual, m Mem, mask Op) VecVirtual {
	v := r.load(m, mask)
	switch {
	case mask == nil:
	case r.avx512:
		VBLENDMPS(v, other, mask, v)
	default:
		VBLENDVPS(mask, v, other, v)
	}
	return v
}

// acrossLanes combines the elements of v, of 4 or 8 bytes, into its first: halves with halves as long as there are any.
func (r *routine) acrossLanes(v VecVirtual, size int, combine func(x, y, to Op)) {
	if r.avx512 {
		upper := YMM()
		VEXTRACTF64X4(Imm(1), v, upper)
		combine(upper, v.AsY(), v.AsY())
	}
	upper, x := XMM(), v.AsX()
	VEXTRACTF128(Imm(1), v.AsY(), upper)
	combine(upper, x, x)
	orders := []uint64{0b01_00_11_10, 0b10_11_00_01}
	for _, order := range orders[:8/size] {
		VPERMILPS(U8(order), x, upper)
		combine(upper, x, x)
	}
}

// along writes a loop over the entries of a segment, of which arrays have the columns at the returned addresses.
func (r *routine) along(from, count, step GPVirtual, arrays []GPVirtual, do func(at []GPVirtual)) {
	at, left, next := make([]GPVirtual, len(arrays)), GP64(), r.label("along")
	for i, a := range arrays {
		at[i] = GP64()
		LEAQ(Mem{Base: a, Index: from, Scale: 1}, at[i])
	}
	MOVQ(count, left)
	Label(next)
	do(at)
	for _, a := range at {
		ADDQ(step, a)
	}
	DECQ(left)
	JNZ(LabelRef(next))
}

func (r *routine) segmentShift() {
	dst, x := base("dst"), base("x")
	lowest := func() (low VecVirtual) {
		low, bits := r.vector(), GP32()
		MOVL(U32(math.Float32bits(float32(math.Inf(-1)))), bits)
		VMOVD(bits, low.AsX())
		VBROADCASTSS(low.AsX(), low)
		return low
	}
	r.segments(r.lanes(), func(from, count, step GPVirtual, at place, mask Op) {
		top := lowest()
		r.along(from, count, step, []GPVirtual{x}, func(p []GPVirtual) {
			VMAXPS(top, r.load(at(p[0], 4, 0), mask), top) // top where the other is NaN
		})
		r.along(from, count, step, []GPVirtual{x, dst}, func(p []GPVirtual) {
			v := r.load(at(p[0], 4, 0), mask)
			VSUBPS(top, v, v)
			r.store(v, at(p[1], 4, 0), mask)
		})
	}, func(count GPVirtual, at []GPVirtual) {
		low, top := lowest(), r.vector()
		VMOVAPS(low, top)
		r.each(count, func(place place, mask Op) {
			VMAXPS(top, r.loadOr(low, place(at[1], 4, 0), mask), top)
		})
		r.acrossLanes(top, 4, func(x, y, to Op) { VMAXPS(x, y, to) })
		VBROADCASTSS(top.AsX(), top)
		r.each(count, func(place place, mask Op) {
			v := r.load(place(at[1], 4, 0), mask)
			VSUBPS(top, v, v)
			r.store(v, place(at[0], 4, 0), mask)
		})
	}, dst, x)
}

func (r *routine) segmentShare() {
	x := base("x")
	inverse := func(sum VecVirtual) {
		one, bits := r.vector(), GP64()
		MOVQ(U64(math.Float64bits(1)), bits)
		VMOVQ(bits, one.AsX())
		VBROADCASTSD(one.AsX(), one)
		VDIVPD(sum, one, sum)
	}
	r.segments(r.lanes()/2, func(from, count, step GPVirtual, at place, mask Op) {
		sum := r.zero()
		r.along(from, count, step, []GPVirtual{x}, func(p []GPVirtual) {
			VADDPD(r.wide(at(p[0], 4, 0), mask), sum, sum)
		})
		inverse(sum)
		r.along(from, count, step, []GPVirtual{x}, func(p []GPVirtual) {
			v := r.wide(at(p[0], 4, 0), mask)
			VMULPD(sum, v, v)
			r.narrow(v, at(p[0], 4, 0), mask)
		})
	}, func(count GPVirtual, at []GPVirtual) {
		sum := r.zero()
		r.halves(count, func(place place, mask Op) { VADDPD(r.wide(place(at[0], 4, 0), mask), sum, sum) })
		r.acrossLanes(sum, 8, func(x, y, to Op) { VADDPD(x, y, to) })
		VBROADCASTSD(sum.AsX(), sum)
		inverse(sum)
		r.halves(count, func(place place, mask Op) {
			v := r.wide(place(at[0], 4, 0), mask)
			VMULPD(sum, v, v)
			r.narrow(v, place(at[0], 4, 0), mask)
		})
	}, x)
}

// segmentGrad computes in float64, since what it subtracts may cancel.
func (r *routine) segmentGrad() {
	dst, dy, y := base("dst"), base("dy"), base("y")
	grad := func(dot VecVirtual, dst, dy, y Mem, mask Op) {
		v := r.wide(dy, mask)
		VSUBPD(dot, v, v)
		VMULPD(r.wide(y, mask), v, v)
		r.narrow(v, dst, mask)
	}
	r.segments(r.lanes()/2, func(from, count, step GPVirtual, at place, mask Op) {
		dot := r.zero()
		r.along(from, count, step, []GPVirtual{dy, y}, func(p []GPVirtual) {
			VFMADD231PD(r.wide(at(p[0], 4, 0), mask), r.wide(at(p[1], 4, 0), mask), dot)
		})
		r.along(from, count, step, []GPVirtual{dst, dy, y}, func(p []GPVirtual) {
			grad(dot, at(p[0], 4, 0), at(p[1], 4, 0), at(p[2], 4, 0), mask)
		})
	}, func(count GPVirtual, at []GPVirtual) {
		dot := r.zero()
		r.halves(count, func(place place, mask Op) {
			VFMADD231PD(r.wide(place(at[1], 4, 0), mask), r.wide(place(at[2], 4, 0), mask), dot)
		})
		r.acrossLanes(dot, 8, func(x, y, to Op) { VADDPD(x, y, to) })
		VBROADCASTSD(dot.AsX(), dot)
		r.halves(count, func(place place, mask Op) {
			grad(dot, place(at[0], 4, 0), place(at[1], 4, 0), place(at[2], 4, 0), mask)
		})
	}, dst, dy, y)
}
