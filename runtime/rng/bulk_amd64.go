//go:build !noasm

package rng

import "golang.org/x/sys/cpu"

//go:generate go -C ../native/avo run ./philox -out ../../rng/philox_amd64.s -stubs ../../rng/philox_stubs_amd64.go -pkg rng

// bulk fills a part of dst, from the start, with the draws of whole blocks from block b on, and returns how long it is.
func (s Stream) bulk(dst []float32, b uint64) int {
	n, wide := vectors(len(dst))
	switch {
	case n == 0:
	case wide:
		uniformAVX512(dst[:n], b, s.name, s.seed, s.step)
	default:
		uniformAVX2(dst[:n], b, s.name, s.seed, s.step)
	}
	return n
}

// dropBulk is bulk for Drop32; below is one less than the least draw that keeps an element, in units of 2^-24.
func (s Stream) dropBulk(dst, x []float32, b uint64, below int32, scale float32) int {
	n, wide := vectors(len(dst))
	switch {
	case n == 0:
	case wide:
		dropAVX512(dst[:n], b, s.name, s.seed, s.step, x, below, scale)
	default:
		dropAVX2(dst[:n], b, s.name, s.seed, s.step, x, below, scale)
	}
	return n
}

// vectors returns how many of n draws are made by assembly, and whether that is AVX-512.
func vectors(n int) (whole int, wide bool) {
	switch {
	case cpu.X86.HasAVX512F && n >= 32:
		return n &^ 31, true
	case cpu.X86.HasAVX2:
		return n &^ 15, false
	}
	return 0, false
}
