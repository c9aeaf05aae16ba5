package geometric

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"
)

const (
	maxFeatures = 1 << 20
	maxClasses  = 1 << 10
	maxEdges    = 1 << 24
)

// stored is a stored entry of a sparse row.
type stored struct {
	col   int32
	value float32
}

// features is a sparse matrix, its rows in ascending column order.
type features struct {
	rows [][]stored
	cols int
}

// decodeFeatures decodes the pickle of a csr_matrix of finite numbers without repeated positions.
func decodeFeatures(data []byte) (*features, error) {
	value, err := unpickle(data)
	if err != nil {
		return nil, err
	}
	m, ok := value.(*csrMatrix)
	if !ok || m.indptr == nil {
		return nil, errors.New("not the pickle of a scipy.sparse.csr_matrix")
	}
	ptr, err := m.indptr.ints()
	if err != nil {
		return nil, fmt.Errorf("indptr: %w", err)
	}
	cols, err := m.indices.ints()
	if err != nil {
		return nil, fmt.Errorf("indices: %w", err)
	}
	values, err := m.data.floats()
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	switch {
	case m.rows < 1 || m.cols < 1 || m.cols > maxFeatures:
		return nil, fmt.Errorf("matrix is %d x %d", m.rows, m.cols)
	case len(ptr)-1 != m.rows:
		return nil, fmt.Errorf("%d row pointers for %d rows", len(ptr), m.rows)
	case len(cols) != len(values):
		return nil, fmt.Errorf("%d column indices but %d entries", len(cols), len(values))
	case ptr[0] != 0 || ptr[m.rows] != int64(len(cols)):
		return nil, fmt.Errorf("row pointers run from %d to %d, not from 0 to %d", ptr[0], ptr[m.rows], len(cols))
	}
	f := &features{rows: make([][]stored, m.rows), cols: m.cols}
	for r := range f.rows {
		lo, hi := ptr[r], ptr[r+1]
		if lo > hi || hi > int64(len(cols)) {
			return nil, fmt.Errorf("row %d: its pointers run from %d to %d of %d entries", r, lo, hi, len(cols))
		}
		row := make([]stored, 0, hi-lo)
		for k := lo; k < hi; k++ {
			c, v := cols[k], values[k]
			if c < 0 || c >= int64(m.cols) {
				return nil, fmt.Errorf("row %d: column %d is outside of 0..%d", r, c, m.cols-1)
			}
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("row %d, column %d: %v", r, c, v)
			}
			row = append(row, stored{int32(c), v})
		}
		slices.SortFunc(row, func(a, b stored) int { return cmp.Compare(a.col, b.col) })
		for k := 1; k < len(row); k++ {
			if row[k].col == row[k-1].col {
				return nil, fmt.Errorf("row %d: column %d is given twice", r, row[k].col)
			}
		}
		f.rows[r] = row
	}
	return f, nil
}

// labels holds the class of each row of a one-hot matrix.
type labels struct {
	class   []int32
	classes int
}

// decodeLabels decodes the pickle of a one-hot integer array.
func decodeLabels(data []byte) (*labels, error) {
	value, err := unpickle(data)
	if err != nil {
		return nil, err
	}
	a, ok := value.(*ndarray)
	if !ok || len(a.shape) != 2 {
		return nil, errors.New("not the pickle of a numpy.ndarray of two dimensions")
	}
	hot, err := a.ints()
	if err != nil {
		return nil, err
	}
	n, classes := a.shape[0], a.shape[1]
	if n < 1 || classes < 1 || classes > maxClasses {
		return nil, fmt.Errorf("labels are %d x %d", n, classes)
	}
	l := &labels{class: make([]int32, n), classes: classes}
	for r := range l.class {
		row := hot[r*classes : (r+1)*classes]
		one := slices.Index(row, 1)
		for c, v := range row {
			if one < 0 || c != one && v != 0 {
				return nil, fmt.Errorf("row %d is not one-hot: %.100s", r, fmt.Sprint(row))
			}
		}
		l.class[r] = int32(one)
	}
	return l, nil
}

// decodeGraph decodes the pickle of a dict from each node, 0..n-1, to the list of its neighbours. It returns n and the
// edges as they are listed, self loops and repetitions included.
func decodeGraph(data []byte) (nodes int, edges [][2]int32, err error) {
	value, err := unpickle(data)
	if err != nil {
		return 0, nil, err
	}
	dict, ok := value.(*types.Dict)
	if !ok || dict.Len() == 0 {
		return 0, nil, errors.New("not the pickle of a dict of nodes")
	}
	nodes = dict.Len()
	seen := make([]bool, nodes)
	for _, e := range *dict {
		u, ok := e.Key.(int)
		if !ok || u < 0 || u >= nodes {
			return 0, nil, fmt.Errorf("node %s is none of 0..%d, though the dict has %d nodes", number(e.Key), nodes-1, nodes)
		}
		if seen[u] {
			return 0, nil, fmt.Errorf("node %d is given twice", u)
		}
		seen[u] = true
		list, ok := e.Value.(*types.List)
		if !ok {
			return 0, nil, fmt.Errorf("node %d: its neighbours are not a list", u)
		}
		if len(edges)+list.Len() > maxEdges {
			return 0, nil, fmt.Errorf("node %d: more than %d edges up to here", u, maxEdges)
		}
		for i, n := range *list {
			v, ok := n.(int)
			if !ok || v < 0 || v >= nodes {
				return 0, nil, fmt.Errorf("node %d: neighbour %d of its list is node %s, which does not exist (nodes are 0..%d)",
					u, i, number(n), nodes-1)
			}
			edges = append(edges, [2]int32{int32(u), int32(v)})
		}
	}
	return nodes, edges, nil
}

// number shows a value that ought to be an int; of anything else only its type, as it may be large.
func number(v any) string {
	if i, ok := v.(int); ok {
		return strconv.Itoa(i)
	}
	return fmt.Sprintf("of type %T", v)
}
