package geometric

import (
	"slices"
	"testing"

	"graft/runtime/buffer"
)

// contains reports whether p has an entry at (u, v).
func contains(p *buffer.Pattern, u, v int32) bool {
	_, ok := slices.BinarySearch(p.Col[p.RowPtr[u]:p.RowPtr[u+1]], v)
	return ok
}

func TestSplitLinks(t *testing.T) {
	c := tiny(t)
	l, err := splitLinks(c.Adj, 7)
	if err != nil {
		t.Fatal(err)
	}
	edges := c.Adj.NNZ() / 2
	val, test := edges*5/100, edges/10
	if l.test.NNZ() != test || l.absent.NNZ() != test || l.train.NNZ() != 2*(edges-val-test) {
		t.Errorf("of %d edges %d train, %d test, and %d pairs are negative", edges, l.train.NNZ()/2, l.test.NNZ(), l.absent.NNZ())
	}
	for k := range l.train.Col {
		if u, v := l.train.Row[k], l.train.Col[k]; !contains(c.Adj, u, v) || !contains(l.train, v, u) {
			t.Errorf("training edge %d-%d", u, v)
		}
	}
	for k := range l.test.Col {
		if u, v := l.test.Row[k], l.test.Col[k]; u >= v || !contains(c.Adj, u, v) || contains(l.train, u, v) {
			t.Errorf("test edge %d-%d", u, v)
		}
	}
	for k := range l.absent.Col {
		if u, v := l.absent.Row[k], l.absent.Col[k]; u >= v || contains(c.Adj, u, v) {
			t.Errorf("negative test pair %d-%d", u, v)
		}
	}
	if l.val.NNZ() != val || l.valAbsent.NNZ() != val {
		t.Errorf("%d validation edges and %d pairs, want %d", l.val.NNZ(), l.valAbsent.NNZ(), val)
	}
	for k := range l.val.Col {
		if u, v := l.val.Row[k], l.val.Col[k]; u >= v || !contains(c.Adj, u, v) || contains(l.train, u, v) || contains(l.test, u, v) {
			t.Errorf("validation edge %d-%d", u, v)
		}
	}
	for k := range l.valAbsent.Col {
		if u, v := l.valAbsent.Row[k], l.valAbsent.Col[k]; u >= v || contains(c.Adj, u, v) || contains(l.absent, u, v) {
			t.Errorf("negative validation pair %d-%d", u, v)
		}
	}
	pairs, ofVal, err := union(l.val, l.test)
	if err != nil {
		t.Fatal(err)
	}
	if pairs.NNZ() != val+test {
		t.Errorf("%d of %d edges are evaluated", pairs.NNZ(), val+test)
	}
	for k := range pairs.Col {
		if u, v := pairs.Row[k], pairs.Col[k]; contains(l.val, u, v) != ofVal[k] || contains(l.test, u, v) == ofVal[k] {
			t.Errorf("edge %d-%d is for validation: %v", u, v, ofVal[k])
		}
	}
	again, _ := splitLinks(c.Adj, 7)
	other, _ := splitLinks(c.Adj, 8)
	if !slices.Equal(l.test.Row, again.test.Row) || slices.Equal(l.test.Row, other.test.Row) && slices.Equal(l.test.Col, other.test.Col) {
		t.Error("the split is not a function of the seed alone")
	}
	few, err := adjacency(4, [][2]int32{{0, 1}, {1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := splitLinks(few, 0); err == nil {
		t.Error("two edges have been split")
	}
}

func TestNegatives(t *testing.T) {
	l, err := splitLinks(tiny(t).Adj, 7)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(seed int32, epoch int) *buffer.Pattern {
		p, err := l.negatives(seed, epoch)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := draw(1, 2)
	if want := l.train.NNZ() + l.train.Rows; p.NNZ() != want {
		t.Errorf("%d negatives, want %d", p.NNZ(), want)
	}
	for k := range p.Col {
		if u, v := p.Row[k], p.Col[k]; u == v || contains(l.train, u, v) {
			t.Errorf("negative %d-%d", u, v)
		}
	}
	if !slices.Equal(p.Col, draw(1, 2).Col) {
		t.Error("a draw does not repeat")
	}
	if slices.Equal(p.Col, draw(1, 3).Col) || slices.Equal(p.Col, draw(2, 2).Col) {
		t.Error("draws of two epochs or seeds are equal")
	}
	// Of a graph that is nearly full, all pairs that are left.
	full, err := adjacency(3, [][2]int32{{0, 1}, {1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	l = &links{train: full}
	if p := draw(0, 0); p.NNZ() != 2 || !contains(p, 0, 2) || !contains(p, 2, 0) {
		t.Errorf("negatives of a path of three nodes: %v, %v", p.Row, p.Col)
	}
}

// TestLinkCounts holds the split and the negatives of graphs of the published sizes against the published code: 5 and 10 % of the
// edges, rounded down, and as many negatives as training edges in both directions and nodes.
func TestLinkCounts(t *testing.T) {
	for _, want := range []struct {
		name                    string
		val, test, train, nodes int // undirected edges
	}{
		{"synthetic-cora", 263, 527, 4488, 2708},
		{"synthetic-citeseer", 227, 455, 3870, 3327},
		{"synthetic-pubmed", 2216, 4432, 37676, 19717},
	} {
		c, err := SyntheticCitation(want.name, 0)
		if err != nil {
			t.Fatal(err)
		}
		l, err := splitLinks(c.Adj, 0)
		if err != nil {
			t.Fatal(err)
		}
		if l.val.NNZ() != want.val || l.valAbsent.NNZ() != want.val || l.test.NNZ() != want.test || l.absent.NNZ() != want.test ||
			l.train.NNZ() != 2*want.train {
			t.Errorf("%s: %d, %d validation, %d, %d test pairs, %d training entries", want.name, l.val.NNZ(), l.valAbsent.NNZ(), l.test.NNZ(), l.absent.NNZ(), l.train.NNZ())
		}
		p, err := l.negatives(0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if p.NNZ() != 2*want.train+want.nodes {
			t.Errorf("%s: %d negatives", want.name, p.NNZ())
		}
		for k := range p.Col {
			if u, v := p.Row[k], p.Col[k]; u == v || contains(l.train, u, v) {
				t.Fatalf("%s: negative %d-%d", want.name, u, v)
			}
		}
	}
}

func TestStratified(t *testing.T) {
	c, err := SyntheticCitation("synthetic-cora", 0)
	if err != nil {
		t.Fatal(err)
	}
	s := c.stratified(4)
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Train) + len(s.Val) + len(s.Test); n != c.Nodes {
		t.Errorf("%d of %d nodes are in the split", n, c.Nodes)
	}
	count := func(nodes []int32) []int {
		n := make([]int, c.Classes)
		for _, v := range nodes {
			n[c.Label[v]]++
		}
		return n
	}
	if fifth := (c.Nodes + 4) / 5; len(s.Train) != fifth || len(s.Val) > fifth || len(s.Val) < fifth-1 {
		t.Errorf("%d nodes train and %d validate, want a fifth each of %d", len(s.Train), len(s.Val), c.Nodes)
	}
	all, train, val, test := count(sequence(0, c.Nodes)), count(s.Train), count(s.Val), count(s.Test)
	for class, n := range all {
		least, most := n/5, (n+4)/5 // of a fold
		if train[class] < least || train[class] > most || val[class] < least || val[class] > most || test[class] < 3*least || test[class] > 3*most {
			t.Errorf("class %d: of %d nodes %d train, %d validate, %d test", class, n, train[class], val[class], test[class])
		}
	}
	if !slices.Equal(s.Train, c.stratified(4).Train) || slices.Equal(s.Train, c.stratified(5).Train) {
		t.Error("the split is not a function of the seed alone")
	}
}
