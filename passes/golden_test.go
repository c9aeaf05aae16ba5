package passes_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/zoo/geometric"
	"graft/zoo/mlp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// l2 is the weight decay of the published graph networks, on the first convolution alone.
var l2 = 5e-4

// goldenModels are the models at their default sizes, with the update rules that they are trained with.
var goldenModels = []struct {
	name      string
	def       func() *graph.Graph
	optimizer passes.Optimizer
}{
	{
		"mlp", func() *graph.Graph { return mlp.Model(mlp.Options{Inputs: 784, Hidden: []int{256, 256}, Classes: 10}) },
		passes.Optimizer{Rule: "sgd", Momentum: 0.9},
	},
	{
		"gcn", func() *graph.Graph {
			return geometric.GCN(geometric.GCNOptions{Features: 1433, Hidden: 16, Classes: 7, Dropout: 0.5})
		},
		passes.Optimizer{Rule: "adam", Groups: []passes.Group{{Match: "conv1/*", WeightDecay: &l2}}},
	},
}

// TestGolden shows what every mode makes of a definition, stage by stage. Run it with -update to rewrite the files.
func TestGolden(t *testing.T) {
	for _, m := range goldenModels {
		t.Run(m.name, func(t *testing.T) {
			got := &txtar.Archive{Comment: []byte("What each mode makes of the definition. Rewrite with: go test ./passes -run Golden -update\n\n")}
			add := func(name, text string) {
				got.Files = append(got.Files, txtar.File{Name: name, Data: []byte(text + "\n")})
			}
			def := m.def()
			readsBack(t, def)
			add("definition", def.String())
			for _, v := range variants(def) {
				stage := 0
				c := compile(t, def, v.mode, passes.Options{
					Feedback: feedback.Options{Granularity: v.granularity}, Optimizer: m.optimizer, Verify: true,
					Trace: func(p passes.Pass, g *graph.Graph) {
						readsBack(t, g)
						if slices.Contains([]string{"cut", "graft", "differentiate"}, p.Name) {
							stage++
							add(fmt.Sprintf("%s/%d %s", v.title, stage, p.Name), g.String())
						}
					},
				})
				add(fmt.Sprintf("%s/%d final", v.title, stage+1), c.Program.String())
				var report strings.Builder
				if err := c.Report.Write(&report); err != nil {
					t.Fatal(err)
				}
				add(v.title+"/report", report.String())
			}
			add("predict", compile(t, def, "bp", passes.Options{Part: passes.Predict}).Program.String())
			add("alignment", compile(t, def, "dfa", passes.Options{Part: passes.Alignment}).Program.String())

			file := "../testdata/golden/" + m.name + ".txtar"
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compareArchives(t, want, got)
		})
	}
}

type variant struct{ title, mode, granularity string }

// variants are the modes and granularities of a definition. Micro granularity selects more only where there are micro points.
func variants(def *graph.Graph) []variant {
	out := []variant{{"bp", "bp", feedback.Macro}, {"dfa macro", "dfa", feedback.Macro}}
	if slices.ContainsFunc(def.Effects("feedback"), func(n *graph.Node) bool { return n.Str("level") == "micro" }) {
		out = append(out, variant{"dfa micro", "dfa", feedback.Micro})
	}
	return append(out, variant{"shallow", "shallow", feedback.Macro})
}

// compareArchives compares section by section, so that a difference is shown with the section's name.
func compareArchives(t *testing.T, want, got *txtar.Archive) {
	t.Helper()
	names := func(a *txtar.Archive) (out []string) {
		for _, f := range a.Files {
			out = append(out, f.Name)
		}
		return out
	}
	if d := cmp.Diff(names(want), names(got)); d != "" {
		t.Fatalf("sections differ (-golden +got):\n%s", d)
	}
	for i, f := range want.Files {
		if d := cmp.Diff(string(f.Data), string(got.Files[i].Data)); d != "" {
			t.Errorf("%s differs (-golden +got):\n%s", f.Name, d)
		}
	}
}

// readsBack checks that a graph's text parses to an equal graph.
func readsBack(t *testing.T, g *graph.Graph) {
	t.Helper()
	back, err := graph.Parse(g.Name, []byte(g.String()))
	if err != nil {
		t.Fatalf("the text of %s does not parse: %v", g.Name, err)
	}
	if d := graph.Diff(g, back); d != "" {
		t.Fatalf("the text of %s parses to another graph: %s", g.Name, d)
	}
}

// compile compiles in one of graft's own modes.
func compile(t *testing.T, def *graph.Graph, mode string, o passes.Options) *passes.Compiled {
	t.Helper()
	p, err := passes.Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	if o.Optimizer.Rule == "" {
		o.Optimizer.Rule = "sgd"
	}
	c, err := passes.Compile(def, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
