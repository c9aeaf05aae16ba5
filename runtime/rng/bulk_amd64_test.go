//go:build !noasm

package rng

import (
	"slices"
	"testing"

	"golang.org/x/sys/cpu"
)

// TestBulkFamilies compares the routines, of which bulk takes the best.
func TestBulkFamilies(t *testing.T) {
	if !cpu.X86.HasAVX512F {
		t.Skip("this processor has only one of them, or none")
	}
	s := New(-5, 6, "families")
	for _, block := range []uint64{0, 1<<32 - 5, 1<<62 - 3} {
		wide, narrow := make([]float32, 96), make([]float32, 96)
		uniformAVX512(wide, block, s.name, s.seed, s.step)
		uniformAVX2(narrow, block, s.name, s.seed, s.step)
		if !slices.Equal(wide, narrow) {
			t.Errorf("block %d: %v and %v", block, wide, narrow)
		}
		x := slices.Clone(wide)
		dropAVX512(wide, block, s.name, s.seed, s.step, x, 1<<22, 1.5)
		dropAVX2(narrow, block, s.name, s.seed, s.step, x, 1<<22, 1.5)
		if !slices.Equal(wide, narrow) {
			t.Errorf("block %d: %v and %v of %v", block, wide, narrow, x)
		}
	}
}
