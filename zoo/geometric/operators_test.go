package geometric

import (
	"math"
	"testing"

	"graft/zoo/entry"
)

// TestOperators compares the operators of a small directed graph with their formulas, written out over dense matrices. One edge
// is given twice, one is a self loop, and node 3 is isolated.
func TestOperators(t *testing.T) {
	const n = 4
	source, target := []int32{0, 1, 1, 2, 2, 2}, []int32{1, 0, 2, 1, 1, 2}
	var a, loops [n][n]float64 // [target][source]
	for k := range source {
		if source[k] != target[k] {
			a[target[k]][source[k]]++
		}
	}
	loops = a
	for v := range n {
		loops[v][v] = 1
	}
	column := func(m [n][n]float64, j int) (sum float64) {
		for i := range n {
			sum += m[i][j]
		}
		return sum
	}
	row := func(m [n][n]float64, i int) (sum float64) {
		for j := range n {
			sum += m[i][j]
		}
		return sum
	}
	inverse := func(x float64) float64 {
		if x == 0 {
			return 0
		}
		return 1 / x
	}
	root := func(m [n][n]float64, j int) float64 { return math.Sqrt(inverse(column(m, j))) }
	largest := max(row(a, 0), row(a, 1), row(a, 2), row(a, 3))
	splines := splineOperators()
	for _, c := range []struct {
		name string
		make entry.FromEdges
		want func(i, j int) float64
	}{
		{"propagation", propagation, func(i, j int) float64 { return loops[i][j] * root(loops, i) * root(loops, j) }},
		{"laplacian", laplacian, func(i, j int) float64 { return -a[i][j] * root(a, i) * root(a, j) }},
		{byNeighbours, symmetricNeighbours, func(i, j int) float64 { return a[i][j] * root(a, i) * root(a, j) }},
		{byMean, mean(true), func(i, j int) float64 { return loops[i][j] * inverse(row(loops, i)) }},
		{byMeanNeighbours, mean(false), func(i, j int) float64 { return a[i][j] * inverse(row(a, i)) }},
		{"spline0", splines[0].make, func(i, j int) float64 { return a[i][j] * inverse(row(a, i)) * (1 - row(a, i)/largest) }},
		{"spline1", splines[1].make, func(i, j int) float64 { return a[i][j] / largest }},
		{"joined", joined, func(i, j int) float64 { return min(1, a[i][j]) }},
	} {
		p, entries, err := c.make(n, source, target)
		if err != nil {
			t.Fatal(err)
		}
		var got [n][n]float64
		for k, x := range entries {
			got[p.Row[k]][p.Col[k]] = float64(x)
		}
		for i := range n {
			for j := range n {
				if math.Abs(got[i][j]-c.want(i, j)) > 1e-6 {
					t.Errorf("%s: entry (%d, %d) is %v, want %v", c.name, i, j, got[i][j], c.want(i, j))
				}
			}
		}
	}
}
