package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// columns are ops on rows that fill no vector, or hardly one. The rows lie as the columns of a block, so that each has a lane.
func columns(start func(name, signature, doc string) *routine) {
	op := func(name, doc string) *routine {
		return start(name, "func(x, y []float32, cols, rows, stride int)", doc+", in each of cols columns, of rows that lie stride elements apart.")
	}
	op("columnSoftmax", "sets x to its softmax").columnSoftmax(math.Inf(-1))
	op("columnRestrictedSoftmax", "sets x to its softmax with one more score, 0").columnSoftmax(0)
	op("columnLogSoftmax", "sets x to its log_softmax").columnLogSoftmax()
	op("columnDotMinus", "sets x to y*(x-p), where p is the sum of x*y").columnDotMinus()
	op("columnExpMinus", "sets x to x - exp(y)*p, where p is the sum of x").columnExpMinus()
	op("columnEntropyGrad", "sets x to p times the gradient of its softmax's cross-entropy, where y has the label and p").columnEntropyGrad()
}

// top returns the largest element of each column, but floor at least. A NaN gets lost here, and not in what is made of differences.
func (b *block) top(floor float64) VecVirtual {
	top := b.number(floor)
	b.eachRow(func(m []Mem) { VMAXPS(b.load(m[0], b.partial), top, top) })
	return top
}

// columnSoftmax gives its share to one more score: none where that is minus infinity.
func (r *routine) columnSoftmax(more float64) {
	r.blocks(func(b *block) {
		top, total := b.top(more), b.newSum()
		b.eachRow(func(m []Mem) {
			e := b.expBelow(b.sub(b.load(m[0], b.partial), top))
			b.store(e, m[0], b.partial)
			total.add(b.widen(e))
		})
		if !math.IsInf(more, -1) {
			total.add(b.widen(b.expBelow(b.sub(b.number(more), top))))
		}
		divisor := b.narrow(total)
		b.eachRow(func(m []Mem) { b.store(b.div(b.load(m[0], b.partial), divisor), m[0], b.partial) })
	}, "x")
}

// columnLogSoftmax takes the logarithm of 1 and the exponentials but the largest, which may be small. It subtracts twice, since the
// largest element may dwarf it.
func (r *routine) columnLogSoftmax() {
	r.blocks(func(b *block) {
		top, total := b.top(math.Inf(-1)), b.newSum()
		b.eachRow(func(m []Mem) {
			d := b.sub(b.load(m[0], b.partial), top)
			b.store(d, m[0], b.partial)
			total.add(b.widen(b.expBelow(d)))
		})
		rest := b.log1p(b.narrow(b.do64(VSUBPD, total, b.widen(b.number(1)))))
		b.eachRow(func(m []Mem) { b.store(b.sub(b.load(m[0], b.partial), rest), m[0], b.partial) })
	}, "x")
}

func (r *routine) columnDotMinus() {
	r.blocks(func(b *block) {
		total := b.newSum()
		b.eachRow(func(m []Mem) { total.addProduct(b.wide(m[0]), b.wide(m[1])) })
		p := b.narrow(total)
		b.eachRow(func(m []Mem) {
			x, y := b.load(m[0], b.partial), b.load(m[1], b.partial)
			b.store(b.mul(y, b.sub(x, p)), m[0], b.partial)
		})
	}, "x", "y")
}

func (r *routine) columnExpMinus() {
	r.blocks(func(b *block) {
		total := b.newSum()
		b.eachRow(func(m []Mem) { total.add(b.wide(m[0])) })
		p := b.narrow(total)
		b.eachRow(func(m []Mem) {
			x, y := b.load(m[0], b.partial), b.load(m[1], b.partial)
			subtractProduct(x, b.exp(y), p)
			b.store(x, m[0], b.partial)
		})
	}, "x", "y")
}

// columnEntropyGrad makes p*softmax(x), and for the label p*(softmax(x) - 1), of the sum of the others: where the softmax is almost 1,
// nothing cancels.
func (r *routine) columnEntropyGrad() {
	r.blocks(func(b *block) {
		y := GP64()
		LEAQ(b.at(b.arrays[1]), y)
		label := b.load(Mem{Base: y}, b.partial)
		eachClass := func(do func(m Mem, class VecVirtual)) {
			class := b.zero()
			b.eachRow(func(m []Mem) {
				do(m[0], class)
				VADDPS(b.number(1), class, class)
			})
		}
		top, own, others := b.top(math.Inf(-1)), b.zero(), b.newSum()
		eachClass(func(m Mem, class VecVirtual) {
			e := b.expBelow(b.sub(b.load(m, b.partial), top))
			b.store(e, m, b.partial)
			others.add(b.widen(b.only(b.compare(class, unequal, label), e)))
			VORPS(b.only(b.compare(class, equal, label), e), own, own)
		})
		rest := b.negated(b.narrow(others))
		others.add(b.widen(own))
		p := b.load(Mem{Base: y, Index: b.stride, Scale: 1}, b.partial)
		factor := b.div(p, b.narrow(others))
		eachClass(func(m Mem, class VecVirtual) {
			e := b.choose(b.compare(class, equal, label), rest, b.load(m, b.partial))
			b.store(b.mul(e, factor), m, b.partial)
		})
	}, "x", "y")
}
