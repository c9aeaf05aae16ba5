package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func sparse(start func(name, signature, doc string) *routine) {
	const product = "func(dst []float32, cols, step int, first, other []int32, entries []float32, heads int, x []float32, head []int32)"
	start("spmm", product, "is a family's spmm.").spmm(false)
	start("spmmTrans", "func(dst []float32, cols, step int, first, other []int32, entries []float32, heads int, x []float32, head, entry []int32)",
		"is a family's spmmTrans.").spmm(true)
	start("sddmm", "func(dst []float32, row, col []int32, a, b []float32, heads, n int)", "is a family's sddmm.").sddmm()
	start("segmentShift", "func(dst, x []float32, first []int32, n int)", "is a family's segmentShift.").segmentShift()
	start("segmentShare", "func(x []float32, first []int32, n int)", "is a family's segmentShare.").segmentShare()
	start("segmentGrad", "func(dst, dy, y []float32, first []int32, n int)", "is a family's segmentGrad.").segmentGrad()
}

// spmm has a branch for each number of vectors that a row takes, and for entries of one head or of several.
func (r *routine) spmm(trans bool) {
	most := 8
	if !r.avx512 {
		most = 4 // sums and permutations fill 16 registers
	}
	cols, heads, vectors := number("cols"), number("heads"), GP64()
	LEAQ(Mem{Base: cols, Disp: r.lanes() - 1}, vectors)
	shift := uint64(math.Log2(float64(r.lanes())))
	SHRQ(Imm(shift), vectors)
	several := func(v int) string { return fmt.Sprintf("vectors%dOfHeads", v) }
	one := func(v int) string { return fmt.Sprintf("vectors%d", v) }
	CMPQ(heads, Imm(1))
	JE(LabelRef("oneHead"))
	for v := most; v > 1; v-- {
		CMPQ(vectors, Imm(uint64(v)))
		JE(LabelRef(several(v)))
	}
	for v := range most {
		Label(several(v + 1))
		r.spmmOf(v+1, trans, cols, heads)
	}
	Label("oneHead")
	for v := most; v > 1; v-- {
		CMPQ(vectors, Imm(uint64(v)))
		JE(LabelRef(one(v)))
	}
	for v := range most {
		Label(one(v + 1))
		r.spmmOf(v+1, trans, cols, nil)
	}
}

