package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

type (
	pointFunction func(l *lanes, x, p VecVirtual) VecVirtual
	pairFunction  func(l *lanes, x, y, p VecVirtual) VecVirtual
)

// points are functions of each element and a number.
var points = []struct {
	name, doc string
	f         pointFunction
}{
	{"neg", "-x", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.negated(x) }},
	{"scale", "p*x", func(l *lanes, x, p VecVirtual) VecVirtual { return l.mul(x, p) }},
	{"shift", "x + p", func(l *lanes, x, p VecVirtual) VecVirtual { return l.add(x, p) }},
	{"less", "p - x", func(l *lanes, x, p VecVirtual) VecVirtual { return l.sub(p, x) }},
	{"over", "x / p", func(l *lanes, x, p VecVirtual) VecVirtual { return l.div(x, p) }},
	{"under", "p / x", func(l *lanes, x, p VecVirtual) VecVirtual { return l.div(p, x) }},
	{"square", "x*x", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.mul(x, x) }},
	{"sqrt", "the square root", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.squareRoot(x) }},
	{"abs", "|x|", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.abs(x) }},
	{"exp", "exp(x)", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.exp(x) }},
	{"expm1", "exp(x) - 1", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.expm1(x) }},
	{"log", "log(x)", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.log(x) }},
	{"log1p", "log(1+x)", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.log1p(x) }},
	{"sigmoid", "1 / (1+exp(-x))", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.sigmoid(x) }},
	{"tanh", "tanh(x)", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.tanh(x) }},
	{"relu", "max(x, 0), NaN for NaN", func(l *lanes, x, _ VecVirtual) VecVirtual { return l.max(l.zero(), x) }},
	{"leakyRelu", "x where that is above 0, else p*x", func(l *lanes, x, p VecVirtual) VecVirtual {
		return l.choose(l.compare(x, greater, l.zero()), x, l.mul(x, p))
	}},
	{"elu", "x where that is above 0, else p*(exp(x)-1)", func(l *lanes, x, p VecVirtual) VecVirtual {
		return l.choose(l.compare(x, greater, l.zero()), x, l.mul(l.expm1(x), p))
	}},
}

// pairs are functions of two elements and a number.
var pairs = []struct {
	name, doc string
	f         pairFunction
}{
	{"add", "x + y", func(l *lanes, x, y, _ VecVirtual) VecVirtual { return l.add(x, y) }},
	{"sub", "x - y", func(l *lanes, x, y, _ VecVirtual) VecVirtual { return l.sub(x, y) }},
	{"mul", "x * y", func(l *lanes, x, y, _ VecVirtual) VecVirtual { return l.mul(x, y) }},
	{"div", "x / y", func(l *lanes, x, y, _ VecVirtual) VecVirtual { return l.div(x, y) }},
	{"reluGrad", "x where y is above 0, else 0", func(l *lanes, x, y, _ VecVirtual) VecVirtual {
		return l.only(l.compare(y, greater, l.zero()), x)
	}},
	{"leakyReluGrad", "x where y is above 0, else p*x", func(l *lanes, x, y, p VecVirtual) VecVirtual {
		return l.choose(l.compare(y, greater, l.zero()), x, l.mul(x, p))
	}},
	{"eluGrad", "x where y is above 0, else x*(y+p)", func(l *lanes, x, y, p VecVirtual) VecVirtual {
		return l.choose(l.compare(y, greater, l.zero()), x, l.mul(x, l.add(y, p)))
	}},
	{"absGrad", "x with its sign turned by y's, 0 where y is 0 or NaN", func(l *lanes, x, y, _ VecVirtual) VecVirtual {
		return l.only(l.compare(y, unequal, l.zero()), l.xor(x, l.sign(y)))
	}},
	{"sigmoidGrad", "x*y*(1-y)", func(l *lanes, x, y, _ VecVirtual) VecVirtual {
		return l.mul(l.mul(x, y), l.sub(l.number(1), y))
	}},
	{"tanhGrad", "x*(1-y*y)", func(l *lanes, x, y, _ VecVirtual) VecVirtual {
		rest := l.number(1)
		subtractProduct(rest, y, y)
		return l.mul(x, rest)
	}},
}

func (r *routine) point(f pointFunction) {
	dst, x, n, p := address("dst"), address("x"), length("dst"), r.param("p")
	r.each(n, func(at at, partial bool) {
		r.store(f(&r.lanes, r.load(at(x), partial), p), at(dst), partial)
	})
	end()
}

func (r *routine) pair(f pairFunction) {
	dst, x, y, n, p := address("dst"), address("x"), address("y"), length("dst"), r.param("p")
	r.each(n, func(at at, partial bool) {
		r.store(f(&r.lanes, r.load(at(x), partial), r.load(at(y), partial), p), at(dst), partial)
	})
	end()
}

// trigonometric leaves elements beyond the limit as they are, and says whether there are any.
func (r *routine) trigonometric(quarters uint32) {
	dst, x, n := address("dst"), address("x"), length("dst")
	beyond := r.zero()
	r.each(n, func(at at, partial bool) {
		r.store(r.sinShifted(r.load(at(x), partial), quarters, beyond), at(dst), partial)
	})
	any := GP32()
	folded := r.halves(beyond, VORPS)
	VPTEST(folded, folded)
	SETNE(any.As8())
	Store(any.As8(), ReturnIndex(0))
	end()
}

// drop keeps x/(1-rate) where the uniform draw y is not below the rate.
func (r *routine) drop() {
	dst, x, y, n := address("dst"), address("x"), address("y"), length("dst")
	rate, scale := r.param("rate"), r.param("scale")
	r.each(n, func(at at, partial bool) {
		kept := r.compare(r.load(at(y), partial), atLeast, rate)
		r.store(r.only(kept, r.mul(r.load(at(x), partial), scale)), at(dst), partial)
	})
	end()
}
