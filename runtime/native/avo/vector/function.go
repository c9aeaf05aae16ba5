package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Limits of the exponential: beyond them a float32 result is infinite, is 0, or, less 1, is -1.
const (
	overflows  = 89
	underflows = -104
	vanishes   = -18
)

// reduced returns k and r of x = k*ln(2) + r with |r| <= ln(2)/2, k as a float and as an integer. Ln 2 is split so that k
// times its upper part is exact (Cody and Waite, Software Manual for the Elementary Functions).
func (l *lanes) reduced(x VecVirtual) (k, integer, r VecVirtual) {
	const upper = 0x1.62e4p-1 // 15 bits of ln 2, so exact times |k| <= 2^9
	integer = l.nearest(l.mul(x, l.number(math.Log2E)))
	k = l.toFloat(integer)
	r = l.unary(VMOVAPS, x)
	subtractProduct(r, k, l.number(upper))
	subtractProduct(r, k, l.number(math.Ln2-upper))
	return k, integer, r
}

// expm1Reduced is exp(r) - 1 for |r| <= ln(2)/2.
func (l *lanes) expm1Reduced(r VecVirtual) VecVirtual {
	q := l.polynomial(r, expTail(5))
	p := l.unary(VMOVAPS, r)
	addProduct(p, l.mul(r, r), q)
	return p
}

// power is 2^k for integers k of normal results.
func (l *lanes) power(k Op) VecVirtual { return l.left(l.addInts(k, l.word(127)), 23) }

// exp passes NaN, since max and min return their second operand then.
func (l *lanes) exp(x VecVirtual) VecVirtual {
	return l.expBelow(l.min(l.number(overflows), x))
}

// expBelow is exp of numbers that are not far above 0.
func (l *lanes) expBelow(x VecVirtual) VecVirtual {
	k, integer, r := l.reduced(l.max(l.number(underflows), x))
	p := l.add(l.expm1Reduced(r), l.number(1))
	if l.avx512 {
		return l.do(VSCALEFPS, p, k)
	}
	half := l.right(integer, 1) // two powers of two, since one may not be normal
	return l.mul(l.mul(p, l.power(half)), l.power(l.subInts(integer, half)))
}

// expm1 is 2^k (p+1) - 1 = 2 (h p + (h - 1/2)) with h = 2^(k-1), which is finite as long as the result is.
func (l *lanes) expm1(x VecVirtual) VecVirtual {
	limited := l.max(l.number(vanishes), l.min(l.number(overflows), x))
	_, integer, r := l.reduced(limited)
	h := l.power(l.subInts(integer, l.word(1)))
	y := l.sub(h, l.number(0.5))
	addProduct(y, l.expm1Reduced(r), h)
	return l.or(l.add(y, y), l.sign(x)) // -0 stays
}

// split returns e and the bits of m of u = 2^e m with m between the roots of 1/2 and 2, for positive normal numbers.
func (l *lanes) split(u VecVirtual) (e, m VecVirtual) {
	root := l.word(math.Float32bits(math.Sqrt2 / 2))
	e = l.right(l.subInts(u, root), 23)
	return e, l.subInts(u, l.left(e, 23))
}

// logReduced is e*ln(2) + log(1+f).
func (l *lanes) logReduced(e, f VecVirtual) VecVirtual {
	const upper = 0x1.62e4p-1
	square := l.mul(f, f)
	y := l.mul(l.mul(square, f), l.polynomial(f, logTail(9)))
	addProduct(y, e, l.number(math.Ln2-upper))
	subtractProduct(y, square, l.number(0.5))
	y = l.add(y, f)
	addProduct(y, e, l.number(upper))
	return y
}

// logLimits puts right what the reduction makes of u <= 0, of infinity and of NaN. x is the function's own argument, which
// is infinite, or NaN, with u.
func (l *lanes) logLimits(y, u, x VecVirtual) VecVirtual {
	zero := l.zero()
	below := l.choose(l.compare(u, equal, zero), l.number(math.Inf(-1)), l.number(math.NaN()))
	y = l.choose(l.compare(u, greater, zero), y, below)
	return l.choose(l.compare(u, equal, l.number(math.Inf(1))), x, y)
}

