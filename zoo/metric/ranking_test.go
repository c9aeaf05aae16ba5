package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestRanking compares both measures with their definitions, by brute force.
func TestRanking(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	draw := func(n, values int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(rng.IntN(values))
		}
		return out
	}
	for _, values := range []int{1, 2, 5, 1000} { // few values make many ties
		for range 20 {
			p, n := draw(1+rng.IntN(12), values), draw(1+rng.IntN(12), values)
			auc, ap := Ranking(p, n)
			if want := pairs(p, n); math.Abs(auc-want) > 1e-12 {
				t.Fatalf("auc of %v, %v is %v, want %v", p, n, auc, want)
			}
			if want := precision(p, n); math.Abs(ap-want) > 1e-12 {
				t.Fatalf("average precision of %v, %v is %v, want %v", p, n, ap, want)
			}
		}
	}
	if auc, ap := Ranking([]float32{3, 2}, []float32{1}); auc != 1 || ap != 1 {
		t.Errorf("perfect order: %v, %v", auc, ap)
	}
	if auc, ap := Ranking(nil, []float32{1}); !math.IsNaN(auc) || !math.IsNaN(ap) {
		t.Errorf("no positives: %v, %v", auc, ap)
	}
	nan := float32(math.NaN())
	if auc, ap := Ranking([]float32{nan, 2}, []float32{1, nan}); !math.IsNaN(auc) || !math.IsNaN(ap) {
		t.Errorf("scores that are no numbers: %v, %v", auc, ap)
	}
}

// pairs is the share of pairs in the right order.
func pairs(positive, negative []float32) float64 {
	right := 0.0
	for _, p := range positive {
		for _, n := range negative {
			switch {
			case p > n:
				right++
			case p == n:
				right += 0.5
			}
		}
	}
	return right / float64(len(positive)*len(negative))
}

// precision is the mean over positives of the precision among what scores at least as high.
func precision(positive, negative []float32) float64 {
	atLeast := func(scores []float32, s float32) (n float64) {
		for _, x := range scores {
			if x >= s {
				n++
			}
		}
		return n
	}
	sum := 0.0
	for _, s := range positive {
		p, n := atLeast(positive, s), atLeast(negative, s)
		sum += p / (p + n)
	}
	return sum / float64(len(positive))
}
