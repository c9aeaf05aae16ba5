package geometric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// pubmedLike is what the files of PubMed hold, at its size: 19717 nodes with tf-idf weights of about 50 of 500 words, 3 classes, lists
// of 88676 neighbours, in which some edges stand twice and three are self loops, and the last 1000 nodes to test on, in random order.
type pubmedLike struct {
	words  [][]stored
	label  []int
	links  [][]int
	edges  int // different undirected edges without self loops
	test   []int
	thin   int // nodes whose words weigh less than 1 together
	stored int // words of all nodes
}

const (
	pubmedNodes, pubmedKnown       = 19717, 18717
	pubmedWords, pubmedClasses     = 500, 3
	pubmedTrain, pubmedListedEdges = 60, 44338
)

func newPubmedLike() *pubmedLike {
	rng := rand.New(rand.NewPCG(11, 7))
	d := &pubmedLike{links: make([][]int, pubmedNodes), test: rng.Perm(pubmedNodes - pubmedKnown)}
	for range pubmedNodes {
		cols := rng.Perm(pubmedWords)[:max(6, int(50+15*rng.NormFloat64()))]
		slices.Sort(cols)
		row, sum := make([]stored, len(cols)), 0.0
		for k, c := range cols {
			row[k] = stored{int32(c), float32(0.002 + 0.04*rng.ExpFloat64())}
			sum += float64(row[k].value)
		}
		if sum < 1 {
			d.thin++
		}
		d.words, d.label, d.stored = append(d.words, row), append(d.label, rng.IntN(pubmedClasses)), d.stored+len(row)
	}
	for i := range d.test {
		d.test[i] += pubmedKnown
	}
	list := func(u, v int) {
		d.links[u] = append(d.links[u], v)
		d.links[v] = append(d.links[v], u) // a self loop stands twice, too
	}
	taken := map[[2]int]bool{}
	draw := func(u int) {
		for {
			v := rng.IntN(pubmedNodes)
			if e := [2]int{min(u, v), max(u, v)}; u != v && !taken[e] {
				taken[e] = true
				list(u, v)
				return
			}
		}
	}
	for v := range pubmedNodes { // no node is isolated
		draw(v)
	}
	const loops, repeated = 3, 11
	for len(taken) < pubmedListedEdges-loops-repeated {
		draw(rng.IntN(pubmedNodes))
	}
	d.edges = len(taken)
	for v := range loops {
		list(v, v)
	}
	for v := range repeated {
		list(v, d.links[v][0])
	}
	return d
}

// write writes the eight files.
func (d *pubmedLike) write(t *testing.T, dir string) {
	t.Helper()
	var testWords [][]stored
	var testLabel []int
	index := ""
	for _, v := range d.test {
		testWords, testLabel = append(testWords, d.words[v]), append(testLabel, d.label[v])
		index += fmt.Sprintln(v)
	}
	for part, data := range map[string][]byte{
		"x": pickleWeights(d.words[:pubmedTrain]), "y": pickleLabels(pubmedClasses, d.label[:pubmedTrain]...),
		"allx": pickleWeights(d.words[:pubmedKnown]), "ally": pickleLabels(pubmedClasses, d.label[:pubmedKnown]...),
		"tx": pickleWeights(testWords), "ty": pickleLabels(pubmedClasses, testLabel...),
		"graph": pickleGraph(d.links), "test.index": []byte(index),
	} {
		if err := os.WriteFile(filepath.Join(dir, "ind.pubmed."+part), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func pickleWeights(rows [][]stored) []byte {
	indptr, indices, data := []int{0}, []int{}, []float32{}
	for _, row := range rows {
		for _, e := range row {
			indices, data = append(indices, int(e.col)), append(data, e.value)
		}
		indptr = append(indptr, len(indices))
	}
	return pickleCSR(len(rows), pubmedWords, indptr, indices, data)
}

// TestPubMed loads files of PubMed's format and size and compares all that comes out with what went in.
func TestPubMed(t *testing.T) {
	d := newPubmedLike()
	dir := t.TempDir()
	d.write(t, dir)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	c, err := LoadPlanetoid(dir, "pubmed")
	took := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	t.Logf("loaded in %v, %d MB allocated on the way", took, (after.TotalAlloc-before.TotalAlloc)>>20)

	if c.Nodes != pubmedNodes || c.Features != pubmedWords || c.Classes != pubmedClasses || c.X.NNZ() != d.stored || c.Adj.NNZ() != 2*d.edges {
		t.Fatalf("%d nodes, %d features, %d classes, %d words, %d directed edges", c.Nodes, c.Features, c.Classes, c.X.NNZ(), c.Adj.NNZ())
	}
	if !slices.Equal(c.Train, sequence(0, 60)) || !slices.Equal(c.Val, sequence(60, 500)) || len(c.Test) != 1000 {
		t.Errorf("split %d/%d/%d", len(c.Train), len(c.Val), len(c.Test))
	}
	normal := c.RowNormalise()
	thin := 0
	for v := range d.words {
		if int(c.Label[v]) != d.label[v] {
			t.Fatalf("class of node %d is %d, want %d", v, c.Label[v], d.label[v])
		}
		sum, lo := 0.0, c.X.RowPtr[v]
		for k, e := range d.words[v] {
			if at := int(lo) + k; c.X.Col[at] != e.col || c.XEntries[at] != e.value {
				t.Fatalf("node %d: word %d is %d with weight %v, want %v", v, k, c.X.Col[at], c.XEntries[at], e)
			}
			sum += float64(e.value)
		}
		if int(c.X.RowPtr[v+1]-lo) != len(d.words[v]) {
			t.Fatalf("node %d has %d words, want %d", v, c.X.RowPtr[v+1]-lo, len(d.words[v]))
		}
		row, total := normal[lo:c.X.RowPtr[v+1]], 0.0
		for _, x := range row {
			total += float64(x)
		}
		if sum < 1 {
			thin++
			if !slices.Equal(row, c.XEntries[lo:c.X.RowPtr[v+1]]) {
				t.Fatalf("node %d: words that sum to %v have been scaled", v, sum)
			}
		} else if math.Abs(total-1) > 1e-6 { // a hundred roundings to float32, of shares that sum to 1
			t.Fatalf("node %d: words that summed to %v sum to %v", v, sum, total)
		}
	}
	if thin != d.thin || thin == 0 || thin == pubmedNodes {
		t.Errorf("%d rows sum to less than 1, want %d", thin, d.thin)
	}
	for v, want := range d.links {
		got := c.Adj.Col[c.Adj.RowPtr[v]:c.Adj.RowPtr[v+1]]
		want = slices.DeleteFunc(slices.Clone(want), func(u int) bool { return u == v })
		slices.Sort(want)
		want = slices.Compact(want)
		if len(got) != len(want) {
			t.Fatalf("node %d has neighbours %v, want %v", v, got, want)
		}
		for k, u := range want {
			if int(got[k]) != u {
				t.Fatalf("node %d has neighbours %v, want %v", v, got, want)
			}
		}
	}
	for i, v := range c.Test {
		if int(v) != d.test[i] {
			t.Fatalf("test node %d is %d, want %d", i, v, d.test[i])
		}
	}
}
