package geometric

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func dataDir(t *testing.T) string {
	dir := os.Getenv("GRAFT_DATA")
	if dir == "" {
		t.Skip("SKIP-DATA: GRAFT_DATA is not set, Cora and CiteSeer themselves are not tested")
	}
	return dir
}

func TestPlanetoid(t *testing.T) {
	for _, want := range []struct {
		name                                   string
		nodes, features, classes, edges, words int
		isolated                               int // test nodes that test.index leaves out
		homophily                              float64
		sizes                                  []int
	}{
		{"cora", 2708, 1433, 7, 5278, 49216, 0, 0.810, []int{351, 217, 418, 818, 426, 298, 180}},
		{"citeseer", 3327, 3703, 6, 4552, 105165, 15, 0.7355, []int{264, 590, 668, 701, 596, 508}},
	} {
		t.Run(want.name, func(t *testing.T) {
			c, err := LoadPlanetoid(dataDir(t), want.name)
			if err != nil {
				t.Fatal(err)
			}
			if c.Nodes != want.nodes || c.Features != want.features || c.Classes != want.classes || c.X.NNZ() != want.words {
				t.Errorf("%d nodes, %d features, %d classes, %d words", c.Nodes, c.Features, c.Classes, c.X.NNZ())
			}
			if n := c.Adj.NNZ(); n != 2*want.edges {
				t.Errorf("%d directed edges, want %d", n, 2*want.edges)
			}
			if len(c.Train) != 20*c.Classes || len(c.Val) != 500 || len(c.Test) != 1000 {
				t.Errorf("split %d/%d/%d", len(c.Train), len(c.Val), len(c.Test))
			}
			perClass := make([]int, c.Classes)
			for _, v := range c.Train {
				perClass[c.Label[v]]++
			}
			if slices.Min(perClass) != 20 || slices.Max(perClass) != 20 {
				t.Errorf("training nodes by class: %v", perClass)
			}
			if h := homophily(c); math.Abs(h-want.homophily) > 5e-4 {
				t.Errorf("homophily %.4f, want %.4f", h, want.homophily)
			}
			sizes := make([]int, c.Classes)
			for _, l := range c.Label {
				sizes[l]++
			}
			if !slices.Equal(sizes, want.sizes) {
				t.Errorf("class sizes %v, want %v", sizes, want.sizes)
			}
			wordless := 0
			for v := c.Nodes - 1000 - want.isolated; v < c.Nodes; v++ {
				if c.X.RowPtr[v] == c.X.RowPtr[v+1] && !slices.Contains(c.Test, int32(v)) {
					wordless++
				}
			}
			if wordless != want.isolated {
				t.Errorf("%d nodes without words outside of the split, want %d", wordless, want.isolated)
			}
			// Were the test rows not put in their places, smoothing would not help as it does.
			if own, smoothed := meanClassifier(c, 0), meanClassifier(c, 2); smoothed < own+0.1 || smoothed < 0.65 {
				t.Errorf("class means: own words %.3f, smoothed %.3f", own, smoothed)
			}
		})
	}
}

func TestPubMedIncomplete(t *testing.T) {
	dir := dataDir(t)
	if _, err := os.Stat(filepath.Join(dir, "planetoid", "ind.pubmed.allx")); err == nil {
		t.Skip("ind.pubmed.allx is there")
	}
	if _, err := GCNEntry().Open("pubmed", dir); err == nil || !strings.Contains(err.Error(), "missing in "+filepath.Join(dir, "planetoid")+": ind.pubmed.allx;") ||
		!strings.Contains(err.Error(), "`graft data get pubmed` downloads all of it, and synthetic-pubmed needs no files") {
		t.Errorf("the entry says %v", err)
	}
	_, err := LoadPlanetoid(dir, "pubmed")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "ind.pubmed.allx") || !strings.Contains(err.Error(), "incomplete") {
		t.Errorf("got error %v", err)
	}
}

