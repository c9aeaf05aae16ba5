package geometric

import (
	"math"
	"slices"

	"graft/runtime/buffer"
	"graft/zoo/entry"
)

// operator is a sparse input [nodes, nodes] that is made from the edges of the graph, its rows the targets.
type operator struct {
	name string
	size string // the symbol of its number of entries
	make entry.FromEdges
}

func propagationOperator() operator { return operator{"propagation", "links", propagation} }

// fromEdges returns the operators as an entry lists them.
func fromEdges(operators []operator) map[string]entry.FromEdges {
	out := map[string]entry.FromEdges{}
	for _, o := range operators {
		out[o.name] = o.make
	}
	return out
}

// propagation is the matrix that GCNConv of PyTorch Geometric 1.5.0 propagates with, its rows the targets: D^-1/2 (A+I) D^-1/2
// (Kipf & Welling 2017, equation 2), where D counts the edges of A+I by their source. Like there, a node has one self loop,
// whether it is given, given twice or not, and another edge counts as often as it is given.
func propagation(nodes int, source, target []int32) (*buffer.Pattern, []float32, error) {
	return normalised(nodes, source, target, true, 1)
}

// laplacian is the matrix of ChebConv of PyTorch Geometric 1.5.0 for the largest eigenvalue 2, its rows the targets:
// -D^-1/2 A D^-1/2, where A has no self loops and D counts its edges by their source. An edge counts as often as it is given.
func laplacian(nodes int, source, target []int32) (*buffer.Pattern, []float32, error) {
	return normalised(nodes, source, target, false, -1)
}

func normalised(nodes int, source, target []int32, loops bool, sign float64) (*buffer.Pattern, []float32, error) {
	p, times, err := countEdges(nodes, source, target, loops)
	if err != nil {
		return nil, nil, err
	}
	degree := make([]float64, nodes)
	for k, n := range times {
		degree[p.Col[k]] += n
	}
	root := make([]float64, nodes) // 1/sqrt(degree), 0 for nodes that no edge leaves
	for v, d := range degree {
		if d > 0 {
			root[v] = 1 / math.Sqrt(d)
		}
	}
	entries := make([]float32, p.NNZ())
	for k, n := range times {
		entries[k] = float32(sign * (n * (root[p.Row[k]] * root[p.Col[k]])))
	}
	return p, entries, nil
}

// countEdges returns the places (target, source) of the edges and how often each is given. Self loops are left out, or each node
// has one.
func countEdges(nodes int, source, target []int32, loops bool) (*buffer.Pattern, []float64, error) {
	places := make([]int64, 0, len(source)+nodes) // in row order, once sorted
	for k := range source {
		if source[k] != target[k] {
			places = append(places, int64(target[k])*int64(nodes)+int64(source[k]))
		}
	}
	if loops {
		for v := range nodes {
			places = append(places, int64(v)*int64(nodes)+int64(v))
		}
	}
	slices.Sort(places)
	var row, col []int32
	var times []float64
	for k, at := range places {
		if k == 0 || at != places[k-1] {
			row, col, times = append(row, int32(at/int64(nodes))), append(col, int32(at%int64(nodes))), append(times, 0)
		}
		times[len(times)-1]++
	}
	p, _, err := buffer.NewPattern(nodes, nodes, row, col)
	return p, times, err
}

// splineOperators are the matrices of a spline convolution in the pseudo-coordinate of the published code, the target's number
// of incoming edges in units of the largest: u. Entries of row i are (1-u)/degree and u/degree.
func splineOperators() []operator {
	weighted := func(by func(u float64) float64) entry.FromEdges {
		return func(nodes int, source, target []int32) (*buffer.Pattern, []float32, error) {
			return meanBy(nodes, source, target, by)
		}
	}
	return []operator{
		{"spline0", "edges", weighted(func(u float64) float64 { return 1 - u })},
		{"spline1", "edges", weighted(func(u float64) float64 { return u })},
	}
}

// meanBy returns the mean over incoming edges, each row times a function of its number of edges in units of the largest.
func meanBy(nodes int, source, target []int32, by func(u float64) float64) (*buffer.Pattern, []float32, error) {
	p, times, err := countEdges(nodes, source, target, false)
	if err != nil {
		return nil, nil, err
	}
	degree, largest := make([]float64, nodes), 0.0
	for k, n := range times {
		v := p.Row[k]
		degree[v] += n
		largest = max(largest, degree[v])
	}
	entries := make([]float32, p.NNZ())
	for k, n := range times {
		d := degree[p.Row[k]]
		entries[k] = float32(n * by(d/largest) / d)
	}
	return p, entries, nil
}
