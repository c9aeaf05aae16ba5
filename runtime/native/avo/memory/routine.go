package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"graft/runtime/native/avo/isa"
)

// A routine is a function being written for AVX-512 (F) with vectors of 16 float32, or for AVX2 and FMA with vectors of 8.
type routine struct {
	avx512 bool
	places Mem // the numbers 0 to 7
	labels int // counted so that they differ
}

func begin(places Mem, avx512 bool, name, signature, doc string) *routine {
	name += "AVX2"
	if avx512 {
		name = name[:len(name)-1] + "512"
	}
	TEXT(name, NOSPLIT, signature)
	Doc(name + " " + doc)
	Pragma("noescape")
	return &routine{avx512: avx512, places: places}
}

func end() {
	VZEROUPPER()
	RET()
}

func (r *routine) label(name string) string {
	r.labels++
	return fmt.Sprintf("%s%d", name, r.labels)
}

func base(slice string) GPVirtual   { return Load(Param(slice).Base(), GP64()).(GPVirtual) }
func length(slice string) GPVirtual { return Load(Param(slice).Len(), GP64()).(GPVirtual) }
func number(param string) GPVirtual { return Load(Param(param), GP64()).(GPVirtual) }

// bytes loads a distance given in elements.
func bytes(param string) GPVirtual {
	n := number(param)
	SHLQ(Imm(2), n)
	return n
}

func (r *routine) set() isa.Set { return isa.Of(r.avx512) }

// lanes is the number of float32 in a vector, or twice that of float64.
func (r *routine) lanes() int         { return r.set().Lanes() }
func (r *routine) vector() VecVirtual { return r.set().Vector() }
func (r *routine) clear(v VecVirtual) { r.set().Clear(v) }

func (r *routine) zero() VecVirtual {
	v := r.vector()
	r.clear(v)
	return v
}

func (r *routine) broadcast(m Op) VecVirtual {
	v := r.vector()
	VBROADCASTSS(m, v)
	return v
}

// first is a mask of the first n lanes, of as many as r has. Loads by it clear the other lanes and stores leave them alone.
func (r *routine) first(n GPVirtual) Op {
	mask := r.set().Mask()
	r.set().First(n, r.places, mask)
	return mask
}

// load reads a vector of float32, all of it where mask is nil.
func (r *routine) load(m Mem, mask Op) VecVirtual {
	v := r.vector()
	r.loadTo(v, m, mask)
	return v
}

func (r *routine) loadTo(v VecVirtual, m Mem, mask Op) { r.set().Load(m, mask, v) }
func (r *routine) store(v VecVirtual, m Mem, mask Op)  { r.set().Store(v, m, mask) }

// wide reads half a vector of float32 as a vector of float64.
func (r *routine) wide(m Mem, mask Op) VecVirtual {
	v := r.vector()
	switch {
	case mask == nil:
		VCVTPS2PD(m, v)
	case r.avx512:
		VCVTPS2PD_Z(m, mask, v)
	default:
		half := XMM()
		VMASKMOVPS(m, mask.(VecVirtual).AsX(), half)
		VCVTPS2PD(half, v)
	}
	return v
}

// narrow writes a vector of float64, rounded, as half a vector of float32.
func (r *routine) narrow(v VecVirtual, m Mem, mask Op) {
	if r.avx512 {
		half := YMM()
		VCVTPD2PS(v, half)
		if mask == nil {
			VMOVUPS(half, m)
		} else {
			// The mask has bits for lanes of the half only.
			VMOVUPS(half.AsZ(), mask, m)
		}
		return
	}
	half := XMM()
	VCVTPD2PSY(v, half)
	if mask == nil {
		VMOVUPS(half, m)
	} else {
		VMASKMOVPS(half, mask.(VecVirtual).AsX(), m)
	}
}

// each writes a loop over n elements in vectors; do is called for whole vectors and for the partial one at the end, with the
// mask and with the place of a vector in an array of elements of some bytes. So an element's bits do not depend on its place.
func (r *routine) each(n GPVirtual, do func(at place, mask Op)) {
	r.strips(n, r.lanes(), []int{1}, func(_ int, at place, mask Op) { do(at, mask) })
}

// place returns where vector v of a strip lies in the array at an address, whose elements have some bytes.
type place func(array GPVirtual, size, v int) Mem

// strips writes a loop over n elements in strips of so many vectors of unit elements, the widest first and the last width 1.
// What is left at the end, less than a vector, comes with a mask.
func (r *routine) strips(n GPVirtual, unit int, widths []int, do func(vectors int, at place, mask Op)) {
	left, index := GP64(), GP64()
	at := func(array GPVirtual, size, v int) Mem {
		return Mem{Base: array, Index: index, Scale: uint8(size), Disp: v * unit * size}
	}
	MOVQ(n, left)
	XORQ(index, index)
	for _, vectors := range widths {
		loop, done := r.label("strip"), r.label("narrower")
		SUBQ(Imm(uint64(vectors*unit)), left)
		JLT(LabelRef(done))
		Label(loop)
		do(vectors, at, nil)
		ADDQ(Imm(uint64(vectors*unit)), index)
		SUBQ(Imm(uint64(vectors*unit)), left)
		JGE(LabelRef(loop))
		Label(done)
		ADDQ(Imm(uint64(vectors*unit)), left)
	}
	done := r.label("done")
	TESTQ(left, left)
	JZ(LabelRef(done))
	do(1, at, r.first(left))
	Label(done)
}
