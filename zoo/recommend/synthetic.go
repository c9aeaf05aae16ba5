package recommend

import (
	"math"
	"math/rand/v2"
)

// The fields of a row: like Criteo's, 13 that were counts and 26 of categories.
const (
	countFields    = 13
	categoryFields = 26
	fields         = countFields + categoryFields
)

// Synthetic generates rows whose click probabilities are known, "synthetic-clicks". The seed alone determines them (up to how
// an architecture rounds fused multiply-adds), and each part begins like a shorter one. A negative count is taken as 0.
//
// Features are drawn independently, by a law like Zipf's within a field. Every feature has a weight and a trait. The log-odds
// are a constant, plus the weights of all fields, plus products of the traits of some pairs and some triples of the count
// fields: what a linear model, a factorization machine, and only deeper networks can express.
func Synthetic(seed, train, val, test int) *Dataset {
	m := newClickModel(rand.New(rand.NewPCG(uint64(seed), 0)))
	part := func(stream uint64, n int) Split {
		return m.draw(rand.New(rand.NewPCG(uint64(seed), stream)), max(n, 0))
	}
	return &Dataset{
		Name: "synthetic-clicks", Fields: fields, Features: len(m.weight),
		Train: part(1, train), Val: part(2, val), Test: part(3, test),
	}
}

// The constant of the log-odds, and the standard deviation of each of their terms. The best possible AUC is then about 0.83, that
// of the weights alone 0.66, and with the products of two 0.78.
const (
	oddsBase   = -1.4 // about a quarter of the rows are clicks, as in Criteo
	oddsFirst  = 0.8
	oddsSecond = 1.2
	oddsThird  = 1.0
)

// pairs and triples are the fields whose traits are multiplied, each field but the first in one product.
func pairs() [][2]int   { return [][2]int{{0, 1}, {2, 3}, {4, 5}, {6, 7}} }
func triples() [][3]int { return [][3]int{{8, 9, 10}, {11, 12, 0}} }

// clickModel is what clicks are drawn from.
type clickModel struct {
	first         [fields + 1]int // where the features of a field begin
	popularity    [fields][]float64
	weight, trait []float64 // by feature, standardised within the field
}

func newClickModel(rng *rand.Rand) *clickModel {
	m := &clickModel{}
	for f := range fields {
		size := 8
		if f >= countFields {
			size = 8 + rng.IntN(32)
		}
		m.first[f+1] = m.first[f] + size
		m.popularity[f] = make([]float64, size)
		for v := range size {
			m.popularity[f][v] = 1 / float64(v+3)
		}
		normalise(m.popularity[f])
		m.weight = append(m.weight, standardised(rng, m.popularity[f])...)
		m.trait = append(m.trait, standardised(rng, m.popularity[f])...)
	}
	return m
}

func normalise(p []float64) {
	sum := 0.0
	for _, x := range p {
		sum += x
	}
	for i := range p {
		p[i] /= sum
	}
}

// standardised draws a number for each outcome so that under their probabilities the mean is 0 and the variance 1.
func standardised(rng *rand.Rand, p []float64) []float64 {
	z := make([]float64, len(p))
	mean, square := 0.0, 0.0
	for i := range z {
		z[i] = rng.NormFloat64()
		mean += p[i] * z[i]
		square += p[i] * z[i] * z[i]
	}
	deviation := math.Sqrt(square - mean*mean)
	for i := range z {
		z[i] = (z[i] - mean) / deviation
	}
	return z
}

func (m *clickModel) draw(rng *rand.Rand, n int) Split {
	s := Split{N: n, X: make([]int32, n*fields), Labels: make([]int32, n), Logits: make([]float64, n)}
	for i := range n {
		row := s.X[i*fields : (i+1)*fields]
		for f := range row {
			row[f] = int32(m.first[f] + pick(m.popularity[f], rng.Float64()))
		}
		first, second, third := m.terms(row)
		s.Logits[i] = oddsBase + oddsFirst*first + oddsSecond*second + oddsThird*third
		if rng.Float64() < 1/(1+math.Exp(-s.Logits[i])) {
			s.Labels[i] = 1
		}
	}
	return s
}

// pick returns the outcome at which the probabilities add up to more than u.
func pick(p []float64, u float64) int {
	for i, x := range p {
		if u -= x; u < 0 {
			return i
		}
	}
	return len(p) - 1
}

// terms returns the three parts of a row's log-odds, each of variance 1.
func (m *clickModel) terms(row []int32) (first, second, third float64) {
	for _, x := range row {
		first += m.weight[x]
	}
	for _, p := range pairs() {
		second += m.trait[row[p[0]]] * m.trait[row[p[1]]]
	}
	for _, p := range triples() {
		third += m.trait[row[p[0]]] * m.trait[row[p[1]]] * m.trait[row[p[2]]]
	}
	return first / math.Sqrt(fields), second / math.Sqrt(float64(len(pairs()))), third / math.Sqrt(float64(len(triples())))
}
