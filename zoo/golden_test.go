package zoo_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// elsewhere are the entries whose golden files belong to the compiler's own tests.
var elsewhere = []string{"mlp", "gcn"}

// inFull are the entries of which every stage that changes the story is kept, in their default variant.
var inFull = []string{"transformer", "nerf-tiny"}

// small gives deep models a depth at which a person can read them.
var small = map[string]map[string]string{
	"dna": {"layers": "2"}, "transformer": {"blocks": "1"}, "transformer-dense": {"blocks": "1"}, "transformer-random": {"blocks": "1"},
	"transformer-fixed": {"blocks": "1"},
}

// TestGolden holds every model against its golden file: for each variant the definition and the final dfa program (for some models
// every stage of every mode), and for every mode and granularity a summary with one line per point, region, frozen parameter, bypass, barrier, gradient and its weight
// transport. Rewrite with: go test ./zoo -run Golden -update
func TestGolden(t *testing.T) {
	for _, e := range zoo.Entries() {
		if slices.Contains(elsewhere, e.Name) {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			a := &txtar.Archive{Comment: []byte("What each mode makes of the definition. Rewrite with: go test ./zoo -run Golden -update\n\n")}
			variants := e.Variants
			if variants == nil {
				variants = []string{entry.Paper}
			}
			for i, v := range variants {
				addVariant(t, a, e, v, i == 0 && slices.Contains(inFull, e.Name))
			}
			path := filepath.Join("..", "testdata", "golden", e.Name+".txtar")
			got := string(txtar.Format(a))
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
				t.Errorf("%s differs (-golden +got):\n%s", path, d)
			}
		})
	}
}

func addVariant(t *testing.T, a *txtar.Archive, e entry.Entry, variant string, full bool) {
	add := func(name, text string) {
		a.Files = append(a.Files, txtar.File{Name: variant + "/" + name, Data: []byte(text + "\n")})
	}
	for i, mode := range []string{"bp", "dfa", "shallow"} {
		granularities := []string{feedback.Macro, feedback.Micro}
		if mode == "bp" {
			granularities = granularities[:1]
		}
		last := ""
		for _, granularity := range granularities {
			plan, err := experiment.NewPlan(e, nil, experiment.Choices{Mode: mode, Variant: variant, Set: small[e.Name], Feedback: feedback.Options{Granularity: granularity}})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				def, err := plan.Definition()
				if err != nil {
					t.Fatal(err)
				}
				add("definition", def.String())
			}
			name := mode
			if mode != "bp" {
				name += " " + granularity
			}
			stages := map[string]string{}
			c, err := plan.CompileInspected(passes.Step, experiment.Inspection{Verify: true, Trace: func(p passes.Pass, g *graph.Graph) {
				stages[p.Name] = g.String()
			}})
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := graph.Parse(e.Name, []byte(c.Program.String()))
			if err != nil {
				t.Fatal(err)
			}
			if d := graph.Diff(c.Program, parsed); d != "" {
				t.Errorf("%s, mode %s: the program parses back to another: %s", e.Name, mode, d)
			}
			if full && summary(c.Report) != last {
				for i, pass := range []string{"cut", "graft", "differentiate"} {
					if text := stages[pass]; text != "" {
						add(fmt.Sprintf("%s/%d %s", name, i+1, pass), text)
					}
				}
			}
			if full && summary(c.Report) != last || mode == "dfa" && granularity == feedback.Macro {
				var b strings.Builder
				if err := c.Program.WriteFolded(&b); err != nil {
					t.Fatal(err)
				}
				add(name+"/final", b.String())
			}
			text := summary(c.Report)
			if text == last {
				continue // the model has no points inside blocks
			}
			last = text
			add(name+"/summary", text)
		}
	}
}

// summary is a report with one fact a line.
func summary(r *passes.Report) string {
	var b strings.Builder
	for _, p := range r.Points {
		fmt.Fprintf(&b, "point %s %s site=%s %s cut=%v grafted=%v\n", p.Name, p.Level, p.Site, p.Type, p.Cut, p.Grafted)
	}
	for _, name := range r.Regions {
		fmt.Fprintf(&b, "region %s\n", name)
	}
	for _, name := range r.Frozen {
		fmt.Fprintf(&b, "frozen %s\n", name)
	}
	for _, x := range r.Bypasses {
		fmt.Fprintf(&b, "bypass %s: %s\n", x.Point, strings.Join(x.Params, ", "))
	}
	for _, name := range r.Barriers {
		fmt.Fprintf(&b, "barrier %s\n", name)
	}
	for _, x := range r.Transport {
		fmt.Fprintf(&b, "gradient %s", x.Param)
		for _, list := range []struct {
			name  string
			items []string
		}{{"own region", x.OwnRegion}, {"error path", x.ErrorPath}, {"OTHER REGION", x.OtherRegion}, {"activations", x.Activations}} {
			if len(list.items) > 0 {
				fmt.Fprintf(&b, "; %s: %s", list.name, strings.Join(list.items, ", "))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
