package geometric

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"graft/runtime/buffer"
)

// links is a graph some of whose edges are kept from training, to be predicted.
type links struct {
	train        *buffer.Pattern // [nodes, nodes], the training edges in both directions
	test, absent *buffer.Pattern // [nodes, nodes], test edges, and as many pairs that are no edge, above the diagonal
	// The same for validation: val has edges of its own, and valAbsent pairs that absent does not have.
	val, valAbsent *buffer.Pattern
}

// The shares of the undirected edges that are kept for validation and for testing.
const (
	validationShare = 0.05
	testShare       = 0.1
)

// splitLinks draws the split of a graph's edges that the published code trains auto-encoders on (train_test_split_edges of
// PyTorch Geometric 1.5.0). The seed alone determines it.
func splitLinks(adj *buffer.Pattern, seed int32) (*links, error) {
	const stream = 1
	rng := rand.New(rand.NewPCG(uint64(uint32(seed)), stream))
	var edges [][2]int32
	for k := range adj.Col {
		if u, v := adj.Row[k], adj.Col[k]; u < v {
			edges = append(edges, [2]int32{u, v})
		}
	}
	rng.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
	val := int(validationShare * float64(len(edges)))
	test := int(testShare * float64(len(edges)))
	if val == 0 || test == 0 || val+test == len(edges) {
		return nil, fmt.Errorf("%d edges are too few to be split into training, validation and test edges", len(edges))
	}
	var l links
	var err error
	if l.train, err = adjacency(adj.Rows, edges[val+test:]); err != nil {
		return nil, err
	}
	if l.val, err = halfPattern(adj.Rows, edges[:val]); err != nil {
		return nil, err
	}
	if l.test, err = halfPattern(adj.Rows, edges[val:val+test]); err != nil {
		return nil, err
	}
	if l.absent, err = absentPairs(rng, adj, test, true); err != nil {
		return nil, err
	}
	for k, u := range l.absent.Row {
		edges = append(edges, [2]int32{u, l.absent.Col[k]})
	}
	taken, err := adjacency(adj.Rows, edges)
	if err != nil {
		return nil, err
	}
	l.valAbsent, err = absentPairs(rng, taken, val, true)
	return &l, err
}

// halfPattern has an entry for each of the given pairs.
func halfPattern(nodes int, pairs [][2]int32) (*buffer.Pattern, error) {
	row, col := make([]int32, len(pairs)), make([]int32, len(pairs))
	for i, e := range pairs {
		row[i], col[i] = e[0], e[1]
	}
	p, _, err := buffer.NewPattern(nodes, nodes, row, col)
	return p, err
}

// union returns the pattern of the entries of both, and which of them are those of a. They have none in common.
func union(a, b *buffer.Pattern) (p *buffer.Pattern, ofA []bool, err error) {
	p, order, err := buffer.NewPattern(a.Rows, a.Cols, slices.Concat(a.Row, b.Row), slices.Concat(a.Col, b.Col))
	ofA = make([]bool, len(order))
	for k, at := range order {
		ofA[k] = at < a.NNZ()
	}
	return p, ofA, err
}

// negatives draws pairs of different nodes that no training edge joins: one for each direction of a training edge and one a node
// more, or all there are where these are fewer. Seed and epoch alone determine them.
func (l *links) negatives(seed int32, epoch int) (*buffer.Pattern, error) {
	const stream = 2
	rng := rand.New(rand.NewPCG(uint64(uint32(seed)), uint64(epoch)<<8|stream))
	return absentPairs(rng, l.train, l.train.NNZ()+l.train.Rows, false)
}

// absentPairs draws different pairs of different nodes at which adj has no entry, all equally likely; only pairs above the
// diagonal where upper is set. Where there are fewer than count, it returns all.
func absentPairs(rng *rand.Rand, adj *buffer.Pattern, count int, upper bool) (*buffer.Pattern, error) {
	n := int64(adj.Rows)
	free := n*(n-1) - int64(adj.NNZ())
	if upper {
		free /= 2
	}
	want := min(int64(count), free)
	places := make([]int64, 0, want) // sorted and without repetition after each round
	for int64(len(places)) < want {
		for missing := want - int64(len(places)); missing > 0; {
			at := rng.Int64N(n * n)
			u, v := int32(at/n), int32(at%n)
			if u == v || upper && u > v {
				continue
			}
			if _, edge := slices.BinarySearch(adj.Col[adj.RowPtr[u]:adj.RowPtr[u+1]], v); edge {
				continue
			}
			places, missing = append(places, at), missing-1
		}
		slices.Sort(places)
		places = slices.Compact(places)
	}
	row, col := make([]int32, want), make([]int32, want)
	for k, at := range places {
		row[k], col[k] = int32(at/n), int32(at%n)
	}
	p, _, err := buffer.NewPattern(adj.Rows, adj.Rows, row, col)
	return p, err
}
