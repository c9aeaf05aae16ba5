//go:build !noasm

package rng

import "golang.org/x/sys/cpu"

//go:generate go -C ../native/avo run ./philox -out ../../rng/philox_amd64.s -stubs ../../rng/philox_stubs_amd64.go -pkg rng

// bulk fills a part of dst, from the start, with the draws of whole blocks from block b on, and returns how long it is.
func (s Stream) bulk(dst []float32, b uint64) int {
	switch {
	case cpu.X86.HasAVX512F && len(dst) >= 32:
		n := len(dst) &^ 31
		uniformAVX512(dst[:n], b, s.name, s.seed, s.step)
		return n
	case cpu.X86.HasAVX2 && len(dst) >= 16:
		n := len(dst) &^ 15
		uniformAVX2(dst[:n], b, s.name, s.seed, s.step)
		return n
	}
	return 0
}
