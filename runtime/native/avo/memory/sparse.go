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
	start("sumLines", "func(dst, x []float32, n int, first, at []int32)", "is a family's sumLines.").sumLines()
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

// sddmm uses vectors of 8: inner products are mostly short. It makes four at a time, since their last additions go together: of
// one entry's heads, or of four entries with one head. An inner product's terms are added in the same order when it is made alone.
// Heads of 8 and 16, of which graph attentions have many, are read without a loop.
func (r *routine) sddmm() {
	narrow := &routine{places: r.places}
	dst, row, col, left := base("dst"), base("row"), base("col"), length("row")
	a, b, n := base("a"), base("b"), number("n")
	step, rest := bytes("n"), GP64()
	heads := number("heads")
	IMULQ(heads, step)
	MOVQ(n, rest)
	ANDQ(Imm(7), rest)
	mask := narrow.first(rest)
	p, q := GP64(), GP64()

	// find sets p and q to an entry's rows.
	find := func(i int) {
		MOVLQSX(Mem{Base: row, Disp: 4 * i}, p)
		IMULQ(step, p)
		ADDQ(a, p)
		MOVLQSX(Mem{Base: col, Disp: 4 * i}, q)
		IMULQ(step, q)
		ADDQ(b, q)
	}
	halves := func(sum VecVirtual) VecVirtual {
		half := XMM()
		VEXTRACTF128(Imm(1), sum, half)
		VADDPS(sum.AsX(), half, half)
		return half
	}
	// product returns the sums of an inner product in four lanes, and leaves p and q behind it.
	product := func() VecVirtual {
		whole, partial, finish := r.label("whole"), r.label("partial"), r.label("finish")
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
		return halves(sum)
	}
	// pairs adds lanes 0 and 2, 1 and 3 of two products.
	pairs := func(x, y VecVirtual) VecVirtual {
		low, high := XMM(), XMM()
		VUNPCKLPS(y, x, low)
		VUNPCKHPS(y, x, high)
		VADDPS(high, low, low)
		return low
	}
	four := func(product func(i int) VecVirtual) {
		x := pairs(product(0), product(1))
		y := pairs(product(2), product(3))
		low, high := XMM(), XMM()
		VMOVLHPS(y, x, low)
		VMOVHLPS(x, y, high)
		VADDPS(high, low, low)
		VMOVUPS(low, Mem{Base: dst})
		ADDQ(Imm(16), dst)
	}
	single := func() {
		x, turned := product(), XMM()
		VPERMILPS(U8(0b01_00_11_10), x, turned)
		VADDPS(turned, x, x)
		VMOVSHDUP(x, turned)
		VADDSS(turned, x, x)
		VMOVSS(x, Mem{Base: dst})
		ADDQ(Imm(4), dst)
	}
	advance := func(entries int) {
		ADDQ(Imm(uint64(4*entries)), row)
		ADDQ(Imm(uint64(4*entries)), col)
	}

	entries, nextEntry, fourHeads, fewHeads, nextHead, entryDone, done :=
		r.label("entries"), r.label("entry"), r.label("fourHeads"), r.label("fewHeads"), r.label("head"), r.label("entryDone"), r.label("done")
	CMPQ(heads, Imm(1))
	JE(LabelRef(entries))
	if r.avx512 {
		other, entry, eightMore := r.label("notOf"), r.label("ofSize"), r.label("eightOfSize")
		CMPQ(n, Imm(16))
		JNE(LabelRef(other))
		TESTQ(U32(7), heads)
		JNZ(LabelRef(other))
		Label(entry)
		find(0)
		some := GP64()
		MOVQ(heads, some)
		Label(eightMore)
		r.eightProducts(p, q, dst)
		ADDQ(U32(8*64), p)
		ADDQ(U32(8*64), q)
		ADDQ(Imm(32), dst)
		SUBQ(Imm(8), some)
		JNZ(LabelRef(eightMore))
		advance(1)
		DECQ(left)
		JNZ(LabelRef(entry))
		JMP(LabelRef(done))
		Label(other)
	}
	TESTQ(U32(3), heads)
	JNZ(LabelRef(nextEntry))
	for _, size := range []int{8, 16} {
		other, entry, fourMore := r.label("notOf"), r.label("ofSize"), r.label("fourOfSize")
		CMPQ(n, Imm(uint64(size)))
		JNE(LabelRef(other))
		Label(entry)
		find(0)
		some := GP64()
		MOVQ(heads, some)
		Label(fourMore)
		four(func(i int) VecVirtual {
			at := 4 * size * i
			x := narrow.load(Mem{Base: p, Disp: at}, nil)
			VMULPS(Mem{Base: q, Disp: at}, x, x)
			for more := 32; more < 4*size; more += 32 {
				y := narrow.load(Mem{Base: p, Disp: at + more}, nil)
				VFMADD231PS(Mem{Base: q, Disp: at + more}, y, x)
			}
			return halves(x)
		})
		ADDQ(U32(16*size), p)
		ADDQ(U32(16*size), q)
		SUBQ(Imm(4), some)
		JNZ(LabelRef(fourMore))
		advance(1)
		DECQ(left)
		JNZ(LabelRef(entry))
		JMP(LabelRef(done))
		Label(other)
	}
	JMP(LabelRef(nextEntry))
	Label(entries)
	SUBQ(Imm(4), left)
	JLT(LabelRef("fewEntries"))
	four(func(i int) VecVirtual { find(i); return product() })
	advance(4)
	JMP(LabelRef(entries))
	Label("fewEntries")
	ADDQ(Imm(4), left)
	JZ(LabelRef(done))
	Label(nextEntry)
	find(0)
	more := GP64()
	MOVQ(heads, more)
	Label(fourHeads)
	SUBQ(Imm(4), more)
	JLT(LabelRef(fewHeads))
	four(func(int) VecVirtual { return product() })
	JMP(LabelRef(fourHeads))
	Label(fewHeads)
	ADDQ(Imm(4), more)
	JZ(LabelRef(entryDone))
	Label(nextHead)
	single()
	DECQ(more)
	JNZ(LabelRef(nextHead))
	Label(entryDone)
	advance(1)
	DECQ(left)
	JNZ(LabelRef(nextEntry))
	Label(done)
	end()
}