// spmmOf keeps a row's sums in registers. An entry of one head is spread over the columns as it is read; several heads, one
// register, by a permutation.
//
// The sum of a few columns would wait for itself at each entry, so that it is made in strands: of every so many entries each strand
// takes one, the first takes those left over, and strands are added in pairs.
func (r *routine) spmmOf(vectors int, trans bool, cols GPVirtual, heads Register) {
	strands := 1
	if heads == nil {
		strands = []int{4, 2, 1}[min(vectors, 3)-1]
	}
	if vectors > 1 {
		SUBQ(Imm(uint64(r.lanes()*(vectors-1))), cols)
	}
	last := r.first(cols)
	maskOf := func(v int) Op {
		if v == vectors-1 {
			return last
		}
		return nil
	}
	dst, step, first, rows := base("dst"), bytes("step"), base("first"), length("first")
	other, entries, x := base("other"), base("entries"), base("x")
	var entry GPVirtual
	if trans {
		entry = base("entry")
	}
	place := func(p GPVirtual, v int) Mem { return Mem{Base: p, Disp: 4 * r.lanes() * v} }
	spread, sums := make([]VecVirtual, vectors), make([][]VecVirtual, strands)
	for s := range sums {
		for range vectors {
			sums[s] = append(sums[s], r.vector())
		}
	}
	var headMask Op
	var size GPVirtual // of an entry, in bytes
	if heads != nil {
		headMask, size = r.first(heads.(GPVirtual)), bytes("heads")
		head := base("head")
		for v := range spread {
			spread[v] = r.vector()
			VMOVUPS(place(head, v), spread[v])
		}
	}
	q, end, from := GP64(), GP64(), GP64()
	MOVLQSX(Mem{Base: first}, q)
	if heads != nil && !trans {
		at := GP64()
		MOVQ(q, at)
		IMULQ(size, at)
		ADDQ(at, entries)
	}
	DECQ(rows)

	// weightOf returns what gives vector v's weight of entry q+i.
	weightOf := func(i int) func(v int) VecVirtual {
		at := Mem{Base: entries, Index: q, Scale: 4, Disp: 4 * i}
		if trans {
			k := GP64()
			MOVLQSX(Mem{Base: entry, Index: q, Scale: 4, Disp: 4 * i}, k)
			at = Mem{Base: entries, Index: k, Scale: 4}
			if heads != nil {
				IMULQ(size, k)
				at.Scale = 1
			}
		}
		if heads == nil {
			weight := r.broadcast(at)
			return func(int) VecVirtual { return weight }
		}
		if !trans {
			at = Mem{Base: entries}
		}
		weights := r.load(at, headMask)
		if !trans {
			ADDQ(size, entries)
		}
		return func(v int) VecVirtual {
			weight := r.vector()
			VPERMPS(weights, spread[v], weight)
			return weight
		}
	}
	add := func(i int, sum []VecVirtual) {
		MOVLQSX(Mem{Base: other, Index: q, Scale: 4, Disp: 4 * i}, from)
		IMULQ(step, from)
		ADDQ(x, from)
		weight := weightOf(i)
		for v := range sum {
			if m := maskOf(v); m == nil {
				VFMADD231PS(place(from, v), weight(v), sum[v])
			} else {
				VFMADD231PS(r.load(place(from, v), m), weight(v), sum[v])
			}
		}
	}

	nextRow, nextEntries, few, nextEntry, rowEnd := r.label("row"), r.label("entries"), r.label("few"), r.label("entry"), r.label("rowEnd")
	Label(nextRow)
	for _, sum := range sums {
		for _, v := range sum {
			r.clear(v)
		}
	}
	MOVLQSX(Mem{Base: first, Disp: 4}, end)
	if strands > 1 {
		SUBQ(Imm(uint64(strands)), end)
		CMPQ(q, end)
		JG(LabelRef(few))
		Label(nextEntries)
		for s, sum := range sums {
			add(s, sum)
		}
		ADDQ(Imm(uint64(strands)), q)
		CMPQ(q, end)
		JLE(LabelRef(nextEntries))
		Label(few)
		ADDQ(Imm(uint64(strands)), end)
	}
	CMPQ(q, end)
	JGE(LabelRef(rowEnd))
	Label(nextEntry)
	add(0, sums[0])
	INCQ(q)
	CMPQ(q, end)
	JLT(LabelRef(nextEntry))
	Label(rowEnd)
	for n := strands / 2; n > 0; n /= 2 {
		for s := range n {
			for v := range vectors {
				VADDPS(sums[s+n][v], sums[s][v], sums[s][v])
			}
		}
	}
	for v := range vectors {
		r.store(sums[0][v], place(dst, v), maskOf(v))
	}
	ADDQ(step, dst)
	ADDQ(Imm(4), first)
	DECQ(rows)
	JNZ(LabelRef(nextRow))
	VZEROUPPER()
	RET()
}

// sddmm uses vectors of 8: inner products are mostly short.
func (r *routine) sddmm() {
	narrow := &routine{places: r.places}
	dst, row, col, left := base("dst"), base("row"), base("col"), length("row")
	a, b, n := base("a"), base("b"), number("n")
	step, rest := bytes("n"), GP64()
	headed := number("heads")
	IMULQ(headed, step)
	MOVQ(n, rest)
	ANDQ(Imm(7), rest)
	mask := narrow.first(rest)

	nextEntry, nextHead, whole, partial, finish := r.label("entry"), r.label("head"), r.label("whole"), r.label("partial"), r.label("finish")
	Label(nextEntry)
	p, q, heads := GP64(), GP64(), GP64()
	MOVLQSX(Mem{Base: row}, p)
	IMULQ(step, p)
	ADDQ(a, p)
	MOVLQSX(Mem{Base: col}, q)
	IMULQ(step, q)
	ADDQ(b, q)
	MOVQ(headed, heads)
	Label(nextHead)
	sum, terms := narrow.zero(), GP64()
	MOVQ(n, terms)
	SUBQ(Imm(8), terms)
	JLT(LabelRef(partial))
	Label(whole)
	x := narrow.load(Mem{Base: p}, nil)
	VFMADD231PS(Mem{Base: q}, x, sum)
	ADDQ(Imm(32), p)
	ADDQ(Imm(32), q)
	SUBQ(Imm(8), terms)
	JGE(LabelRef(whole))
	Label(partial)
	TESTQ(rest, rest)
	JZ(LabelRef(finish))
	x = narrow.load(Mem{Base: p}, mask)
	VFMADD231PS(narrow.load(Mem{Base: q}, mask), x, sum)
	LEAQ(Mem{Base: p, Index: rest, Scale: 4}, p)
	LEAQ(Mem{Base: q, Index: rest, Scale: 4}, q)
	Label(finish)
	half, turned := XMM(), XMM()
	VEXTRACTF128(Imm(1), sum, half)
	VADDPS(sum.AsX(), half, half)
	VPERMILPS(U8(0b01_00_11_10), half, turned)
	VADDPS(turned, half, half)
	VMOVSHDUP(half, turned)
	VADDSS(turned, half, half)
	VMOVSS(half, Mem{Base: dst})
	ADDQ(Imm(4), dst)
	DECQ(heads)
	JNZ(LabelRef(nextHead))
	ADDQ(Imm(4), row)
	ADDQ(Imm(4), col)
	DECQ(left)
	JNZ(LabelRef(nextEntry))
	end()
}

