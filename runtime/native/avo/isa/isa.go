// Package isa has what the generators' vectors of float32 have in common: registers, masks, loads and stores of AVX-512 and AVX2.
package isa

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A Set is an instruction set for vectors of float32.
type Set int

const (
	AVX2   Set = iota // 8 lanes; masks are vectors
	AVX512            // 16 lanes; masks have registers of their own
)

// Of returns the set that a generator writes.
func Of(avx512 bool) Set {
	if avx512 {
		return AVX512
	}
	return AVX2
}

// Lanes is the number of float32 in a vector.
func (s Set) Lanes() int {
	if s == AVX512 {
		return 16
	}
	return 8
}

// Vector returns a new register.
func (s Set) Vector() VecVirtual {
	if s == AVX512 {
		return ZMM()
	}
	return YMM()
}

// Clear sets a vector to 0.
func (s Set) Clear(v Op) {
	if s == AVX512 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// Numbers writes the numbers 0 to 7, from which AVX2 makes masks, at the beginning of a table.
func Numbers(table string) Mem {
	m := GLOBL(table, RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(i))
	}
	return m
}

// Mask returns a new register for a mask.
func (s Set) Mask() Op {
	if s == AVX512 {
		return K()
	}
	return YMM()
}

// First sets a mask to the first n lanes, at most as many as there are.
func (s Set) First(n Register, numbers Mem, mask Op) {
	if s == AVX512 {
		bits := GP32()
		MOVL(U32(1<<16-1), bits)
		BZHIL(n.(GP).As32(), bits, bits)
		KMOVW(bits, mask)
		return
	}
	v := mask.(VecVirtual)
	VMOVD(n.(GP).As32(), v.AsX())
	VPBROADCASTD(v.AsX(), v)
	VPCMPGTD(numbers, v, v)
}

// Load reads a vector, and clears the lanes that are not in the mask; without one it reads all.
func (s Set) Load(m Mem, mask, v Op) {
	switch {
	case mask == nil:
		VMOVUPS(m, v)
	case s == AVX512:
		VMOVUPS_Z(m, mask, v)
	default:
		VMASKMOVPS(m, mask, v)
	}
}

// Store writes a vector, and leaves memory of lanes that are not in the mask alone.
func (s Set) Store(v Op, m Mem, mask Op) {
	switch {
	case mask == nil:
		VMOVUPS(v, m)
	case s == AVX512:
		VMOVUPS(v, mask, m)
	default:
		VMASKMOVPS(v, mask, m)
	}
}
