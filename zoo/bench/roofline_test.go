package bench

import (
	"testing"
	"time"

	"graft/graph"
)

// job compiles a workload, small.
func job(t testing.TB, name, mode string, set map[string]string) *Job {
	t.Helper()
	w, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	j, err := NewJob(w, Choices{Mode: mode, Set: set})
	if err != nil {
		t.Fatalf("%s, mode %s: %v", name, mode, err)
	}
	return j
}

func TestRoofline(t *testing.T) {
	m := Machine{FLOPS: 1e9, Bandwidth: 2e9}
	if got := m.Roofline(Need{FLOPs: 3e9, Bytes: 1e9}); got != 3*time.Second {
		t.Errorf("bound by arithmetic: %v", got)
	}
	if got := m.Roofline(Need{FLOPs: 1e9, Bytes: 8e9}); got != 4*time.Second {
		t.Errorf("bound by memory: %v", got)
	}
}

// TestNeed compares what modes need with counts by hand for a perceptron 5-3-2 on a batch of 4, with momentum.
func TestNeed(t *testing.T) {
	const (
		float   = 4
		feeds   = 4*5*float + 4*4 + float // x, label, lr
		below   = (5*3 + 3) * float       // dense0
		top     = (3*2 + 2) * float       // output
		hidden  = 4 * 3 * float
		logits  = 4 * 2 * float
		trained = 4 + 2 // parameter and gradient, momentum: read and written
		seed    = 4
		matrix  = 2 * 3 * float
	)
	for _, c := range []struct {
		mode string
		want int64
	}{
		{"bp", feeds + trained*(below+top) + 2*(hidden+logits)},
		{"dfa", feeds + trained*(below+top) + 2*(hidden+logits) + seed + matrix},
		{"shallow", feeds + below + trained*top + 2*(hidden+logits)},
	} {
		j := job(t, "mlp", c.mode, map[string]string{"inputs": "5", "hidden": "3", "classes": "2", "batch": "4"})
		n, err := NeedOf(j.Program, j.Binding)
		if err != nil {
			t.Fatal(err)
		}
		if n.Bytes != c.want {
			t.Errorf("%s moves %d bytes, want %d", c.mode, n.Bytes, c.want)
		}
		var flops int64
		for _, p := range (&Result{Job: j}).Phases() {
			if p.Name != "once" {
				flops += p.FLOPs
			}
		}
		if n.FLOPs != flops || flops == 0 {
			t.Errorf("%s takes %d FLOPs, its phases %d", c.mode, n.FLOPs, flops)
		}
	}
}

// TestNeedOfTables checks that of a table that is not trained no more counts than the rows that are read.
func TestNeedOfTables(t *testing.T) {
	set := map[string]string{"features": "1000", "embedding": "4", "fields": "3", "cross": "1", "deep": "2", "batch": "5"}
	need := func(features string) int64 {
		set["features"] = features
		j := job(t, "dcn", "shallow", set)
		n, err := NeedOf(j.Program, j.Binding)
		if err != nil {
			t.Fatal(err)
		}
		return n.Bytes
	}
	if a, b := need("1000"), need("2000"); a != b {
		t.Errorf("a frozen table of 1000 rows needs %d bytes, one of 2000 rows %d", a, b)
	}
	// One smaller than the 15 rows that are gathered counts once.
	if a, b := need("10"), need("11"); b-a != 4*4 {
		t.Errorf("a row more needs %d bytes more, want 16", b-a)
	}
}

// TestKeptOnce checks that a tensor that is kept under two shapes counts once.
func TestKeptOnce(t *testing.T) {
	g := graph.New("kept")
	g.Program = true
	x := g.Input("x", graph.F32, 2, 3)
	g.At(graph.Context{Phase: graph.Forward})
	y := graph.Relu(x)
	z := graph.Reshape(y, 6)
	g.At(graph.Context{Phase: graph.Backward})
	g.Output("a", graph.Relu(y))
	g.Output("b", graph.Relu(z))
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	n, err := NeedOf(g, graph.Binding{})
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(24 + 2*24); n.Bytes != want {
		t.Errorf("%d bytes, want %d", n.Bytes, want)
	}
}