// The small data set: 2 classes, so 40 training nodes, 500 for validation and 2 more with known labels; then 6 nodes, of
// which test.index names 5. Node v has words v%4 and 3+v%2, and class v%2.
const (
	smallKnown = 542
	smallNodes = smallKnown + 6
)

var smallTest = []int{547, 542, 544, 546, 543}

func smallWords(v int) []int { return []int{3 + v%2, v % 3} }

func smallFiles() map[string][]byte {
	var words [][]int
	var label []int
	for v := range smallKnown {
		words, label = append(words, smallWords(v)), append(label, v%2)
	}
	var testWords [][]int
	var testLabel []int
	index := ""
	for _, v := range smallTest {
		testWords, testLabel = append(testWords, smallWords(v)), append(testLabel, v%2)
		index += fmt.Sprintln(v)
	}
	return map[string][]byte{
		"x": pickleFeatures(words[:40], 5), "y": pickleLabels(2, label[:40]...),
		"allx": pickleFeatures(words, 5), "ally": pickleLabels(2, label...),
		"tx": pickleFeatures(testWords, 5), "ty": pickleLabels(2, testLabel...),
		"graph": pickleGraph(smallGraph()), "test.index": []byte(index),
	}
}

// smallGraph is a ring in which each node lists its successor twice and itself once.
func smallGraph() [][]int {
	neighbours := make([][]int, smallNodes)
	for v := range neighbours {
		next := (v + 1) % smallNodes
		neighbours[v] = []int{next, v, next}
	}
	return neighbours
}

