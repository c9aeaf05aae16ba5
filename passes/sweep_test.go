package passes

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
)

var updateSweeps = flag.Bool("update-sweeps", false, "write testdata/sweep/*.swept.ir")

// TestSweep holds the sweeps that are found in the programs of testdata/sweep: pairs of NAME.ir and NAME.swept.ir.
func TestSweep(t *testing.T) {
	files, err := filepath.Glob("testdata/sweep/*.ir")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, ".swept.ir") {
			continue
		}
		found++
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g, err := graph.Parse(file, src)
		if err != nil {
			t.Fatal(err)
		}
		before := g.String()
		swept, err := sweep.Run(g, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := graph.Verify(swept, graph.Planned); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		to := strings.TrimSuffix(file, ".ir") + ".swept.ir"
		if *updateSweeps {
			if err := os.WriteFile(to, []byte(swept.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), swept.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
		if g.String() != before {
			t.Errorf("%s: the pass has changed its argument", file)
		}
		if again, err := graph.Parse(to, want); err != nil || !again.Equal(swept) {
			t.Errorf("%s: parsed back it differs: %v %s", to, err, graph.Diff(again, swept))
		}
	}
	if found == 0 {
		t.Error("there are no programs")
	}
}