func (l *lanes) log(x VecVirtual) VecVirtual {
	denormal := l.compare(x, less, l.number(0x1p-126))
	e, m := l.split(l.choose(denormal, l.mul(x, l.number(0x1p24)), x))
	exponent := l.sub(l.toFloat(e), l.only(denormal, l.number(24)))
	return l.logLimits(l.logReduced(exponent, l.sub(m, l.number(1))), x, x)
}

// log1p takes the exponent of u = 1+x, and from it f = 2^-e x + (2^-e - 1), which is rounded once. From 2^24 on, where u is
// x but for a rounding, f is made of u's bits as for log, since 2^-e may not be normal.
func (l *lanes) log1p(x VecVirtual) VecVirtual {
	one := l.number(1)
	u := l.add(x, one)
	e, m := l.split(u)
	scale := l.power(l.subInts(l.zero(), e))
	f := l.sub(scale, one)
	addProduct(f, scale, x)
	f = l.choose(l.compare(x, greater, l.number(0x1p24)), l.sub(m, one), f)
	y := l.logLimits(l.logReduced(l.toFloat(e), f), u, x)
	return l.or(y, l.sign(x)) // -0 stays: y has the sign of x, or is NaN
}

// sigmoidParts returns exp(-|x|) and 1 plus that.
func (l *lanes) sigmoidParts(x VecVirtual) (e, sum VecVirtual) {
	e = l.expBelow(l.minusAbs(x))
	return e, l.add(e, l.number(1))
}

// sigmoid takes the exponential of negative numbers only, so that small results keep their digits.
func (l *lanes) sigmoid(x VecVirtual) VecVirtual {
	e, sum := l.sigmoidParts(x)
	return l.div(l.choose(l.isNegative(x), e, l.number(1)), sum)
}

// tanh is t/(t+2) of t = exp(2|x|) - 1, with the sign of x, and near 0, where that would round twice too often, a
// polynomial. From 2|x| = 20 on it rounds to 1.
func (l *lanes) tanh(x VecVirtual) VecVirtual {
	const near = 0.5
	t := l.expm1(l.min(l.number(20), l.mul(l.abs(x), l.number(2))))
	far := l.div(t, l.add(t, l.number(2)))
	square, y := l.mul(x, x), l.unary(VMOVAPS, x)
	addProduct(y, l.mul(square, x), l.polynomial(square, tanhTail(5, near)))
	return l.or(l.choose(l.compare(square, less, l.number(near*near)), y, far), l.sign(x)) // y has it but for -0
}

// trigonometricLimit is the largest |x| of which the reduction by quarter turns is good.
const trigonometricLimit = 1e5

// sinShifted is sin(x + quarters*pi/2). Elements beyond the limit are left as they are and added to beyond as set bits.
// The reduction takes pi/2 in three parts of 24 bits (Cody and Waite): the first product's difference is exact, and
// the last part lies below 2^-72, which times the largest k is well under the least reduced argument.
func (l *lanes) sinShifted(x VecVirtual, quarters uint32, beyond VecVirtual) VecVirtual {
	integer := l.nearest(l.mul(x, l.number(2/math.Pi)))
	k := l.toFloat(integer)
	r := l.unary(VMOVAPS, x)
	rest := math.Pi / 2
	for range 2 {
		part := float64(float32(rest))
		subtractProduct(r, k, l.number(part))
		rest -= part
	}
	subtractProduct(r, k, l.number(rest+6.123233995736766e-17)) // what a float64 lacks of pi/2
	if quarters != 0 {
		integer = l.addInts(integer, l.word(quarters))
	}
	square := l.mul(r, r)
	sin := l.unary(VMOVAPS, r)
	addProduct(sin, l.mul(square, r), l.polynomial(square, sinTail(3)))
	cos := l.polynomial(square, cosTail(4))
	l.plus(cos, square, 1)
	odd := l.left(integer, 31)
	y := l.choose(l.isNegative(odd), cos, sin)
	y = l.xor(y, l.sign(l.left(integer, 30)))
	outside := l.compare(l.abs(x), greater, l.number(trigonometricLimit))
	VORPS(l.only(outside, l.number(1)), beyond, beyond)
	return l.choose(outside, x, y)
}
