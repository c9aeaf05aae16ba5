package main

import "math"

// fit returns the coefficients, constant term first, of the polynomial that interpolates a power series at the Chebyshev
// points of [lo, hi]. Its largest error is within a small factor of the best polynomial's of that degree (Trefethen,
// Approximation Theory and Approximation Practice, chapter 16), so that no table of constants need be taken on trust. The
// series must converge well enough that 200 terms hold it to the last bit of a float64.
func fit(term func(j int) float64, lo, hi float64, degree int) []float32 {
	x, newton := make([]float64, degree+1), make([]float64, degree+1)
	for i := range x {
		x[i] = (lo+hi)/2 + (hi-lo)/2*math.Cos(math.Pi*(float64(i)+0.5)/float64(degree+1))
		for j := 200; j >= 0; j-- {
			newton[i] = newton[i]*x[i] + term(j)
		}
	}
	for order := 1; order <= degree; order++ { // divided differences
		for i := degree; i >= order; i-- {
			newton[i] = (newton[i] - newton[i-1]) / (x[i] - x[i-order])
		}
	}
	p := make([]float64, degree+1) // powers of x, by Horner's rule over Newton's form
	for i := degree; i >= 0; i-- {
		for j := degree; j > 0; j-- {
			p[j] = p[j-1] - x[i]*p[j]
		}
		p[0] = newton[i] - x[i]*p[0]
	}
	rounded := make([]float32, degree+1)
	for j, c := range p {
		rounded[j] = float32(c)
	}
	return rounded
}

// factorial is infinite where a float64 cannot hold it, and its inverse then 0.
func factorial(n int) float64 {
	f := 1.0
	for i := 2; i <= n; i++ {
		f *= float64(i)
	}
	return f
}

// expTail is the series of (exp(r) - 1 - r) / r^2 for |r| up to half of ln 2.
func expTail(degree int) []float32 {
	return fit(func(j int) float64 { return 1 / factorial(j+2) }, -math.Ln2/2, math.Ln2/2, degree)
}

// logTail is the series of (log(1+f) - f + f^2/2) / f^3 for 1+f between the roots of 1/2 and 2.
func logTail(degree int) []float32 {
	return fit(func(j int) float64 { return alternating(j) / float64(j+3) }, math.Sqrt2/2-1, math.Sqrt2-1, degree)
}

// sinTail is the series of (sin(r) - r) / r^3 in r^2, for |r| up to pi/4.
func sinTail(degree int) []float32 {
	return fit(func(j int) float64 { return -alternating(j) / factorial(2*j+3) }, 0, math.Pi*math.Pi/16, degree)
}

// cosTail is the series of (cos(r) - 1) / r^2 in r^2, for |r| up to pi/4.
func cosTail(degree int) []float32 {
	return fit(func(j int) float64 { return -alternating(j) / factorial(2*j+2) }, 0, math.Pi*math.Pi/16, degree)
}

// tanhTail is the series of (tanh(x) - x) / x^3 in x^2, for |x| up to a limit below 1.
func tanhTail(degree int, limit float64) []float32 {
	// tanh' = 1 - tanh^2, and so (2k+1) a(k) = -(sum of a(i) a(k-1-i)), of tanh(x) = sum of a(k) x^(2k+1).
	a := []float64{1}
	for k := 1; k < 250; k++ {
		sum := 0.0
		for i, v := range a {
			sum -= v * a[k-1-i]
		}
		a = append(a, sum/float64(2*k+1))
	}
	return fit(func(j int) float64 { return a[j+1] }, 0, limit*limit, degree)
}

func alternating(j int) float64 { return float64(1 - j%2*2) }
