// Command philox generates the assembly of package rng: uniform draws many blocks at a time. A go:generate line there says how
// it is run.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!noasm")
	for _, set := range []struct {
		name   string
		blocks int
		vector func() VecVirtual
		groups []int
	}{
		{"AVX512", 8, func() VecVirtual { return ZMM() }, []int{4, 1}},
		{"AVX2", 4, func() VecVirtual { return YMM() }, []int{1}},
	} {
		for _, f := range []func(r *routine){uniform, drop} {
			f(&routine{name: set.name, blocks: set.blocks, vector: set.vector, groups: set.groups})
		}
	}
	Generate()
}

// The multipliers and key increments of Philox4x32 (Random123, philox.h).
const (
	mul0, mul1   = 0xD2511F53, 0xCD9E8D57
	weyl0, weyl1 = 0x9E3779B9, 0xBB67AE85
	rounds       = 10
)

// A routine makes so many blocks to a vector. Each block has a lane of 64 bits in the vectors of its words 0 to 3, which fill the
// lane's lower half; what stands in the upper half does not matter, since the multiplication ignores it. The vectors of a group of
// blocks wait for each other in every round, so many groups are made at once, as long as there are so many; they share the keys, too.
type routine struct {
	name   string
	blocks int
	vector func() VecVirtual
	groups []int

	table  Mem
	offset int
}

// uniform writes the draws, of 24 bits each.
func uniform(r *routine) {
	r.begin("uniform", "func(dst []float32, block, name uint64, seed, step uint32)",
		"fills dst, whose length is a multiple of %d, with the draws of the blocks from block on.")
	unit, dst := r.data(F32(0x1p-24), 4), Load(Param("dst").Base(), GP64())
	r.draws(func(v VecVirtual, at int) {
		VCVTDQ2PS(v, v)
		VMULPS(r.do(VBROADCASTSS, unit), v, v)
		VMOVUPS(v, Mem{Base: dst, Disp: at})
	}, dst)
}

// drop compares the draws as integers.
func drop(r *routine) {
	r.begin("drop", "func(dst []float32, block, name uint64, seed, step uint32, x []float32, below int32, scale float32)",
		"sets dst, whose length is a multiple of %d, to scale*x where the upper 24 bits of the blocks' words are above below, else to 0.")
	dst, x := Load(Param("dst").Base(), GP64()), Load(Param("x").Base(), GP64())
	r.draws(func(v VecVirtual, at int) {
		from, to, kept := Mem{Base: x, Disp: at}, Mem{Base: dst, Disp: at}, r.vector()
		if r.wide() {
			mask := K()
			VPCMPGTD(r.spread(VBROADCASTSS, "below"), v, mask)
			VMULPS_Z(from, r.spread(VBROADCASTSS, "scale"), mask, kept)
		} else {
			VPCMPGTD(r.spread(VBROADCASTSS, "below"), v, v)
			VMULPS(from, r.spread(VBROADCASTSS, "scale"), kept)
			VANDPS(v, kept, kept)
		}
		VMOVUPS(kept, to)
	}, dst, x)
}

func (r *routine) begin(name, signature, doc string) {
	name += r.name
	TEXT(name, NOSPLIT, signature)
	Doc(name + " " + fmt.Sprintf(doc, 4*r.blocks))
	Pragma("noescape")
	r.table = GLOBL(name+"Data", RODATA|NOPTR)
	// Shuffles leave the even lanes' blocks in one vector and the odd lanes' in the other.
	for lane := range r.blocks {
		r.data(U64(lane/2+lane%2*r.blocks/2), 8)
	}
}

func (r *routine) wide() bool { return r.vector().Size() == 64 }

// data appends a constant to the routine's table.
func (r *routine) data(v Constant, bytes int) Mem {
	DATA(r.offset, v)
	r.offset += bytes
	return r.table.Offset(r.offset - bytes)
}

// do returns the result of an instruction.
func (r *routine) do(f func(ops ...Op), ops ...Op) VecVirtual {
	v := r.vector()
	f(append(ops, v)...)
	return v
}

// spread returns a vector of a parameter.
func (r *routine) spread(f func(ops ...Op), param string) VecVirtual {
	p, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	return r.do(f, p.Addr)
}

// draws calls put for each vector of the words' upper 24 bits, with its place behind the arrays' pointers.
func (r *routine) draws(put func(v VecVirtual, at int), arrays ...Register) {
	advance := r.data(U64(r.blocks), 8)
	constant := func(word uint32) VecVirtual { return r.do(VPBROADCASTD, r.data(U32(word), 4)) }
	left := Load(Param("dst").Len(), GP64())
	counter := r.spread(VPBROADCASTQ, "block")
	VPADDQ(r.table, counter, counter)
	name0, name1 := r.spread(VPBROADCASTQ, "name"), r.vector()
	VPSRLQ(Imm(32), name0, name1)
	m0, m1, w0, w1 := constant(mul0), constant(mul1), constant(weyl0), constant(weyl1)

	// What a round needs has registers, of which AVX2 has 16; the rest is read anew.
	draw := func(groups int) {
		c := make([][4]VecVirtual, groups)
		for g := range c {
			c[g] = [4]VecVirtual{r.do(VMOVAPS, counter), r.do(VPSRLQ, Imm(32), counter), name0, name1}
			VPADDQ(r.do(VPBROADCASTQ, advance), counter, counter)
		}
		k := [2]VecVirtual{r.spread(VBROADCASTSS, "seed"), r.spread(VBROADCASTSS, "step")}
		for round := range rounds {
			if round > 0 {
				VPADDD(w0, k[0], k[0])
				VPADDD(w1, k[1], k[1])
			}
			for g, w := range c {
				p0, p1 := r.do(VPMULUDQ, m0, w[0]), r.do(VPMULUDQ, m1, w[2])
				next0, next2 := r.do(VPSRLQ, Imm(32), p1), r.do(VPSRLQ, Imm(32), p0)
				xor(next0, w[1], k[0])
				xor(next2, w[3], k[1])
				c[g] = [4]VecVirtual{next0, p1, next2, p0}
			}
		}
		const even, odd = 0b10_00_10_00, 0b11_01_11_01
		for g, w := range c {
			first, second := r.do(VSHUFPS, U8(even), w[1], w[0]), r.do(VSHUFPS, U8(even), w[3], w[2])
			for half, order := range []uint8{even, odd} {
				v := r.do(VSHUFPS, U8(order), second, first)
				VPSRLD(Imm(8), v, v)
				put(v, (2*g+half)*r.blocks*8)
			}
		}
		for _, a := range arrays {
			ADDQ(U32(16*r.blocks*groups), a)
		}
	}
	for _, n := range r.groups {
		again, done := fmt.Sprint("groups", n), fmt.Sprint("done", n)
		size := U32(4 * r.blocks * n)
		SUBQ(size, left)
		JLT(LabelRef(done))
		Label(again)
		draw(n)
		SUBQ(size, left)
		JGE(LabelRef(again))
		Label(done)
		ADDQ(size, left)
	}
	VZEROUPPER()
	RET()
}

// xor overwrites v with v ^ a ^ b.
func xor(v, a, b VecVirtual) {
	if v.Size() == 64 {
		VPTERNLOGD(U8(0b1001_0110), a, b, v)
		return
	}
	VPXOR(a, v, v)
	VPXOR(b, v, v)
}
