package geometric

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"graft/runtime/buffer"
)

// The public split: 20 training nodes a class, then 500 validation nodes.
const (
	trainPerClass = 20
	validation    = 500
)

// LoadPlanetoid reads the eight files ind.<name>.{x,tx,allx,y,ty,ally,graph,test.index} from dir or dir/planetoid and
// returns the graph with its public split: the nodes of x train, the next 500 validate, those of test.index test.
//
// Row i of tx belongs to the i-th node of test.index. CiteSeer has test nodes that test.index leaves out: they get no
// features and, for want of one, class 0, and are in no split. Self loops and repeated edges are dropped, and both
// directions of an edge kept. Features are as stored, not normalised.
//
// Everything is validated; an error names the file and the place in it. When a file is absent the error satisfies
// errors.Is(err, fs.ErrNotExist).
//
// Source: Yang, Cohen & Salakhutdinov, arXiv:1603.08861, https://github.com/kimiyoung/planetoid.
func LoadPlanetoid(dir, name string) (*Citation, error) {
	p, err := openPlanetoid(dir, name)
	if err != nil {
		return nil, err
	}
	if err := p.read(); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p.assemble()
}

// planetoid is a data set as it lies in its files.
type planetoid struct {
	dir, name   string
	x, allx, tx *features
	y, ally, ty *labels
	nodes       int
	edges       [][2]int32
	test        []int32
}

func (p *planetoid) path(part string) string {
	return filepath.Join(p.dir, "ind."+p.name+"."+part)
}

// errorf names the file.
func (p *planetoid) errorf(part, format string, args ...any) error {
	return fmt.Errorf("%s: %w", p.path(part), fmt.Errorf(format, args...))
}

// openPlanetoid finds the folder and makes sure that no file is missing.
func openPlanetoid(dir, name string) (*planetoid, error) {
	parts := []string{"x", "tx", "allx", "y", "ty", "ally", "graph", "test.index"}
	var p *planetoid
	var missing []string
	for _, d := range []string{dir, filepath.Join(dir, "planetoid")} {
		p, missing = &planetoid{dir: d, name: name}, nil
		for _, part := range parts {
			if _, err := os.Stat(p.path(part)); errors.Is(err, fs.ErrNotExist) {
				missing = append(missing, filepath.Base(p.path(part)))
			} else if err != nil {
				return nil, err
			}
		}
		if len(missing) < len(parts) {
			break
		}
	}
	switch {
	case len(missing) == 0:
		return p, nil
	case len(missing) == len(parts):
		return nil, fmt.Errorf("%s: no file ind.%s.* is in %s or in its subfolder planetoid: %w", name, name, dir, fs.ErrNotExist)
	case slices.Contains(missing, "ind."+name+".allx"):
		return nil, fmt.Errorf("%s: missing in %s: %s; without allx the features are incomplete, only the training and test nodes have any: %w",
			name, p.dir, strings.Join(missing, ", "), fs.ErrNotExist)
	}
	return nil, fmt.Errorf("%s: missing in %s: %s: %w", name, p.dir, strings.Join(missing, ", "), fs.ErrNotExist)
}

func (p *planetoid) read() (err error) {
	for _, f := range []struct {
		part string
		to   **features
	}{{"x", &p.x}, {"allx", &p.allx}, {"tx", &p.tx}} {
		if *f.to, err = readPart(p, f.part, decodeFeatures); err != nil {
			return err
		}
	}
	for _, l := range []struct {
		part string
		to   **labels
	}{{"y", &p.y}, {"ally", &p.ally}, {"ty", &p.ty}} {
		if *l.to, err = readPart(p, l.part, decodeLabels); err != nil {
			return err
		}
	}
	_, err = readPart(p, "graph", func(data []byte) (_ struct{}, err error) {
		p.nodes, p.edges, err = decodeGraph(data)
		return
	})
	if err != nil {
		return err
	}
	p.test, err = readPart(p, "test.index", decodeIndex)
	return err
}

func readPart[T any](p *planetoid, part string, decode func([]byte) (T, error)) (value T, err error) {
	info, err := os.Stat(p.path(part))
	if err != nil {
		return value, err
	}
	if info.Size() > maxPickleBytes {
		return value, p.errorf(part, "%d bytes; no file of the data set has more than %d", info.Size(), maxPickleBytes)
	}
	data, err := os.ReadFile(p.path(part))
	if err != nil {
		return value, err
	}
	if value, err = decode(data); err != nil {
		return value, p.errorf(part, "%w", err)
	}
	return value, nil
}

// decodeIndex decodes one node id a line.
func decodeIndex(data []byte) ([]int32, error) {
	var index []int32
	line := 0
	for s := range strings.Lines(string(data)) {
		line++
		v, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("line %d: %.40q is not a node id", line, s)
		}
		index = append(index, int32(v))
	}
	return index, nil
}

