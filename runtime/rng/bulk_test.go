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

// TestDrop32 compares with draws of one element, of rates that lie on a draw, next to one, and at the ends.
func TestDrop32(t *testing.T) {
	s := New(7, 3, "drop")
	on := float64(s.Uint32(40)>>8) * 0x1p-24
	x := make([]float32, 300)
	for i := range x {
		x[i] = float32(i + 1)
	}
	for _, rate := range []float64{0, 0.5, 1, on, math.Nextafter(on, 0), math.Nextafter(on, 1)} {
		for first := range 9 {
			for _, n := range []int{0, 1, 5, 31, 36, 131, 300} {
				got := append([]float32(nil), x...)
				s.Drop32(got[:n], got[:n], first, rate, 3)
				for j, v := range got {
					want := 3 * x[j]
					switch {
					case j >= n:
						want = x[j]
					case float64(s.Uint32(first+j)>>8)*0x1p-24 < rate:
						want = 0
					}
					if v != want {
						t.Fatalf("rate %v, %d draws from %d on: element %d is %v, want %v", rate, n, first, j, v, want)
					}
				}
			}
		}
	}
}
