package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func norms(start func(name, signature, doc string) *routine) {
	start("moments", "func(x []float32) (mean, squares float64)",
		"returns the mean and the sum of the squared distances from it.").moments()
	start("normalize", "func(dst, x, gamma, beta []float32, mean, rstd float64)",
		"sets dst to (x-mean)*rstd*gamma + beta.").normalize()
	start("normDots", "func(dy, x, gamma []float32, mean float64) (sum, dot float64)",
		"sums dy*gamma, and dy*gamma*(x-mean).").normDots()
	start("normGrad", "func(dst, dy, x, gamma []float32, mean, rstd, sum, slope float64)",
		"sets dst to rstd*(dy*gamma - sum - (x-mean)*slope).").normGrad()

	const tile = "A tile is up to 256 columns of rows that lie stride elements apart; row k of coef is coef[256*k:]."
	start("columnSums", "func(coef []float64, x []float32, cols, rows, stride int)",
		"adds a tile's columns to row 0 of coef. "+tile).columnSums()
	start("columnSquares", "func(coef []float64, x []float32, cols, rows, stride int)",
		"adds (x - row 0)^2 to row 1 of coef.").columnSquares()
	start("columnAffine", "func(dst []float32, coef []float64, x []float32, cols, rows, stride int)",
		"sets the tile dst to (x - row 0)*row 1 + row 2.").columnAffine()
	start("columnDots", "func(coef []float64, dy, x []float32, cols, rows, stride int)",
		"adds dy to row 1 of coef, and dy*(x - row 0) to row 2.").columnDots()
	start("columnGrad", "func(dst []float32, coef []float64, dy, x []float32, cols, rows, stride int)",
		"sets the tile dst to row 3 * (dy - row 1 - (x - row 0)*row 2).").columnGrad()
	start("rowDots", "func(coef []float64, dy, x, means, rstds []float32, cols, rows, stride int)",
		"adds dy to row 0 of coef, and dy*(x-mean)*rstd, of which each row has its own, to row 1.").rowDots()
}

func (l *lanes) do64(f binary, x, y [2]VecVirtual) [2]VecVirtual {
	return [2]VecVirtual{l.do(f, x[0], y[0]), l.do(f, x[1], y[1])}
}

func (l *lanes) mul64(x, y [2]VecVirtual) [2]VecVirtual { return l.do64(VMULPD, x, y) }
func (l *lanes) sub64(x, y [2]VecVirtual) [2]VecVirtual { return l.do64(VSUBPD, x, y) }

// same returns a scalar as a vector.
func same(v VecVirtual) [2]VecVirtual { return [2]VecVirtual{v, v} }

func (r *routine) param64(name string) [2]VecVirtual {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return same(r.unary(VBROADCASTSD, p.Addr))
}

func (r *routine) loadWide(m Mem, partial bool) [2]VecVirtual { return r.widen(r.load(m, partial)) }

func (r *routine) moments() {
	x, n := address("x"), length("x")
	total := r.newSum()
	r.each(n, func(at at, partial bool) { total.add(r.loadWide(at(x), partial)) })
	mean, count := r.total(total), XMM()
	VXORPS(count, count, count)
	VCVTSI2SDQ(n, count, count)
	VDIVSD(count, mean, mean)
	center, squares := same(r.unary(VBROADCASTSD, mean)), r.newSum()
	r.each(n, func(at at, partial bool) {
		v := r.load(at(x), partial)
		d := r.sub64(r.widen(v), center)
		if partial {
			d = r.onlyWide(d)
		}
		squares.addProduct(d, d)
	})
	Store(mean, Return("mean"))
	Store(r.total(squares), Return("squares"))
	end()
}