// segments writes a loop over the columns of unit lanes at a time and in it one over the rows that have entries. do gets the
// distance of a row's first entry from the array's beginning, in bytes, the number of its entries and that of the bytes between
// them, and the columns' place.
func (r *routine) segments(unit int, do func(from, count, step GPVirtual, at place, mask Op)) {
	n, step := number("n"), bytes("n")
	r.strips(n, unit, []int{1}, func(_ int, at place, mask Op) {
		first, rows := base("first"), length("first")
		DECQ(rows)
		next, empty := r.label("segment"), r.label("empty")
		Label(next)
		from, count := GP64(), GP64()
		MOVLQSX(Mem{Base: first}, from)
		MOVLQSX(Mem{Base: first, Disp: 4}, count)
		SUBQ(from, count)
		JZ(LabelRef(empty))
		IMULQ(step, from)
		do(from, count, step, at, mask)
		Label(empty)
		ADDQ(Imm(4), first)
		DECQ(rows)
		JNZ(LabelRef(next))
	})
	end()
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
	r.segments(r.lanes(), func(from, count, step GPVirtual, at place, mask Op) {
		top, low := r.vector(), GP32()
		MOVL(U32(math.Float32bits(float32(math.Inf(-1)))), low)
		VMOVD(low, top.AsX())
		VBROADCASTSS(top.AsX(), top)
		r.along(from, count, step, []GPVirtual{x}, func(p []GPVirtual) {
			VMAXPS(top, r.load(at(p[0], 4, 0), mask), top) // top where the other is NaN
		})
		r.along(from, count, step, []GPVirtual{x, dst}, func(p []GPVirtual) {
			v := r.load(at(p[0], 4, 0), mask)
			VSUBPS(top, v, v)
			r.store(v, at(p[1], 4, 0), mask)
		})
	})
}

func (r *routine) segmentShare() {
	x := base("x")
	r.segments(r.lanes()/2, func(from, count, step GPVirtual, at place, mask Op) {
		sum, one := r.zero(), r.vector()
		r.along(from, count, step, []GPVirtual{x}, func(p []GPVirtual) {
			VADDPD(r.wide(at(p[0], 4, 0), mask), sum, sum)
		})
		bits := GP64()
		MOVQ(U64(math.Float64bits(1)), bits)
		VMOVQ(bits, one.AsX())
		VBROADCASTSD(one.AsX(), one)
		VDIVPD(sum, one, sum)
		r.along(from, count, step, []GPVirtual{x}, func(p []GPVirtual) {
			v := r.wide(at(p[0], 4, 0), mask)
			VMULPD(sum, v, v)
			r.narrow(v, at(p[0], 4, 0), mask)
		})
	})
}

// segmentGrad computes in float64, since what it subtracts may cancel.
func (r *routine) segmentGrad() {
	dst, dy, y := base("dst"), base("dy"), base("y")
	r.segments(r.lanes()/2, func(from, count, step GPVirtual, at place, mask Op) {
		dot := r.zero()
		r.along(from, count, step, []GPVirtual{dy, y}, func(p []GPVirtual) {
			VFMADD231PD(r.wide(at(p[0], 4, 0), mask), r.wide(at(p[1], 4, 0), mask), dot)
		})
		r.along(from, count, step, []GPVirtual{dy, y, dst}, func(p []GPVirtual) {
			v := r.wide(at(p[0], 4, 0), mask)
			VSUBPD(dot, v, v)
			VMULPD(r.wide(at(p[1], 4, 0), mask), v, v)
			r.narrow(v, at(p[2], 4, 0), mask)
		})
	})
}