func writeSmall(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for part, data := range files {
		if err := os.WriteFile(filepath.Join(dir, "ind.small."+part), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlanetoidSmall(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "planetoid")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	writeSmall(t, dir, smallFiles())
	c, err := LoadPlanetoid(root, "small")
	if err != nil {
		t.Fatal(err)
	}
	if c.Nodes != smallNodes || c.Features != 5 || c.Classes != 2 || c.Adj.NNZ() != 2*smallNodes {
		t.Errorf("%d nodes, %d features, %d classes, %d directed edges", c.Nodes, c.Features, c.Classes, c.Adj.NNZ())
	}
	for v := range smallNodes {
		words := c.X.Col[c.X.RowPtr[v]:c.X.RowPtr[v+1]]
		wantWords, wantLabel := []int32{int32(v % 3), int32(3 + v%2)}, int32(v%2)
		if v == 545 { // the node that test.index leaves out
			wantWords, wantLabel = nil, 0
		}
		slices.Sort(wantWords)
		if wantWords = slices.Compact(wantWords); !slices.Equal(words, wantWords) || c.Label[v] != wantLabel {
			t.Errorf("node %d has words %v and class %d, want %v and %d", v, words, c.Label[v], wantWords, wantLabel)
		}
	}
	if c.Train[39] != 39 || c.Val[0] != 40 || c.Val[499] != 539 || !slices.Equal(c.Test, []int32{547, 542, 544, 546, 543}) {
		t.Errorf("split: train to %d, val %d..%d, test %v", c.Train[39], c.Val[0], c.Val[499], c.Test)
	}
}

func TestPlanetoidErrors(t *testing.T) {
	good := smallFiles()
	words := make([][]int, smallKnown)
	for v := range words {
		words[v] = smallWords(v)
	}
	edge := smallGraph()
	edge[17][1] = 900
	twoHot := [][]int{{1, 0}, {0, 1}, {1, 1}, {0, 1}, {1, 0}}
	noneHot := [][]int{{1, 0}, {0, 1}, {0, 0}, {0, 1}, {1, 0}}
	outOfRange := [][]int{{1, 0}, {0, 1}, {0, 7}, {0, 1}, {1, 0}}
	for _, c := range []struct {
		name, part string
		data       []byte
		want       string
	}{
		{"cut short", "allx", good["allx"][:1000], "byte 1000"},
		{"graph cut short", "graph", good["graph"][:len(good["graph"])-1], "no end mark before byte"},
		{"width of x", "x", pickleFeatures(words[:40], 6), "rows are 6 wide, but those of allx are 5 wide"},
		{"width of tx", "tx", pickleFeatures(words[:5], 7), "rows are 7 wide"},
		{"width of y", "y", pickleLabels(3, make([]int, 40)...), "rows are 3 wide, but those of ally"},
		{"two-hot", "ty", pickleInts(twoHot), "row 2 is not one-hot: [1 1]"},
		{"none-hot", "ty", pickleInts(noneHot), "row 2 is not one-hot: [0 0]"},
		{"label value", "ty", pickleInts(outOfRange), "row 2 is not one-hot: [0 7]"},
		{"rows", "ty", pickleLabels(2, 0, 1), "2 rows, but tx has 5"},
		{"edge", "graph", pickleGraph(edge), "node 17: neighbour 1 of its list is node 900"},
		{"another order", "y", pickleLabels(2, make([]int, 40)...), "row 1 differs from row 1 of ally"},
		{"x is not allx", "x", pickleFeatures(words[1:41], 5), "row 0 differs from row 0 of allx"},
		{"short allx", "ally", pickleLabels(2, make([]int, 500)...), "500 rows, but allx has 542"},
		{"index junk", "test.index", []byte("547\n5x\n"), `line 2: "5x\n" is not a node id`},
		{"index range", "test.index", []byte("547\n542\n544\n548\n543\n"), "line 4: node 548 does not exist"},
		{"index negative", "test.index", []byte("547\n542\n544\n-1\n543\n"), "line 4: node -1 does not exist"},
		{"index repeated", "test.index", []byte("547\n542\n544\n546\n542\n"), "line 5: node 542 is on line 2 already"},
		{"index overlaps", "test.index", []byte("547\n541\n544\n546\n542\n"), "line 2: node 541 is one of the 542 nodes of allx"},
		{"index short", "test.index", []byte("547\n"), "1 nodes, but tx has 5 rows"},
		{"index gap", "test.index", []byte("546\n542\n544\n545\n543\n"), "run from 542 to 546"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			files := smallFiles()
			files[c.part] = c.data
			writeSmall(t, dir, files)
			_, err := LoadPlanetoid(dir, "small")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "ind.small."+c.part) {
				t.Errorf("got error %v, want %q of ind.small.%s", err, c.want, c.part)
			}
		})
	}
}

func TestPlanetoidSplitErrors(t *testing.T) {
	words, label := make([][]int, 539), make([]int, 539)
	for v := range words {
		words[v], label[v] = smallWords(v), v%2
	}
	for _, c := range []struct {
		name         string
		train, known int
		want         string
	}{
		{"overlap", 40, 539, "the splits overlap"},
		{"training nodes", 30, 539, "the public split has 20 a class, 40"},
	} {
		dir := t.TempDir()
		files := smallFiles()
		files["x"], files["y"] = pickleFeatures(words[:c.train], 5), pickleLabels(2, label[:c.train]...)
		files["allx"], files["ally"] = pickleFeatures(words[:c.known], 5), pickleLabels(2, label[:c.known]...)
		writeSmall(t, dir, files)
		if _, err := LoadPlanetoid(dir, "small"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.want)
		}
	}
}

func TestPlanetoidMissing(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadPlanetoid(dir, "small"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty folder: got %v", err)
	}
	for _, part := range []string{"allx", "graph"} {
		files := smallFiles()
		delete(files, part)
		dir := t.TempDir()
		writeSmall(t, dir, files)
		_, err := LoadPlanetoid(dir, "small")
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "ind.small."+part) {
			t.Errorf("without %s: got %v", part, err)
		}
		if incomplete := strings.Contains(err.Error(), "features are incomplete"); incomplete != (part == "allx") {
			t.Errorf("without %s: got %v", part, err)
		}
	}
}