// onlyWide clears the lanes that a partial vector has not.
func (r *routine) onlyWide(v [2]VecVirtual) [2]VecVirtual {
	low, high := r.vector(), r.vector()
	if r.avx512 {
		upper := K()
		KSHIFTRW(U8(8), r.mask, upper)
		VMOVAPD_Z(v[0], r.mask, low)
		VMOVAPD_Z(v[1], upper, high)
	} else {
		mask, upper := r.mask.(VecVirtual), XMM()
		VEXTRACTF128(Imm(1), mask, upper)
		VPMOVSXDQ(mask.AsX(), low)
		VPMOVSXDQ(upper, high)
		VANDPD(v[0], low, low)
		VANDPD(v[1], high, high)
	}
	return [2]VecVirtual{low, high}
}

func (r *routine) normalize() {
	dst, x, gamma, beta, n := address("dst"), address("x"), address("gamma"), address("beta"), length("dst")
	mean, rstd := r.param64("mean"), r.param64("rstd")
	r.each(n, func(at at, partial bool) {
		y := sum(r.loadWide(at(beta), partial))
		scaled := r.mul64(r.sub64(r.loadWide(at(x), partial), mean), rstd)
		y.addProduct(scaled, r.loadWide(at(gamma), partial))
		r.store(r.narrow(y), at(dst), partial)
	})
	end()
}

func (r *routine) normDots() {
	dy, x, gamma, n := address("dy"), address("x"), address("gamma"), length("dy")
	mean, total, dot := r.param64("mean"), r.newSum(), r.newSum()
	r.each(n, func(at at, partial bool) {
		g := r.mul64(r.loadWide(at(dy), partial), r.loadWide(at(gamma), partial))
		total.add(g)
		dot.addProduct(g, r.sub64(r.loadWide(at(x), partial), mean))
	})
	Store(r.total(total), Return("sum"))
	Store(r.total(dot), Return("dot"))
	end()
}

func (r *routine) normGrad() {
	dst, dy, x, gamma, n := address("dst"), address("dy"), address("x"), address("gamma"), length("dst")
	mean, rstd, mid, slope := r.param64("mean"), r.param64("rstd"), r.param64("sum"), r.param64("slope")
	r.each(n, func(at at, partial bool) {
		g := r.mul64(r.loadWide(at(dy), partial), r.loadWide(at(gamma), partial))
		d := sum(r.sub64(g, mid))
		d.subtractProduct(r.sub64(r.loadWide(at(x), partial), mean), slope)
		r.store(r.narrow(r.mul64(d, rstd)), at(dst), partial)
	})
	end()
}

// A block is some columns of up to three arrays, taken a vector at a time, and of each vector all rows.
type block struct {
	*routine
	coef, rows, stride GPVirtual // coef is nil where there are none
	arrays             []GPVirtual
	at                 at
	partial            bool
}

// columns calls do for each vector of columns, which have coefficients.
func (r *routine) columns(do func(b *block), arrays ...string) {
	coef := address("coef")
	r.blocks(func(b *block) {
		b.coef = coef
		do(b)
	}, arrays...)
}

// blocks calls do for each vector of columns.
func (r *routine) blocks(do func(b *block), arrays ...string) {
	b := &block{routine: r, rows: integer("rows"), stride: integer("stride")}
	SHLQ(Imm(2), b.stride)
	for _, a := range arrays {
		b.arrays = append(b.arrays, address(a))
	}
	r.each(integer("cols"), func(at at, partial bool) {
		b.at, b.partial = at, partial
		do(b)
	})
	end()
}

// eachRow calls do once, for all rows, with the places of the vector in the arrays. Where a matrix is taken
// by tiles of 16 rows it asks for the next one: rows lie too far apart for the processor to foresee them.
func (b *block) eachRow(do func(places []Mem)) {
	next, done := b.label("row"), b.label("rows")
	left, ahead, places, pointers := GP64(), GP64(), make([]Mem, len(b.arrays)), make([]GPVirtual, len(b.arrays))
	MOVQ(b.rows, left)
	MOVQ(b.stride, ahead)
	SHLQ(Imm(4), ahead)
	for i, a := range b.arrays {
		pointers[i] = GP64()
		LEAQ(b.at(a), pointers[i])
		places[i] = Mem{Base: pointers[i]}
	}
	TESTQ(left, left)
	JZ(LabelRef(done))
	Label(next)
	do(places)
	for _, p := range pointers {
		if b.coef != nil {
			PREFETCHT0(Mem{Base: p, Index: ahead, Scale: 1})
		}
		ADDQ(b.stride, p)
	}
	DECQ(left)
	JNZ(LabelRef(next))
	Label(done)
}

