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
	uniform("uniformAVX512", 8, func() VecVirtual { return ZMM() }, 4, 1)
	uniform("uniformAVX2", 4, func() VecVirtual { return YMM() }, 1)
	Generate()
}

// The multipliers and key increments of Philox4x32 (Random123, philox.h).
const (
	mul0, mul1   = 0xD2511F53, 0xCD9E8D57
	weyl0, weyl1 = 0x9E3779B9, 0xBB67AE85
	rounds       = 10
)

// uniform writes the routine for so many blocks to a vector. Each block has a lane of 64 bits in the vectors of its words 0 to 3,
// which fill the lane's lower half; what stands in the upper half does not matter, since the multiplication ignores it. The
// vectors of a group of blocks wait for each other in every round, so many groups are made at once; they share the keys, too.
func uniform(name string, blocks int, vector func() VecVirtual, groups ...int) {
	TEXT(name, NOSPLIT, "func(dst []float32, block, name uint64, seed, step uint32)")
	Doc(fmt.Sprintf("%s fills dst, whose length is a multiple of %d, with the draws of the blocks from block on.", name, 4*blocks))
	Pragma("noescape")
	do := func(f func(ops ...Op), ops ...Op) VecVirtual {
		v := vector()
		f(append(ops, v)...)
		return v
	}
	spread := func(f func(ops ...Op), param string) VecVirtual {
		p, err := Param(param).Resolve()
		if err != nil {
			panic(err)
		}
		return do(f, p.Addr)
	}
	table := GLOBL(name+"Data", RODATA|NOPTR)
	offset := 0
	data := func(v Constant, bytes int) Mem {
		DATA(offset, v)
		offset += bytes
		return table.Offset(offset - bytes)
	}
	// Shuffles leave the even lanes' blocks in one vector and the odd lanes' in the other.
	for lane := range blocks {
		data(U64(lane/2+lane%2*blocks/2), 8)
	}
	advance, unit := data(U64(blocks), 8), data(F32(0x1p-24), 4)
	constant := func(word uint32) VecVirtual { return do(VPBROADCASTD, data(U32(word), 4)) }

	dst, left := Load(Param("dst").Base(), GP64()), Load(Param("dst").Len(), GP64())
	counter := spread(VPBROADCASTQ, "block")
	VPADDQ(table, counter, counter)
	name0, name1 := spread(VPBROADCASTQ, "name"), vector()
	VPSRLQ(Imm(32), name0, name1)
	m0, m1, w0, w1 := constant(mul0), constant(mul1), constant(weyl0), constant(weyl1)

	// draw makes so many groups. What a round needs has registers, of which AVX2 has 16; the rest is read anew.
	draw := func(groups int) {
		c := make([][4]VecVirtual, groups)
		for g := range c {
			c[g] = [4]VecVirtual{do(VMOVAPS, counter), do(VPSRLQ, Imm(32), counter), name0, name1}
			VPADDQ(do(VPBROADCASTQ, advance), counter, counter)
		}
		k := [2]VecVirtual{spread(VBROADCASTSS, "seed"), spread(VBROADCASTSS, "step")}
		for round := range rounds {
			if round > 0 {
				VPADDD(w0, k[0], k[0])
				VPADDD(w1, k[1], k[1])
			}
			for g, w := range c {
				p0, p1 := do(VPMULUDQ, m0, w[0]), do(VPMULUDQ, m1, w[2])
				next0, next2 := do(VPSRLQ, Imm(32), p1), do(VPSRLQ, Imm(32), p0)
				xor(next0, w[1], k[0])
				xor(next2, w[3], k[1])
				c[g] = [4]VecVirtual{next0, p1, next2, p0}
			}
		}
		const even, odd = 0b10_00_10_00, 0b11_01_11_01
		for g, w := range c {
			first, second := do(VSHUFPS, U8(even), w[1], w[0]), do(VSHUFPS, U8(even), w[3], w[2])
			for half, order := range []uint8{even, odd} {
				v := do(VSHUFPS, U8(order), second, first)
				VPSRLD(Imm(8), v, v)
				VCVTDQ2PS(v, v)
				VMULPS(do(VBROADCASTSS, unit), v, v)
				VMOVUPS(v, Mem{Base: dst, Disp: (2*g + half) * blocks * 8})
			}
		}
		ADDQ(U32(16*blocks*groups), dst)
	}
	for _, n := range groups {
		again, done := fmt.Sprint("groups", n), fmt.Sprint("done", n)
		size := U32(4 * blocks * n)
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
