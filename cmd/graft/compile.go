package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// compileFlags are the flags of `graft compile`.
type compileFlags struct {
	choice
	part, format, output                 string
	fold, stages, report, params, asJSON bool
	verify                               bool
	shuffle                              int64
}

func newCompile() *cobra.Command {
	c := &compileFlags{}
	cmd := &cobra.Command{
		Use:   "compile MODEL",
		Short: "print a model's definition, or the program that a mode makes of it",
		Long: `compile prints the program that a mode makes of a model, or without --mode the model's definition. --stages, --params
and --report print other things instead; several may be given.`,
		Args: takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := lookup(args[0])
			if err != nil {
				return err
			}
			if err := c.check(cmd); err != nil {
				return err
			}
			var b strings.Builder
			if err := c.run(&b, e); err != nil {
				return err
			}
			if c.output != "" {
				return writeFile(c.output, b.String())
			}
			_, err = io.WriteString(cmd.OutOrStdout(), b.String())
			return err
		},
	}
	c.registerMode(cmd, "bp, dfa or shallow: the training `mode` to compile for")
	c.register(cmd)
	c.registerRoute(cmd)
	c.registerMatrices(cmd)
	f := cmd.Flags()
	f.StringVar(&c.part, "part", passes.Step, "`part` of the program: "+strings.Join(experiment.Parts(), ", "))
	f.BoolVar(&c.fold, "fold", false, "write repeated blocks once, and count updates and optimizer slots: for reading only")
	f.BoolVar(&c.stages, "stages", false, "print the graph after every pass, and what the pass is for")
	f.BoolVar(&c.report, "report", false, "print the compile report: points, regions, frozen parameters, weight transport, work")
	f.BoolVar(&c.params, "params", false, "print the parameters and running statistics: kind, name, type, initialisation")
	f.BoolVar(&c.verify, "verify", false, "hold the graph after every pass against the rules of its stage")
	f.Int64Var(&c.shuffle, "shuffle", 0, "`seed` to reorder independent nodes by before every pass; 0 leaves them in order")
	f.StringVar(&c.format, "format", "text", "text or dot (Graphviz): the `form` of a graph")
	f.StringVarP(&c.output, "output", "o", "", "`file` to write to instead of standard output")
	f.BoolVar(&c.asJSON, "json", false, "write JSON lines")
	return cmd
}

// check refuses flags that do not go together.
func (c *compileFlags) check(cmd *cobra.Command) error {
	f := cmd.Flags()
	if !slices.Contains([]string{"text", "dot"}, c.format) {
		return usagef("format %q is not one of text, dot", c.format)
	}
	if c.format == "dot" && (c.stages || c.report || c.params || c.asJSON) {
		return usagef("--format dot draws one graph: it does not go with --stages, --report, --params or --json")
	}
	if c.fold && (c.report || c.params || c.asJSON || c.format == "dot") {
		return usagef("--fold is for the text of graphs: it does not go with --report, --params, --json or --format dot")
	}
	if c.part == passes.Update && (c.stages || c.report) {
		return usagef("part %s is not made by passes over the model: --stages and --report are those of part %s", passes.Update, passes.Gradient)
	}
	if !f.Changed("mode") {
		for _, name := range []string{"part", "stages", "report", "granularity", "sharing", "dist", "generate-b", "route", "matrices", "recompute", "verify", "shuffle"} {
			if f.Changed(name) {
				return usagef("--%s needs a --mode; without one, the definition is printed as it is", name)
			}
		}
	}
	return nil
}

// graphLine is a JSON line that holds a graph.
type graphLine struct {
	Model string `json:"model"`
	Mode  string `json:"mode,omitempty"`
	Part  string `json:"part,omitempty"`
	Pass  string `json:"pass,omitempty"`
	Why   string `json:"why,omitempty"`
	Graph string `json:"graph"`
}

func (c *compileFlags) run(w io.Writer, e entry.Entry) error {
	choices, err := c.resolve()
	if err != nil {
		return err
	}
	if c.mode == "" {
		def, err := experiment.Define(e, choices.Variant, choices.Set)
		if err != nil {
			return err
		}
		if c.params {
			return c.writeParams(w, def)
		}
		return c.writeGraph(w, e, def)
	}
	plan, err := experiment.NewPlan(e, nil, choices)
	if err != nil {
		return err
	}
	trace, traceErr := c.tracer(w, plan)
	compiled, err := plan.CompileInspected(c.part, experiment.Inspection{Trace: trace, Verify: c.verify, ShuffleSeed: c.shuffle})
	if err != nil {
		return err
	}
	if *traceErr != nil {
		return *traceErr
	}
	if c.params {
		def, err := plan.Definition()
		if err != nil {
			return err
		}
		if err := c.writeParams(w, def); err != nil {
			return err
		}
	}
	switch {
	case c.report && c.asJSON:
		return writeJSON(w, compiled.Report)
	case c.report:
		return compiled.Report.Write(w)
	case c.stages || c.params:
		return nil
	}
	return c.writeGraph(w, e, compiled.Program)
}

// tracer returns what prints the graph after every pass when --stages asks for it, and where that leaves an error.
func (c *compileFlags) tracer(w io.Writer, plan *experiment.Plan) (func(passes.Pass, *graph.Graph), *error) {
	failed := new(error)
	if !c.stages {
		return nil, failed
	}
	before := ""
	show := func(pass, why string, g *graph.Graph) {
		if *failed != nil {
			return
		}
		text := g.String()
		if c.asJSON {
			*failed = writeJSON(w, graphLine{Model: plan.Entry.Name, Mode: c.mode, Part: c.part, Pass: pass, Why: why, Graph: text})
			return
		}
		if text == before {
			_, *failed = fmt.Fprintf(w, "// %s: %s\n// It changes nothing here.\n\n", pass, why)
			return
		}
		before = text
		if _, *failed = fmt.Fprintf(w, "// %s: %s\n", pass, why); *failed == nil {
			*failed = c.writeText(w, g)
		}
		if *failed == nil {
			_, *failed = io.WriteString(w, "\n")
		}
	}
	def, err := plan.Definition()
	if err != nil {
		*failed = err
		return nil, failed
	}
	show("definition", "the model as it is defined", def)
	return func(p passes.Pass, g *graph.Graph) { show(p.Name, p.Why, g) }, failed
}

func (c *compileFlags) writeGraph(w io.Writer, e entry.Entry, g *graph.Graph) error {
	switch {
	case c.asJSON:
		return writeJSON(w, graphLine{Model: e.Name, Mode: g.Mode, Part: g.Part, Graph: g.String()})
	case c.format == "dot":
		return graph.WriteDot(w, g)
	}
	return c.writeText(w, g)
}

func (c *compileFlags) writeText(w io.Writer, g *graph.Graph) error {
	if c.fold {
		return g.WriteFolded(w)
	}
	return g.Write(w)
}

// paramLine is a line of --params.
type paramLine struct {
	Kind string `json:"kind"` // param, or state for running statistics
	Name string `json:"name"`
	Type string `json:"type"`
	Init string `json:"init"`
}

func (c *compileFlags) writeParams(w io.Writer, def *graph.Graph) error {
	t := table{}
	for _, v := range append(def.Leaves("param"), def.Leaves("state")...) {
		p := paramLine{v.Node.Op.Name, v.Node.Name(), v.Type.String(), v.Node.Str("init")}
		if c.asJSON {
			if err := writeJSON(w, p); err != nil {
				return err
			}
			continue
		}
		t.add(p.Kind, p.Name, p.Type, p.Init)
	}
	_, err := io.WriteString(w, t.String())
	return err
}
