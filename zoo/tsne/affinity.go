package tsne

import (
	"context"
	"math"
)

// entropyTolerance is how near the entropy of a row comes to the logarithm of the perplexity, in nats; as in the paper's code.
const entropyTolerance = 1e-5

// smallestNormal is the smallest float32 of full precision. Less is as good as 0 beside any other probability, and slow.
const smallestNormal = 0x1p-126

// affinities returns the joint probabilities p [n, n] of pairs of points, which sum to 1: p_ij = (p_j|i + p_i|j) / 2n (section 3.1
// of the paper).
func affinities(ctx context.Context, c crew, x []float32, n, d int, perplexity float64) ([]float32, error) {
	p := make([]float32, n*n)
	c.each(n, func(i int) {
		if ctx.Err() == nil {
			neighbours(p[i*n:(i+1)*n], x, i, d, perplexity)
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.each(n, func(i int) {
		for j := i + 1; j < n; j++ { // of both triangles, row i's part
			joint := float32((float64(p[i*n+j]) + float64(p[j*n+i])) / float64(2*n))
			if joint < smallestNormal {
				joint = 0
			}
			p[i*n+j], p[j*n+i] = joint, joint
		}
	})
	return p, nil
}

// neighbours sets row j to p_j|i, a Gaussian of the distance between points i and j (equation 1 of the paper) whose width gives the
// row the perplexity.
func neighbours(row []float32, x []float32, i, d int, perplexity float64) {
	n := len(row)
	squared := make([]float64, 0, n) // of all points but i, beyond the least of them: p_j|i does not depend on that
	for j := range n {
		if j == i {
			continue
		}
		sum := 0.0
		for k := range d { // not by inner products: those would cancel between near points
			by := float64(x[i*d+k]) - float64(x[j*d+k])
			sum += by * by
		}
		squared = append(squared, sum)
	}
	least, mean := math.Inf(1), 0.0
	for _, s := range squared {
		least = min(least, s)
	}
	for j := range squared {
		squared[j] -= least
		mean += squared[j] / float64(n-1)
	}
	weight := make([]float64, n-1)
	sum := calibrate(weight, squared, mean, math.Log(perplexity))
	row[i] = 0
	for j, w := range weight {
		if j >= i {
			j++
		}
		row[j] = float32(w / sum)
	}
}

// calibrate sets weights to exp(-β squared) and returns their sum, with β such that their entropy, once they sum to 1, is the target.
// It falls with growing β: β is doubled or halved, from 1/mean, until it lies between two bounds, and these are bisected. Where the
// entropy is above the target for any β, that of the last doubling is as good as infinite.
func calibrate(weight, squared []float64, mean, target float64) (sum float64) {
	const attempts = 200 // 64 to halve the width away, as many as a float64 has bits to bisect, and some
	beta := 1.0
	if mean > 0 {
		beta = 1 / mean
	}
	low, high := 0.0, math.Inf(1)
	for range attempts {
		var moment float64
		sum, moment = 0, 0
		for j, s := range squared {
			w := math.Exp(-beta * s)
			weight[j] = w
			sum += w
			moment += w * s
		}
		entropy := math.Log(sum) + beta*moment/sum
		switch {
		case math.Abs(entropy-target) < entropyTolerance:
			return sum
		case entropy < target:
			high, beta = beta, (low+beta)/2
		case !math.IsInf(high, 1):
			low, beta = beta, (beta+high)/2
		case beta*mean > 0x1p64:
			return sum
		default:
			low, beta = beta, 2*beta
		}
	}
	return sum
}
