package geometric

import (
	"fmt"
	"math"
	"slices"

	"graft/runtime/buffer"
)

// Citation is a graph of documents that cite one another, with the words of each and the class of each.
type Citation struct {
	Name                     string
	Nodes, Features, Classes int
	X                        *buffer.Pattern // [Nodes, Features], which words a document has
	XEntries                 []float32       // [X.NNZ()], in the row order of X
	Label                    []int32         // [Nodes], 0..Classes-1
	Train, Val, Test         []int32         // node ids, disjoint; a node may be in none
	Adj                      *buffer.Pattern // [Nodes, Nodes], symmetric, without self loops
}

// RowNormalise returns the entries of X divided by max(1, the sum of their row). Rows that sum to less than 1, as
// PubMed's tf-idf rows may, stay as they are. XEntries is not changed.
func (c *Citation) RowNormalise() []float32 {
	out := make([]float32, len(c.XEntries))
	for r := range c.Nodes {
		lo, hi := c.X.RowPtr[r], c.X.RowPtr[r+1]
		sum := 0.0
		for _, v := range c.XEntries[lo:hi] {
			sum += float64(v)
		}
		sum = max(1, sum)
		for k := lo; k < hi; k++ {
			out[k] = float32(float64(c.XEntries[k]) / sum)
		}
	}
	return out
}

// Validate checks everything the comments of Citation promise, and that features are finite.
func (c *Citation) Validate() error {
	if err := c.validate(); err != nil {
		return fmt.Errorf("citation data %q: %w", c.Name, err)
	}
	return nil
}

func (c *Citation) validate() error {
	switch {
	case c.Nodes <= 0 || c.Features <= 0 || c.Classes <= 0:
		return fmt.Errorf("%d nodes, %d features, %d classes: none may be 0", c.Nodes, c.Features, c.Classes)
	case c.X == nil || c.X.Rows != c.Nodes || c.X.Cols != c.Features:
		return fmt.Errorf("features X are not a pattern of %d x %d", c.Nodes, c.Features)
	case len(c.XEntries) != c.X.NNZ():
		return fmt.Errorf("features X have %d positions but %d entries", c.X.NNZ(), len(c.XEntries))
	case len(c.Label) != c.Nodes:
		return fmt.Errorf("%d labels for %d nodes", len(c.Label), c.Nodes)
	case c.Adj == nil || c.Adj.Rows != c.Nodes || c.Adj.Cols != c.Nodes:
		return fmt.Errorf("adjacency Adj is not a pattern of %d x %d", c.Nodes, c.Nodes)
	}
	for k, v := range c.XEntries {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("feature %d of node %d is %v", c.X.Col[k], c.X.Row[k], v)
		}
	}
	for v, l := range c.Label {
		if l < 0 || int(l) >= c.Classes {
			return fmt.Errorf("label of node %d is %d, not 0..%d", v, l, c.Classes-1)
		}
	}
	for k := range c.Adj.Col {
		u, v := c.Adj.Row[k], c.Adj.Col[k]
		if u == v {
			return fmt.Errorf("node %d has a self loop", u)
		}
		if _, ok := slices.BinarySearch(c.Adj.Col[c.Adj.RowPtr[v]:c.Adj.RowPtr[v+1]], u); !ok {
			return fmt.Errorf("edge %d-%d is there in one direction only", u, v)
		}
	}
	return c.validateSplits()
}

func (c *Citation) validateSplits() error {
	owner := make([]string, c.Nodes)
	for _, s := range []struct {
		name  string
		nodes []int32
	}{{"train", c.Train}, {"val", c.Val}, {"test", c.Test}} {
		for i, v := range s.nodes {
			if v < 0 || int(v) >= c.Nodes {
				return fmt.Errorf("%s[%d] is node %d, outside of 0..%d", s.name, i, v, c.Nodes-1)
			}
			if owner[v] != "" {
				return fmt.Errorf("%s[%d] is node %d, which is in %s already", s.name, i, v, owner[v])
			}
			owner[v] = s.name
		}
	}
	return nil
}

// adjacency builds the symmetric pattern of undirected edges between nodes 0..nodes-1; self loops and repeated edges are
// dropped.
func adjacency(nodes int, edges [][2]int32) (*buffer.Pattern, error) {
	keys := make([]int64, 0, 2*len(edges))
	for _, e := range edges {
		if u, v := int64(e[0]), int64(e[1]); u != v {
			keys = append(keys, u*int64(nodes)+v, v*int64(nodes)+u)
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	row, col := make([]int32, len(keys)), make([]int32, len(keys))
	for k, key := range keys {
		row[k], col[k] = int32(key/int64(nodes)), int32(key%int64(nodes))
	}
	p, _, err := buffer.NewPattern(nodes, nodes, row, col)
	return p, err
}
