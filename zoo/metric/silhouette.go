package metric

import (
	"fmt"
	"math"
)

// Silhouette returns the mean silhouette coefficient of n labelled points x [n, d], row-major: how much nearer, by Euclidean
// distance, points are to those of their own label than to those of the next one (Rousseeuw 1987). A point's coefficient is
// (b - a) / max(a, b), where a is its mean distance to the other points of its label and b the least of its mean distances to the points
// of another; it lies in -1..1. That of a point alone with its label is 0, and so is that of a point at distance 0 from both.
// A coordinate that is NaN makes the result NaN.
//
// Labels are at least 0, and there are at least two different ones. Time grows with n², memory with the largest label.
func Silhouette[T float32 | float64](x []T, n, d int, label []int32) (float64, error) {
	if n < 1 || d < 1 || len(x)/d != n || len(x)%d != 0 || len(label) != n {
		return 0, fmt.Errorf("silhouette: %d values and %d labels are not %d points of %d dimensions", len(x), len(label), n, d)
	}
	var size []int // by label
	for i, l := range label {
		if l < 0 {
			return 0, fmt.Errorf("silhouette: the label of point %d is %d", i, l)
		}
		if extra := int(l) + 1 - len(size); extra > 0 {
			size = append(size, make([]int, extra)...)
		}
		size[l]++
	}
	if size[label[0]] == n {
		return 0, fmt.Errorf("silhouette: all points have label %d", label[0])
	}
	total := 0.0
	sum := make([]float64, len(size)) // of the distances of one point, by label
	for i := range n {
		own := label[i]
		if size[own] == 1 {
			continue
		}
		clear(sum)
		for j, l := range label {
			squared := 0.0
			for k := range d {
				by := float64(x[i*d+k]) - float64(x[j*d+k])
				squared += by * by
			}
			sum[l] += math.Sqrt(squared)
		}
		a, b := sum[own]/float64(size[own]-1), math.Inf(1)
		for l, s := range sum {
			if l != int(own) && size[l] > 0 {
				b = min(b, s/float64(size[l]))
			}
		}
		if a != 0 || b != 0 {
			total += (b - a) / max(a, b)
		}
	}
	return total / float64(n), nil
}
