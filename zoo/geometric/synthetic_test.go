package geometric

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSyntheticCitation(t *testing.T) {
	for _, want := range []struct {
		name                               string
		nodes, features, classes, edges    int
		homophily, words, smoothed, direct float64
	}{
		{"synthetic-cora", 2708, 1433, 7, 5278, 0.81, 18.2, 0.65, 0.45},
		{"synthetic-citeseer", 3327, 3703, 6, 4552, 0.74, 31.6, 0.6, 0.5},
		{"synthetic-pubmed", 19717, 500, 3, 44324, 0.8, 50, 0.75, 0.55},
	} {
		t.Run(want.name, func(t *testing.T) {
			c, err := SyntheticCitation(want.name, 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			if c.Name != want.name || c.Nodes != want.nodes || c.Features != want.features || c.Classes != want.classes ||
				c.Adj.NNZ() != 2*want.edges {
				t.Errorf("%s: %d nodes, %d features, %d classes, %d edges", c.Name, c.Nodes, c.Features, c.Classes, c.Adj.NNZ()/2)
			}
			if len(c.Train) != 20*c.Classes || len(c.Val) != 500 || len(c.Test) != 1000 {
				t.Errorf("split %d/%d/%d", len(c.Train), len(c.Val), len(c.Test))
			}
			for class := range int32(c.Classes) {
				n := 0
				for _, v := range c.Train {
					if c.Label[v] == class {
						n++
					}
				}
				if n != 20 {
					t.Errorf("class %d has %d training nodes", class, n)
				}
			}
			if h := homophily(c); h < want.homophily-0.02 || h > want.homophily+0.02 {
				t.Errorf("homophily %.3f, want %.2f", h, want.homophily)
			}
			if w := float64(c.X.NNZ()) / float64(c.Nodes); w < want.words-0.5 || w > want.words+0.5 {
				t.Errorf("%.2f words a node, want %.1f", w, want.words)
			}
			// Half of the nodes have fewer links than the mean, as in the real graphs.
			if d := degrees(c); d[0] < 1 || int(d[c.Nodes/2])*c.Nodes >= c.Adj.NNZ() || d[c.Nodes-1] < 30 || d[c.Nodes-1] > 168 {
				t.Errorf("degrees: least %d, median %d, largest %d", d[0], d[c.Nodes/2], d[c.Nodes-1])
			}
			direct, smoothed := meanClassifier(c, 0), meanClassifier(c, 2)
			t.Logf("class means: own words %.1f %%, smoothed %.1f %%", 100*direct, 100*smoothed)
			if smoothed < want.smoothed || direct > want.direct || smoothed > 0.9 {
				t.Errorf("class means: own words %.3f (want at most %.2f), smoothed %.3f (want %.2f to 0.9)",
					direct, want.direct, smoothed, want.smoothed)
			}
		})
	}
}

func TestSyntheticSeed(t *testing.T) {
	a, _ := SyntheticCitation("synthetic-cora", 7)
	b, _ := SyntheticCitation("synthetic-cora", 7)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("the same seed gives different graphs:\n%s", diff)
	}
	if c, _ := SyntheticCitation("synthetic-cora", 8); slices.Equal(a.Adj.Col, c.Adj.Col) || slices.Equal(a.X.Col, c.X.Col) {
		t.Error("another seed gives the same graph")
	}
	if _, err := SyntheticCitation("cora", 0); err == nil {
		t.Error("an unknown name is accepted")
	}
}

func BenchmarkSyntheticCitation(b *testing.B) {
	for b.Loop() {
		SyntheticCitation("synthetic-citeseer", 0)
	}
}
