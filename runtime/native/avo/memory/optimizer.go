package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func optimizers(start func(name, signature, doc string) *routine) {
	start("adam", "func(outW, outM, outV, w, m, v, g []float32, c [10]float32)", "is a family's adam.").adam()
	start("sgd", "func(outW, w, g []float32, rate, decay, factor float32)", "is a family's sgd.").sgd()
	start("momentum", "func(outW, outM, w, m, g []float32, rate, decay, momentum, factor float32)", "is a family's momentum.").momentum()
}

func (r *routine) adam() {
	outW, outM, outV, n := base("outW"), base("outM"), base("outV"), length("outW")
	baseW, baseM, baseV, baseG := base("w"), base("m"), base("v"), base("g")
	c := make([]VecVirtual, 10)
	for i := range c {
		c[i] = r.scalar(Param("c").Index(i))
	}
	coupled, beta1, rest1, beta2, rest2, shrink, rate, root, eps, factor := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9]
	r.each(n, func(at place, mask Op) {
		w, m, v, g := r.load(at(baseW, 4, 0), mask), r.load(at(baseM, 4, 0), mask), r.load(at(baseV, 4, 0), mask), r.load(at(baseG, 4, 0), mask)
		VMULPS(factor, g, g) // rounded, as clipping is where it stands alone
		VFMADD231PS(coupled, w, g)
		VMULPS(beta1, m, m)
		VFMADD231PS(rest1, g, m)
		r.store(m, at(outM, 4, 0), mask)
		VMULPS(beta2, v, v)
		square := r.vector()
		VMULPS(rest2, g, square)
		VFMADD231PS(square, g, v)
		r.store(v, at(outV, 4, 0), mask)
		VSQRTPS(v, v)
		VFMADD213PS(eps, root, v)
		VMULPS(rate, m, m)
		VDIVPS(v, m, m)
		VFNMADD231PS(shrink, w, w)
		VSUBPS(m, w, w)
		r.store(w, at(outW, 4, 0), mask)
	})
	end()
}

// scalar returns a vector of a parameter.
func (r *routine) scalar(param gotypes.Component) VecVirtual {
	p, err := param.Resolve()
	if err != nil {
		panic(err)
	}
	return r.broadcast(p.Addr)
}

func (r *routine) sgd() {
	out, n, baseW, baseG := base("outW"), length("outW"), base("w"), base("g")
	rate, decay, factor := r.scalar(Param("rate")), r.scalar(Param("decay")), r.scalar(Param("factor"))
	r.each(n, func(at place, mask Op) {
		w, g := r.load(at(baseW, 4, 0), mask), r.load(at(baseG, 4, 0), mask)
		VMULPS(factor, g, g)
		VFMADD231PS(decay, w, g)
		VFNMADD231PS(rate, g, w)
		r.store(w, at(out, 4, 0), mask)
	})
	end()
}

func (r *routine) momentum() {
	outW, outM, n := base("outW"), base("outM"), length("outW")
	baseW, baseM, baseG := base("w"), base("m"), base("g")
	rate, decay, momentum, factor := r.scalar(Param("rate")), r.scalar(Param("decay")), r.scalar(Param("momentum")), r.scalar(Param("factor"))
	r.each(n, func(at place, mask Op) {
		w, m, g := r.load(at(baseW, 4, 0), mask), r.load(at(baseM, 4, 0), mask), r.load(at(baseG, 4, 0), mask)
		VMULPS(factor, g, g)
		VFMADD231PS(decay, w, g)
		VFMADD231PS(momentum, m, g)
		r.store(g, at(outM, 4, 0), mask)
		VFNMADD231PS(rate, g, w)
		r.store(w, at(outW, 4, 0), mask)
	})
	end()
}
