package geometric

import (
	"graft/runtime/buffer"
)

// The route operators that definitions can be given by name: how errors travel from node to node. But for the last two, which are
// no inputs of that name, the name is that of the input.
const (
	byNeighbours     = "symmetric_neighbours"
	byMean           = "mean"
	byMeanNeighbours = "mean_neighbours"
	bySymmetric      = "symmetric" // the propagation matrix
	byAttention      = "attention" // the coefficients of the layer that follows
)

// routeSizes holds the symbol of an operator's number of entries.
var routeSizes = map[string]string{byNeighbours: "edges", byMean: "links", byMeanNeighbours: "edges"}

// routeOperators are the inputs that only routes read.
func routeOperators() []operator {
	return []operator{
		{byNeighbours, routeSizes[byNeighbours], symmetricNeighbours},
		{byMean, routeSizes[byMean], mean(true)},
		{byMeanNeighbours, routeSizes[byMeanNeighbours], mean(false)},
	}
}

// symmetricNeighbours is D^-1/2 A D^-1/2 without self loops.
func symmetricNeighbours(nodes int, source, target []int32) (*buffer.Pattern, []float32, error) {
	return normalised(nodes, source, target, false, 1)
}

// mean is the mean over incoming edges, D^-1 A, or D^-1 (A+I) with self loops.
func mean(loops bool) func(nodes int, source, target []int32) (*buffer.Pattern, []float32, error) {
	return func(nodes int, source, target []int32) (*buffer.Pattern, []float32, error) {
		p, times, err := countEdges(nodes, source, target, loops)
		if err != nil {
			return nil, nil, err
		}
		degree := make([]float64, nodes)
		for k, n := range times {
			degree[p.Row[k]] += n
		}
		entries := make([]float32, p.NNZ())
		for k, n := range times {
			entries[k] = float32(n / degree[p.Row[k]])
		}
		return p, entries, nil
	}
}
