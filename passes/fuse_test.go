package passes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
)

// TestFuse holds what fusion makes of the programs of testdata/fuse.
func TestFuse(t *testing.T) {
	holdFusion(t, fuse, "testdata/fuse", func(from string, g, fused *graph.Graph) {
		if a, b := flops(g), flops(fused); a != b {
			t.Errorf("%s: %s FLOPs, fused %s", from, a, b)
		}
	})
}

// TestFuseHeadText holds what becomes of the programs of testdata/fuse-head. Their forward phase had region "head", which the text
// form does not tell.
func TestFuseHeadText(t *testing.T) {
	regional := fuseHead
	regional.Run = func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			if m := c.Copy(n); m.Phase == graph.Forward {
				m.Region = "head"
			}
		}
		return fuseHead.Run(c.New, o)
	}
	holdFusion(t, regional, "testdata/fuse-head", func(string, *graph.Graph, *graph.Graph) {})
}

// TestFuseAttentionText holds what becomes of the programs of testdata/fuse-attention.
func TestFuseAttentionText(t *testing.T) {
	holdFusion(t, fuseAttention, "testdata/fuse-attention", func(string, *graph.Graph, *graph.Graph) {})
}

// TestFuseTableText holds what becomes of the programs of testdata/fuse-table.
func TestFuseTableText(t *testing.T) {
	holdFusion(t, fuseTable, "testdata/fuse-table", func(string, *graph.Graph, *graph.Graph) {})
}

// holdFusion runs a pass on the programs of dir, pairs of NAME.ir and NAME.fused.ir.
func holdFusion(t *testing.T, pass Pass, dir string, check func(from string, g, fused *graph.Graph)) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.fused.ir")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		from := strings.TrimSuffix(file, ".fused.ir") + ".ir"
		src, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		g, err := graph.Parse(from, src)
		if err != nil {
			t.Fatal(err)
		}
		before := g.String()
		fused, err := pass.Run(g, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := graph.Verify(fused, graph.Optimized); err != nil {
			t.Errorf("%s: %v", from, err)
		}
		if d := cmp.Diff(string(want), fused.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", from, d)
		}
		if g.String() != before {
			t.Errorf("%s: the pass has changed its argument", from)
		}
		check(from, g, fused)
		again, err := pass.Run(fused, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := graph.Diff(fused, again); d != "" {
			t.Errorf("%s: fusing again changes the program: %s", from, d)
		}
	}
}

// flops counts the operations of a program: fusion saves none.
func flops(g *graph.Graph) string {
	var sum graph.Cost
	for _, n := range g.Nodes {
		sum = sum.Plus(n.FLOPs())
	}
	return sum.String()
}
