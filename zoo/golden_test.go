package zoo_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
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

// inFull are the entries of which every stage of every mode is kept, in their default variant.
var inFull = []string{"mlp", "gcn", "transformer", "nerf-tiny"}

// small gives deep models a depth at which a person can read them.
var small = map[string]map[string]string{
	"nerf": {"layers": "2"}, "nerf-xl": {"layers": "2"}, "dna": {"layers": "2"}, "dcn": {"cross": "2"}, "autoint": {"layers": "2", "mlp": "400"},
	"transformer": {"blocks": "1"}, "transformer-dense": {"blocks": "1"}, "transformer-random": {"blocks": "1"}, "transformer-fixed": {"blocks": "1"},
}

const goldenComment = `What each mode makes of the definition. Rewrite with: go test ./zoo -run Golden -update
Repeated blocks are folded, updates and optimizer slots counted (see the package comment of graph). Lines that stand in a file
above are not written again: "... 14 lines of FILE, from FIRST" are those 14 (for a fold that counts them, too), and "... as FILE"
is all of it.

`

// TestGolden holds every model against its golden file. It has the definition of each variant and for every mode and granularity a
// summary; of the default variant also the dfa program or, for the models in full, every stage and the report of every mode and the
// programs that predict and that measure alignment. All that is written parses back to the graph it is written of.
// Rewrite with: go test ./zoo -run Golden -update
func TestGolden(t *testing.T) {
	for _, e := range zoo.Entries() {
		t.Run(e.Name, func(t *testing.T) {
			g := &golden{entry: e}
			variants := e.Variants
			if variants == nil {
				variants = []string{""}
			}
			for i, v := range variants {
				if err := g.addVariant(v, i == 0, i == 0 && slices.Contains(inFull, e.Name)); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join("..", "testdata", "golden", e.Name+".txtar")
			got := goldenComment + g.text()
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

// golden is the archive of one entry.
type golden struct {
	entry   entry.Entry
	variant string
	files   []txtar.File
	written sharing
}

func (g *golden) text() string { return string(txtar.Format(&txtar.Archive{Files: g.files})) }

// add adds a text, or the name of the file that has it already.
func (g *golden) add(name, text string) {
	for _, f := range g.files {
		if string(f.Data) == text+"\n" && strings.Count(text, "\n") > 1 {
			text = fmt.Sprintf("... as %q\n", f.Name)
		}
	}
	g.files = append(g.files, txtar.File{Name: g.name(name), Data: []byte(text + "\n")})
}

func (g *golden) name(file string) string {
	if g.variant != "" {
		return g.variant + "/" + file
	}
	return file
}

// addGraph adds a graph as write writes it, without the lines that stand in the archive already, and checks that its full text
// parses back to it.
func (g *golden) addGraph(name string, x *graph.Graph, write func(*graph.Graph, io.Writer) error) error {
	if err := readsBack(x); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var b strings.Builder
	if err := write(x, &b); err != nil {
		return err
	}
	g.add(name, g.written.write(g.name(name), b.String()))
	return nil
}

func readsBack(g *graph.Graph) error {
	back, err := graph.Parse(g.Name, []byte(g.String()))
	if err != nil {
		return fmt.Errorf("the text does not parse: %w", err)
	}
	if d := graph.Diff(g, back); d != "" {
		return fmt.Errorf("the text parses to another graph: %s", d)
	}
	return nil
}

// addVariant adds the files of a variant. A granularity that changes nothing of a mode, as where there are no points inside of
// blocks, is left out.
func (g *golden) addVariant(variant string, program, full bool) error {
	g.variant = variant
	for _, mode := range []string{"bp", "dfa", "shallow"} {
		last := ""
		for _, granularity := range []string{feedback.Macro, feedback.Micro} {
			c, err := g.compile(mode, granularity, passes.Step)
			if err != nil {
				return err
			}
			if mode == "bp" && granularity == feedback.Macro {
				if err := g.addGraph("definition", c.definition, (*graph.Graph).WriteFolded); err != nil {
					return err
				}
			}
			s := summary(c)
			if s == last {
				continue
			}
			last = s
			name := mode
			if mode != "bp" {
				name += " " + granularity
			}
			switch {
			case full:
				err = errors.Join(g.addStages(name, c), g.addReport(name, c.Report))
			case program && mode == "dfa" && granularity == feedback.Macro:
				err = g.addGraph(name+"/program", c.Program, (*graph.Graph).WriteFolded)
			}
			if err != nil {
				return err
			}
			g.add(name+"/summary", s)
		}
	}
	if !full {
		return nil
	}
	for _, part := range []string{passes.Predict, passes.Alignment} {
		c, err := g.compile("dfa", feedback.Macro, part)
		if err != nil {
			return err
		}
		if err := g.addGraph(part, c.Program, (*graph.Graph).WriteFolded); err != nil {
			return err
		}
	}
	return nil
}

// compiled is a compilation with the graph after every pass.
type compiled struct {
	*passes.Compiled
	definition *graph.Graph
	stages     []stage
}

type stage struct {
	pass  passes.Pass
	graph *graph.Graph
}

// after returns the graph after the pass of that name, or nil.
func (c *compiled) after(pass string) *graph.Graph {
	for _, s := range c.stages {
		if s.pass.Name == pass {
			return s.graph
		}
	}
	return nil
}

func (g *golden) compile(mode, granularity, part string) (*compiled, error) {
	plan, err := experiment.NewPlan(g.entry, nil, experiment.Choices{
		Mode: mode, Variant: g.variant, Set: small[g.entry.Name], Feedback: feedback.Options{Granularity: granularity},
	})
	if err != nil {
		return nil, err
	}
	c := &compiled{}
	if c.definition, err = plan.Definition(); err != nil {
		return nil, err
	}
	c.Compiled, err = plan.CompileInspected(part, experiment.Inspection{Verify: true, Trace: func(p passes.Pass, x *graph.Graph) {
		c.stages = append(c.stages, stage{p, x})
	}})
	return c, err
}

// addStages adds the graph after every pass, and names the passes that change nothing.
func (g *golden) addStages(mode string, c *compiled) error {
	before := c.definition.String()
	var idle []string
	for i, s := range c.stages {
		text := s.graph.String()
		if text == before {
			idle = append(idle, s.pass.Name)
			continue
		}
		before = text
		write := (*graph.Graph).WriteFolded
		if mode == "bp" && s.pass.Name == "optimizer" { // once, the updates in full: in all modes the rule is the same
			write = writeUpdates
		}
		if err := g.addGraph(fmt.Sprintf("%s/%d %s", mode, i+1, s.pass.Name), s.graph, write); err != nil {
			return err
		}
	}
	if idle != nil {
		g.add(mode+"/passes that change nothing", strings.Join(idle, ", ")+"\n")
	}
	return nil
}

var sectionHeader = regexp.MustCompile(`(?m)^  \w+( ".*")? \{$`)

// writeUpdates writes a program as WriteFolded does, but the states and the update section as Write does.
func writeUpdates(g *graph.Graph, w io.Writer) error {
	var b strings.Builder
	if err := g.WriteFolded(&b); err != nil {
		return err
	}
	folded, full := b.String(), g.String()
	folded = folded[:strings.LastIndex(folded, "  ... ")] // the count
	at := sectionHeader.FindStringIndex(folded)[0]
	var states strings.Builder
	for _, l := range strings.SplitAfter(full, "\n") {
		if strings.Contains(l, " = state ") {
			states.WriteString(l)
		}
	}
	_, err := fmt.Fprint(w, folded[:at], states.String(), folded[at:], full[strings.Index(full, "  update {\n"):])
	return err
}

func (g *golden) addReport(mode string, r *passes.Report) error {
	var b strings.Builder
	err := r.Write(&b)
	g.add(mode+"/report", b.String())
	return err
}
