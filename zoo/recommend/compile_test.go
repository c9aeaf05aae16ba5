package recommend

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
)

// small are option values that make a model tiny.
func small(model string) map[string]string {
	set := map[string]map[string]string{
		"fm":      {"embedding": "3"},
		"deepfm":  {"embedding": "3", "mlp": "6,5"},
		"dcn":     {"embedding": "2", "cross": "3", "deep": "6,5"},
		"afn":     {"embedding": "2", "lnn": "4", "mlp": "6,5"},
		"autoint": {"embedding": "3", "attention": "4", "layers": "2", "mlp": "6,5"},
	}[model]
	set["fields"], set["features"] = "4", "20"
	return set
}

func define(t *testing.T, e entry.Entry, variant string, set map[string]string) *graph.Graph {
	t.Helper()
	o, err := e.Configure(set)
	if err != nil {
		t.Fatal(err)
	}
	g, err := e.Build(o, variant)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func compile(t *testing.T, def *graph.Graph, mode string, o passes.Options) *passes.Compiled {
	t.Helper()
	p, err := passes.Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	if o.Optimizer.Rule == "" {
		o.Optimizer.Rule = "adam"
	}
	o.Verify = true
	c, err := passes.Compile(def, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func lookup(t *testing.T, name string) entry.Entry {
	t.Helper()
	for _, e := range Entries() {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("no entry %q", name)
	return entry.Entry{}
}

func variants(e entry.Entry) []string {
	if e.Variants == nil {
		return []string{entry.Paper}
	}
	return e.Variants
}

// TestCompile compiles every model, variant, mode and part, at the published sizes and at tiny ones, with every graph on the way
// held against the rules of its stage.
func TestCompile(t *testing.T) {
	for _, e := range Entries() {
		for _, variant := range variants(e) {
			for _, set := range []map[string]string{nil, small(e.Name)} {
				def := define(t, e, variant, set)
				for _, mode := range []string{"bp", "dfa", "shallow"} {
					for _, part := range []string{passes.Step, passes.Gradient, passes.Predict, passes.Alignment} {
						if part == passes.Alignment && (mode != "dfa" || len(def.Effects("feedback")) == 0) {
							continue
						}
						for _, shuffle := range []int64{0, 1} {
							r := e.Recipe(mode, variant)
							compile(t, def, mode, passes.Options{Part: part, Optimizer: r.Optimizer, ShuffleSeed: shuffle})
						}
					}
				}
			}
		}
	}
}

// TestPoints holds the points, their widths and what follows for the parameters against the published networks.
func TestPoints(t *testing.T) {
	const embeddings, dense = "embedding/weight", "/dense/weight"
	for _, c := range []struct {
		model, variant string
		widest         int
		points         []string // with their widths; those that receive nothing in brackets
		bypasses       []passes.Bypass
		frozen         []string // weights that shallow leaves alone
	}{
		{model: "fm"},
		{model: "deepfm", widest: 400, points: []string{"(mlp/input 390)", "mlp0 400", "mlp1 400", "mlp2 400"},
			bypasses: []passes.Bypass{{Point: "mlp/input", Params: []string{embeddings}}},
			frozen:   []string{"mlp0" + dense, "mlp1" + dense, "mlp2" + dense}},
		{model: "dcn", widest: 1648,
			points: []string{"embedding 624", "cross0 624", "cross1 624", "cross2 624", "cross3 624", "cross4 624", "deep0 1024", "deep1 1024", "concat 1648"},
			frozen: []string{"cross0/weight", "cross1/weight", "cross2/weight", "cross3/weight", "cross4/weight", "cross5/weight", "deep0" + dense, "deep1" + dense, embeddings}},
		{model: "afn", variant: entry.Paper, widest: 15000, points: []string{"lnn 15000", "mlp0 400", "mlp1 400", "mlp2 400"},
			frozen: []string{embeddings, "lnn/weight", "mlp0" + dense, "mlp1" + dense, "mlp2" + dense}},
		{model: "afn", variant: entry.Reference, widest: 15000, points: []string{"(embedding 390)", "lnn 15000", "mlp0 400", "mlp1 400", "mlp2 400"},
			frozen: []string{embeddings, "lnn/weight", "mlp0" + dense, "mlp1" + dense, "mlp2" + dense}},
		{model: "autoint", widest: 1248,
			points: []string{"embedding 624", "attention/embedding 1248", "attention0 1248", "attention1 1248", "attention/relu 1248", "mlp0 400", "mlp1 400", "mlp2 400"},
			frozen: []string{"attention/embedding/weight", "attention/residual/weight", "attention0/in/weight", "attention0/out/weight", "attention1/in/weight",
				"attention1/out/weight", "attention2/in/weight", "attention2/out/weight", embeddings, "mlp0" + dense, "mlp1" + dense, "mlp2" + dense}},
	} {
		t.Run(c.model+" "+c.variant, func(t *testing.T) {
			def := define(t, lookup(t, c.model), c.variant, nil)
			var points []string
			for _, n := range def.Effects("feedback") {
				width := 1
				for _, d := range n.Results[0].Type.Dims[n.Int("rows"):] {
					k, _ := d.Const()
					width *= k
				}
				text := fmt.Sprintf("%s %d", n.Str("point"), width)
				if !n.Bool("graft") {
					text = "(" + text + ")"
				}
				points = append(points, text)
			}
			slices.Sort(points)
			slices.Sort(c.points)
			if d := cmp.Diff(c.points, points); d != "" {
				t.Errorf("points (-want +got):\n%s", d)
			}
			dfa := compile(t, def, "dfa", passes.Options{})
			if d := cmp.Diff(c.bypasses, dfa.Report.Bypasses); d != "" && len(c.bypasses)+len(dfa.Report.Bypasses) > 0 {
				t.Errorf("bypasses (-want +got):\n%s", d)
			}
			for _, n := range dfa.Program.Effects("feedback_matrix") {
				if width, _ := n.DimList("shape")[1].Const(); width != c.widest {
					t.Errorf("a feedback matrix of width %d, want %d", width, c.widest)
				}
			}
			wantFrozen := []string{}
			if c.variant == entry.Reference {
				wantFrozen = append(wantFrozen, embeddings)
			}
			if d := cmp.Diff(wantFrozen, dfa.Report.Frozen); d != "" {
				t.Errorf("frozen in dfa (-want +got):\n%s", d)
			}
			var frozen []string
			for _, name := range compile(t, def, "shallow", passes.Options{}).Report.Frozen {
				if strings.HasSuffix(name, "/weight") && !strings.HasSuffix(name, "/norm/weight") {
					frozen = append(frozen, name)
				}
			}
			slices.Sort(frozen)
			slices.Sort(c.frozen)
			if d := cmp.Diff(c.frozen, frozen); d != "" {
				t.Errorf("weights frozen in shallow (-want +got):\n%s", d)
			}
			// Every point is of level macro: both granularities are one network.
			micro := compile(t, def, "dfa", passes.Options{Feedback: feedback.Options{Granularity: feedback.Micro}})
			if n := len(micro.Report.Points); n != len(points) {
				t.Errorf("%d points at micro granularity", n)
			}
		})
	}
}

// TestMistakes checks that options that do not fit each other are refused with a message about the layer.
func TestMistakes(t *testing.T) {
	e := lookup(t, "autoint")
	o, err := e.Configure(map[string]string{"heads": "5"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Build(o, entry.Paper); err == nil || !strings.Contains(err.Error(), `attention "attention0"`) {
		t.Errorf("5 heads of a width of 32: %v", err)
	}
}
