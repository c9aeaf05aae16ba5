package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dots writes the inner products of a vector with rows. Sums are to be made one term after the other, so a vector has the sums of
// eight rows: four elements of each row at a time are transposed in registers, as in packing, and used at once. So many rows are
// taken together that a sum need not wait for its last addition.
func dots() {
	TEXT("dotsAVX2", NOSPLIT, "func(k int, a []float32, b []float32, ld int, c []float32, scale float32, add bool)")
	Doc("dotsAVX2 is a family's dots.")
	Pragma("noescape")
	k, a, ld := Load(Param("k"), GP64()), Load(Param("a").Base(), GP64()), bytes("ld")
	const groups = 4
	row := []Register{Load(Param("b").Base(), GP64())} // addresses of every fourth row
	for range 2*groups - 1 {
		next := GP64()
		LEAQ(Mem{Base: row[len(row)-1], Index: ld, Scale: 4}, next)
		row = append(row, next)
	}
	ld3 := GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	at := func(r int) Mem {
		switch base := row[r/4]; r % 4 {
		case 0:
			return Mem{Base: base}
		case 3:
			return Mem{Base: base, Index: ld3, Scale: 1}
		default:
			return Mem{Base: base, Index: ld, Scale: uint8(r % 4)}
		}
	}
	advance := func(elements uint64) {
		ADDQ(Imm(4*elements), a)
		for _, r := range row {
			ADDQ(Imm(4*elements), r)
		}
	}
	var sum [groups]VecVirtual
	for g := range sum {
		sum[g] = YMM()
		VXORPS(sum[g], sum[g], sum[g])
	}
	in, low01, low23, column := [4]VecVirtual{YMM(), YMM(), YMM(), YMM()}, YMM(), YMM(), YMM()
	SUBQ(Imm(4), k)
	JLT(LabelRef("rest"))

	Label("loop")
	var factor [4]VecVirtual
	for l := range factor {
		factor[l] = YMM()
		VBROADCASTSS(Mem{Base: a, Disp: 4 * l}, factor[l])
	}
	for g := range sum {
		for r := range in {
			VMOVUPS(at(8*g+r), in[r].AsX())
			VINSERTF128(Imm(1), at(8*g+r+4), in[r], in[r])
		}
		for half, unpack := range []func(ops ...Op){VUNPCKLPS, VUNPCKHPS} {
			unpack(in[1], in[0], low01)
			unpack(in[3], in[2], low23)
			VUNPCKLPD(low23, low01, column)
			VFMADD231PS(factor[2*half], column, sum[g])
			VUNPCKHPD(low23, low01, column)
			VFMADD231PS(factor[2*half+1], column, sum[g])
		}
	}
	advance(4)
	SUBQ(Imm(4), k)
	JGE(LabelRef("loop"))

	Label("rest")
	ADDQ(Imm(4), k)
	JZ(LabelRef("store"))
	Label("one")
	last := YMM()
	VBROADCASTSS(Mem{Base: a}, last)
	for g := range sum {
		low, high := in[0], in[1]
		for half, four := range []VecVirtual{low, high} {
			VMOVSS(at(8*g+4*half), four.AsX())
			for r := 1; r < 4; r++ {
				VINSERTPS(Imm(uint64(r<<4)), at(8*g+4*half+r), four.AsX(), four.AsX())
			}
		}
		VINSERTF128(Imm(1), high.AsX(), low, low)
		VFMADD231PS(last, low, sum[g])
	}
	advance(1)
	DECQ(k)
	JNZ(LabelRef("one"))

	Label("store")
	c, scale, add := Load(Param("c").Base(), GP64()), YMM(), GP8()
	VBROADCASTSS(scaleParam(), scale)
	Load(Param("add"), add)
	TESTB(add, add)
	JZ(LabelRef("scale"))
	for g, v := range sum {
		VADDPS(Mem{Base: c, Disp: 32 * g}, v, v)
	}
	Label("scale")
	for g, v := range sum {
		VMULPS(scale, v, v)
		VMOVUPS(v, Mem{Base: c, Disp: 32 * g})
	}
	VZEROUPPER()
	RET()
}