// panel is the distance between the rows of coefficients.
const panel = 256

// place is where the vector's coefficients of row k lie; the upper lanes follow the lower.
func (b *block) place(k int) [2]Mem {
	m := b.at(b.coef)
	m.Scale = 8
	return [2]Mem{m.Offset(k * panel * 8), m.Offset(k*panel*8 + b.count()*4)}
}

func (b *block) coefficient(k int) [2]VecVirtual {
	m := b.place(k)
	return [2]VecVirtual{b.unary(VMOVUPD, m[0]), b.unary(VMOVUPD, m[1])}
}

func (b *block) keep(k int, v sum) {
	m := b.place(k)
	VMOVUPD(v[0], m[0])
	VMOVUPD(v[1], m[1])
}

func (b *block) wide(m Mem) [2]VecVirtual { return b.loadWide(m, b.partial) }

func (r *routine) columnSums() {
	r.columns(func(b *block) {
		total := sum(b.coefficient(0))
		b.eachRow(func(m []Mem) { total.add(b.wide(m[0])) })
		b.keep(0, total)
	}, "x")
}

func (r *routine) columnSquares() {
	r.columns(func(b *block) {
		center, total := b.coefficient(0), sum(b.coefficient(1))
		b.eachRow(func(m []Mem) {
			d := b.sub64(b.wide(m[0]), center)
			total.addProduct(d, d)
		})
		b.keep(1, total)
	}, "x")
}

func (r *routine) columnAffine() {
	r.columns(func(b *block) {
		center, scale, shift := b.coefficient(0), b.coefficient(1), b.coefficient(2)
		b.eachRow(func(m []Mem) {
			y := b.mul64(b.sub64(b.wide(m[1]), center), scale)
			b.store(b.narrow(b.do64(VADDPD, y, shift)), m[0], b.partial)
		})
	}, "dst", "x")
}

func (r *routine) columnDots() {
	r.columns(func(b *block) {
		center, total, dot := b.coefficient(0), sum(b.coefficient(1)), sum(b.coefficient(2))
		b.eachRow(func(m []Mem) {
			d := b.wide(m[0])
			total.add(d)
			dot.addProduct(d, b.sub64(b.wide(m[1]), center))
		})
		b.keep(1, total)
		b.keep(2, dot)
	}, "dy", "x")
}

func (r *routine) columnGrad() {
	r.columns(func(b *block) {
		center, mid, slope, scale := b.coefficient(0), b.coefficient(1), b.coefficient(2), b.coefficient(3)
		b.eachRow(func(m []Mem) {
			d := sum(b.sub64(b.wide(m[1]), mid))
			d.subtractProduct(b.sub64(b.wide(m[2]), center), slope)
			b.store(b.narrow(b.mul64(d, scale)), m[0], b.partial)
		})
	}, "dst", "dy", "x")
}

func (r *routine) rowDots() {
	means, rstds := address("means"), address("rstds")
	r.columns(func(b *block) {
		total, dot, row := sum(b.coefficient(0)), sum(b.coefficient(1)), GP64()
		XORQ(row, row)
		b.eachRow(func(m []Mem) {
			d := b.wide(m[0])
			total.add(d)
			centered := b.sub64(b.wide(m[1]), b.scalarOf(means, row))
			dot.addProduct(d, b.mul64(centered, b.scalarOf(rstds, row)))
			INCQ(row)
		})
		b.keep(0, total)
		b.keep(1, dot)
	}, "dy", "x")
}

// scalarOf returns an element of a float32 array as a vector of float64.
func (b *block) scalarOf(array, i GPVirtual) [2]VecVirtual {
	x := XMM()
	VXORPS(x, x, x)
	VCVTSS2SD(Mem{Base: array, Index: i, Scale: 4}, x, x)
	return same(b.unary(VBROADCASTSD, x))
}
