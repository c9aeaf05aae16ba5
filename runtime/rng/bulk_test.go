package rng

import (
	"math"
	"testing"
)

// TestBulk compares with draws of one element, at all offsets and lengths around the vectors', and across the carry from
// the counter's first word to its second.
func TestBulk(t *testing.T) {
	for _, s := range []Stream{New(0, 0, ""), New(-1, math.MinInt32, "bulk"), New(7, 3, "block0/dropout")} {
		for _, base := range []int{0, 1 << 20, 1<<34 - 64} {
			for first := base; first < base+9; first++ {
				for n := range 140 {
					got := make([]float32, n+1)
					got[n] = 2 // a draw is below 1
					s.Uniform32(got[:n], first)
					for j := range n {
						if want := float32(s.Uint32(first+j)>>8) * 0x1p-24; got[j] != want {
							t.Fatalf("%d draws from %d on: element %d is %v, want %v", n, first, j, got[j], want)
						}
					}
					if got[n] != 2 {
						t.Fatalf("%d draws from %d on: one more was written", n, first)
					}
				}
			}
		}
	}
}
