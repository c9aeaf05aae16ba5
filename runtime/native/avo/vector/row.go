package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// halves combines the upper half of a vector with its lower half until four lanes are left.
func (l *lanes) halves(v VecVirtual, f func(ops ...Op)) VecVirtual {
	x := XMM()
	if l.avx512 {
		y := YMM()
		VEXTRACTF64X4(Imm(1), v, y)
		f(y, v.AsY(), v.AsY())
	}
	VEXTRACTF128(Imm(1), v.AsY(), x)
	f(x, v.AsX(), x)
	return x
}

// largest returns the largest lane in all lanes.
func (l *lanes) largest(v VecVirtual) VecVirtual {
	x, turned := l.halves(v, VMAXPS), XMM()
	for _, order := range []uint8{0b01_00_11_10, 0b10_11_00_01} {
		VPERMILPS(U8(order), x, turned)
		VMAXPS(turned, x, x)
	}
	return l.broadcast(x)
}

// A sum adds float32 vectors up in float64, in as many strands as lanes: so that the order of additions is one of the row
// alone, and the sum of a long row as good as that of a short one.
type sum [2]VecVirtual

func (l *lanes) newSum() sum { return sum{l.zero(), l.zero()} }

// widen returns the lower and the upper lanes in float64.
func (l *lanes) widen(v VecVirtual) [2]VecVirtual {
	low, high := l.vector(), l.vector()
	if l.avx512 {
		upper := YMM()
		VEXTRACTF64X4(Imm(1), v, upper)
		VCVTPS2PD(v.AsY(), low)
		VCVTPS2PD(upper, high)
	} else {
		upper := XMM()
		VEXTRACTF128(Imm(1), v, upper)
		VCVTPS2PD(v.AsX(), low)
		VCVTPS2PD(upper, high)
	}
	return [2]VecVirtual{low, high}
}

// narrow is the inverse of widen, and rounds.
func (l *lanes) narrow(v [2]VecVirtual) VecVirtual {
	x := l.vector()
	if l.avx512 {
		upper := YMM()
		VCVTPD2PS(v[0], x.AsY())
		VCVTPD2PS(v[1], upper)
		VINSERTF64X4(Imm(1), upper, x, x)
	} else {
		upper := XMM()
		VCVTPD2PSY(v[0], x.AsX())
		VCVTPD2PSY(v[1], upper)
		VINSERTF128(Imm(1), upper, x, x)
	}
	return x
}

func (s sum) add(v [2]VecVirtual) {
	VADDPD(v[0], s[0], s[0])
	VADDPD(v[1], s[1], s[1])
}

func (s sum) addProduct(x, y [2]VecVirtual) {
	VFMADD231PD(x[0], y[0], s[0])
	VFMADD231PD(x[1], y[1], s[1])
}

func (s sum) subtractProduct(x, y [2]VecVirtual) {
	VFNMADD231PD(x[0], y[0], s[0])
	VFNMADD231PD(x[1], y[1], s[1])
}

// total adds the strands in a fixed tree and returns the sum as a scalar.
func (l *lanes) total(s sum) VecVirtual {
	VADDPD(s[1], s[0], s[0])
	x, turned := l.halves(s[0], VADDPD), XMM()
	VPERMILPD(Imm(1), x, turned)
	VADDSD(turned, x, x)
	return x
}

func rows(start func(name, signature, doc string) *routine) {
	start("expRow", "func(dst, x []float32, floor float32) (largest float32, sum float64)",
		"sets dst to exp(x - largest), where largest is that of x and floor, and sums it.").expRow(true)
	start("expSum", "func(x []float32, floor float32) (largest float32, sum float64)",
		"is expRow without a place for the terms.").expRow(false)
	start("sum", "func(x []float32) float64", "sums x in float64.").sum()
	start("dot", "func(x, y []float32) float64", "sums x*y in float64.").dot()
	start("dotMinus", "func(dst, x, y []float32, p float32)", "sets dst to y*(x-p).").pair(
		func(l *lanes, x, y, p VecVirtual) VecVirtual { return l.mul(y, l.sub(x, p)) })
	start("expMinus", "func(dst, x, y []float32, p float32)", "sets dst to x - exp(y)*p.").pair(
		func(l *lanes, x, y, p VecVirtual) VecVirtual {
			subtractProduct(x, l.exp(y), p)
			return x
		})
	start("binaryEntropy", "func(x, y []float32) float64",
		"sums the cross-entropies of the logits x for the targets y.").binaryEntropy()
	start("binaryEntropyGrad", "func(dst, x, y []float32, p float32)", "sets dst to p*(sigmoid(x) - y).").pair(binaryEntropyGrad)
}

// expRow finds the largest element in one pass and takes the exponentials in a second. A NaN gets lost in the first but
// not in the second: the sum is NaN then.
func (r *routine) expRow(keep bool) {
	x, n, floor := address("x"), length("x"), r.param("floor")
	var dst GPVirtual
	if keep {
		dst = address("dst")
	}
	top := r.unary(VMOVAPS, floor)
	r.each(n, func(at at, partial bool) {
		v := r.load(at(x), partial)
		if partial {
			v = r.choose(r.mask, v, floor)
		}
		VMAXPS(v, top, top)
	})
	top = r.largest(top)
	s := r.newSum()
	r.each(n, func(at at, partial bool) {
		e := r.expBelow(r.sub(r.load(at(x), partial), top))
		if keep {
			r.store(e, at(dst), partial)
		}
		if partial {
			e = r.only(r.mask, e)
		}
		s.add(r.widen(e))
	})
	Store(top.AsX(), Return("largest"))
	Store(r.total(s), Return("sum"))
	end()
}

func (r *routine) sum() {
	x, n, s := address("x"), length("x"), r.newSum()
	r.each(n, func(at at, partial bool) { s.add(r.widen(r.load(at(x), partial))) })
	Store(r.total(s), ReturnIndex(0))
	end()
}

func (r *routine) dot() {
	x, y, n, s := address("x"), address("y"), length("x"), r.newSum()
	r.each(n, func(at at, partial bool) {
		s.addProduct(r.widen(r.load(at(x), partial)), r.widen(r.load(at(y), partial)))
	})
	Store(r.total(s), ReturnIndex(0))
	end()
}

// binaryEntropy adds up max(x, 0) - x*y + log(1 + exp(-|x|)); what may cancel is computed in float64.
func (r *routine) binaryEntropy() {
	x, y, n, s := address("x"), address("y"), length("x"), r.newSum()
	r.each(n, func(at at, partial bool) {
		v, target := r.load(at(x), partial), r.load(at(y), partial)
		soft := r.log1p(r.expBelow(r.minusAbs(v)))
		if partial {
			soft = r.only(r.mask, soft)
		}
		s.add(r.widen(r.max(r.zero(), v)))
		s.subtractProduct(r.widen(v), r.widen(target))
		s.add(r.widen(soft))
	})
	Store(r.total(s), ReturnIndex(0))
	end()
}

// binaryEntropyGrad is, for positive logits, (1-y) - sigmoid(-x): so that what is left of a confident answer keeps its digits.
func binaryEntropyGrad(l *lanes, x, y, p VecVirtual) VecVirtual {
	e, sum := l.sigmoidParts(x)
	s := l.div(e, sum) // sigmoid(-|x|)
	positive := l.sub(l.sub(l.number(1), y), s)
	return l.mul(l.choose(l.isNegative(x), l.sub(s, y), positive), p)
}