// check compares the files with one another.
func (p *planetoid) check() error {
	if err := p.checkLabelled("x", p.x, "y", p.y); err != nil {
		return err
	}
	if err := p.checkLabelled("allx", p.allx, "ally", p.ally); err != nil {
		return err
	}
	if err := p.checkLabelled("tx", p.tx, "ty", p.ty); err != nil {
		return err
	}
	train, known := len(p.x.rows), len(p.allx.rows)
	if want := trainPerClass * p.ally.classes; train != want {
		return p.errorf("x", "%d rows; the public split has %d a class, %d", train, trainPerClass, want)
	}
	if train+validation > known {
		return p.errorf("allx", "%d rows, but %d training and %d validation nodes: the splits overlap", known, train, validation)
	}
	for r := range train {
		if !slices.Equal(p.x.rows[r], p.allx.rows[r]) {
			return p.errorf("x", "row %d differs from row %d of allx", r, r)
		}
		if p.y.class[r] != p.ally.class[r] {
			return p.errorf("y", "row %d differs from row %d of ally", r, r)
		}
	}
	return p.checkTest()
}

// checkLabelled checks that a feature file has as many rows as its label file, and the widths of allx and ally.
func (p *planetoid) checkLabelled(part string, x *features, labelPart string, y *labels) error {
	switch {
	case x.cols != p.allx.cols:
		return p.errorf(part, "rows are %d wide, but those of allx are %d wide", x.cols, p.allx.cols)
	case y.classes != p.ally.classes:
		return p.errorf(labelPart, "rows are %d wide, but those of ally are %d wide", y.classes, p.ally.classes)
	case len(x.rows) != len(y.class):
		return p.errorf(labelPart, "%d rows, but %s has %d", len(y.class), part, len(x.rows))
	}
	return nil
}

// checkTest checks that test.index names each test node once and that the nodes after those of allx are all test nodes,
// or isolated ones between them.
func (p *planetoid) checkTest() error {
	known := len(p.allx.rows)
	if len(p.test) != len(p.tx.rows) {
		return p.errorf("test.index", "%d nodes, but tx has %d rows", len(p.test), len(p.tx.rows))
	}
	line := make(map[int32]int, len(p.test))
	for i, v := range p.test {
		if int(v) >= p.nodes || v < 0 {
			return p.errorf("test.index", "line %d: node %d does not exist (nodes are 0..%d)", i+1, v, p.nodes-1)
		}
		if int(v) < known {
			return p.errorf("test.index", "line %d: node %d is one of the %d nodes of allx: the splits overlap", i+1, v, known)
		}
		if first := line[v]; first > 0 {
			return p.errorf("test.index", "line %d: node %d is on line %d already", i+1, v, first)
		}
		line[v] = i + 1
	}
	if first, last := int(slices.Min(p.test)), int(slices.Max(p.test)); first != known || last != p.nodes-1 {
		return p.errorf("test.index", "test nodes run from %d to %d; after the %d nodes of allx, graph has nodes %d to %d",
			first, last, known, known, p.nodes-1)
	}
	return nil
}

func (p *planetoid) assemble() (*Citation, error) {
	c := &Citation{
		Name: p.name, Nodes: p.nodes, Features: p.allx.cols, Classes: p.ally.classes,
		Label: make([]int32, p.nodes),
		Train: sequence(0, len(p.x.rows)), Val: sequence(len(p.x.rows), validation), Test: p.test,
	}
	rows := make([][]stored, p.nodes)
	copy(rows, p.allx.rows)
	copy(c.Label, p.ally.class)
	for i, v := range p.test {
		rows[v], c.Label[v] = p.tx.rows[i], p.ty.class[i]
	}
	var err error
	if c.X, c.XEntries, err = sparse(rows, c.Features); err != nil {
		return nil, p.errorf("allx", "%w", err)
	}
	if c.Adj, err = adjacency(p.nodes, p.edges); err != nil {
		return nil, p.errorf("graph", "%w", err)
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// sparse builds the pattern and the entries, in row order, of sparse rows.
func sparse(rows [][]stored, cols int) (*buffer.Pattern, []float32, error) {
	n := 0
	for _, entries := range rows {
		n += len(entries)
	}
	row, col, given := make([]int32, 0, n), make([]int32, 0, n), make([]float32, 0, n)
	for r, entries := range rows {
		for _, e := range entries {
			row, col, given = append(row, int32(r)), append(col, e.col), append(given, e.value)
		}
	}
	p, order, err := buffer.NewPattern(len(rows), cols, row, col)
	if err != nil {
		return nil, nil, err
	}
	values := make([]float32, len(given))
	for k, o := range order {
		values[k] = given[o]
	}
	return p, values, nil
}

// sequence returns n node ids from first on.
func sequence(first, n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(first + i)
	}
	return s
}
