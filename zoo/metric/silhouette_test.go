package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSilhouetteByHand is of points on a line: 0 and 1 of one label, 4 and 6 of another, and 10 alone with its own.
func TestSilhouetteByHand(t *testing.T) {
	// Point 0: a = 1, b = (4+6)/2 = 5. Point 1: a = 1, b = (3+5)/2 = 4. Point 4: a = 2, b = min((4+3)/2, 6) = 3.5. Point 6: a = 2,
	// b = min((6+5)/2, 4) = 4. Point 10: 0.
	want := (4./5 + 3./4 + 1.5/3.5 + 2./4 + 0) / 5
	got, err := Silhouette([]float32{0, 1, 4, 6, 10}, 5, 1, []int32{0, 0, 3, 3, 1})
	if err != nil || math.Abs(got-want) > 1e-15 {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// TestSilhouette compares with the definition, written out over the matrix of distances.
func TestSilhouette(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for range 50 {
		n, d, labels := 2+rng.IntN(30), 1+rng.IntN(4), 2+rng.IntN(4)
		x, label := make([]float64, n*d), make([]int32, n)
		for i := range x {
			x[i] = float64(rng.IntN(4)) // few values make many equal points
		}
		for i := range label {
			label[i] = int32(rng.IntN(labels))
		}
		label[0], label[1] = 0, 1
		got, err := Silhouette(x, n, d, label)
		if want := silhouette(x, n, d, label); err != nil || math.Abs(got-want) > 1e-12 {
			t.Fatalf("got %v, %v, want %v of %v %v", got, err, want, x, label)
		}
	}
}

func silhouette(x []float64, n, d int, label []int32) float64 {
	mean := func(i int, l int32) (float64, int) {
		sum, count := 0.0, 0
		for j := range n {
			if j == i || label[j] != l {
				continue
			}
			squared := 0.0
			for k := range d {
				squared += math.Pow(x[i*d+k]-x[j*d+k], 2)
			}
			sum, count = sum+math.Sqrt(squared), count+1
		}
		return sum / float64(count), count
	}
	total := 0.0
	for i := range n {
		a, alone := mean(i, label[i])
		b := math.Inf(1)
		for l := range int32(n + 10) {
			if m, count := mean(i, l); l != label[i] && count > 0 {
				b = math.Min(b, m)
			}
		}
		switch {
		case alone == 0:
		case a < b:
			total += 1 - a/b
		case a > b:
			total += b/a - 1
		}
	}
	return total / float64(n)
}

func TestSilhouetteErrors(t *testing.T) {
	x := []float32{0, 1, 2, 3}
	for name, c := range map[string]struct {
		n, d  int
		label []int32
	}{
		"sizes":         {3, 1, []int32{0, 1, 0}},
		"labels":        {4, 1, []int32{0, 1, 0}},
		"dimensions":    {4, 0, []int32{0, 1, 0, 1}},
		"one label":     {4, 1, []int32{2, 2, 2, 2}},
		"negative":      {2, 2, []int32{0, -1}},
		"no points":     {0, 1, nil},
		"not a product": {1, 3, []int32{0}},
	} {
		if _, err := Silhouette(x, c.n, c.d, c.label); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s, err := Silhouette([]float32{0, 1, float32(math.NaN())}, 3, 1, []int32{0, 0, 1}); err != nil || !math.IsNaN(s) {
		t.Errorf("a coordinate that is no number: %v, %v", s, err)
	}
}