// eightProducts makes the inner products of eight heads of 16 elements each: a vector of each head's products, whose lanes are added as
// the eight are brought together, first within a quarter of the lanes and then from quarter to quarter.
func (r *routine) eightProducts(p, q, dst GPVirtual) {
	quarters := func(imm uint64, x, y VecVirtual) VecVirtual {
		v := r.vector()
		VSHUFF32X4(U8(imm), y, x, v)
		return v
	}
	added := func(x, y VecVirtual) VecVirtual {
		VADDPS(y, x, x)
		return x
	}
	two := func(head int) VecVirtual {
		var x [2]VecVirtual
		for i := range x {
			at := 64 * (head + i)
			x[i] = r.load(Mem{Base: p, Disp: at}, nil)
			VMULPS(Mem{Base: q, Disp: at}, x[i], x[i])
		}
		low, high := r.vector(), r.vector()
		VUNPCKLPS(x[1], x[0], low)
		VUNPCKHPS(x[1], x[0], high)
		return added(low, high)
	}
	four := func(head int) VecVirtual {
		x, y := two(head), two(head+2)
		low, high := r.vector(), r.vector()
		VUNPCKLPD(y, x, low)
		VUNPCKHPD(y, x, high)
		return added(low, high)
	}
	x, y := four(0), four(4)
	sums := added(quarters(0b10_00_10_00, x, y), quarters(0b11_01_11_01, x, y)) // two quarters of each
	sums = added(quarters(0b00_00_10_00, sums, sums), quarters(0b00_00_11_01, sums, sums))
	VMOVUPS(sums.AsY(), Mem{Base: dst})
}

// sumLines makes the columns of unit lanes at a time, along all lines: their entries stay in the cache.
func (r *routine) sumLines() {
	dst, x, n, step := base("dst"), base("x"), number("n"), bytes("n")
	r.strips(n, r.lanes()/2, widths, func(vectors int, at place, mask Op) {
		first, rows, list, to := base("first"), length("first"), base("at"), GP64()
		q, end, nextLine, nextEntry, lineEnd := GP64(), GP64(), r.label("line"), r.label("entry"), r.label("lineEnd")
		MOVLQSX(Mem{Base: first}, q)
		MOVQ(dst, to)
		DECQ(rows)
		Label(nextLine)
		sum := make([]VecVirtual, vectors)
		for v := range sum {
			sum[v] = r.zero()
		}
		MOVLQSX(Mem{Base: first, Disp: 4}, end)
		CMPQ(q, end)
		JGE(LabelRef(lineEnd))
		Label(nextEntry)
		from := GP64()
		MOVLQSX(Mem{Base: list, Index: q, Scale: 4}, from)
		IMULQ(step, from)
		ADDQ(x, from)
		for v := range sum {
			VADDPD(r.wide(at(from, 4, v), mask), sum[v], sum[v])
		}
		INCQ(q)
		CMPQ(q, end)
		JLT(LabelRef(nextEntry))
		Label(lineEnd)
		for v := range sum {
			r.narrow(sum[v], at(to, 4, v), mask)
		}
		ADDQ(step, to)
		ADDQ(Imm(4), first)
		DECQ(rows)
		JNZ(LabelRef(nextLine))
	})
	end()
}
