package experiment

import (
	"fmt"
	"slices"
	"strings"

	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
)

// Parts returns the names of the parts that a plan's program can be compiled to.
func Parts() []string {
	return []string{passes.Step, passes.Gradient, passes.Update, passes.Predict, passes.Alignment}
}

// Define builds an entry's definition for options that differ from the defaults as set says.
func Define(e entry.Entry, variant string, set map[string]string) (*graph.Graph, error) {
	variant, err := pickVariant(e, variant)
	if err != nil {
		return nil, err
	}
	options, err := e.Configure(set)
	if err != nil {
		return nil, &UsageError{err}
	}
	return e.Build(options, variant)
}

// Definition builds the plan's definition.
func (p *Plan) Definition() (*graph.Graph, error) { return p.Entry.Build(p.Options, p.Variant) }

// Compile makes one part of the plan's program.
func (p *Plan) Compile(part string) (*passes.Compiled, error) {
	return p.CompileInspected(part, Inspection{})
}

// Inspection is what to look at while a program is compiled.
type Inspection struct {
	Trace       func(passes.Pass, *graph.Graph) // sees the graph after every pass
	Verify      bool                            // holds every intermediate graph against the rules of its stage
	ShuffleSeed int64                           // reorders independent nodes before every pass, when not 0
}

// CompileInspected is [Plan.Compile] under inspection. The update program is not made by passes of its own: its trace and report
// are those of the gradient program that it belongs to.
func (p *Plan) CompileInspected(part string, i Inspection) (*passes.Compiled, error) {
	if !slices.Contains(Parts(), part) {
		return nil, &UsageError{fmt.Errorf("part %q is not one of %s", part, strings.Join(Parts(), ", "))}
	}
	if part == passes.Alignment && !p.grafts() {
		return nil, &UsageError{fmt.Errorf("mode %s delivers no error at any point: it has no part %s", p.Pipeline.Mode, part)}
	}
	options := p.passOptions(part)
	options.Trace, options.Verify, options.ShuffleSeed = i.Trace, i.Verify, i.ShuffleSeed
	if part != passes.Update {
		return p.compile(options)
	}
	options.Part = passes.Gradient
	c, err := p.compile(options)
	if err != nil {
		return nil, err
	}
	update, err := passes.CompileUpdate(c.Program, p.Recipe.Optimizer)
	return &passes.Compiled{Program: update, Report: c.Report}, err
}

// CompileTraining makes the step program that trainings run. The loss is its only output, since the loop reads no other and some,
// such as a language model's logits, are larger than all that a step keeps besides.
func (p *Plan) CompileTraining() (*passes.Compiled, error) { return p.compileTraining(false) }

func (p *Plan) compileTraining(fixedInputs bool) (*passes.Compiled, error) {
	options := p.passOptions(passes.Step)
	options.Outputs, options.FixedInputs = []string{}, fixedInputs
	return p.compile(options)
}

func (p *Plan) passOptions(part string) passes.Options {
	return passes.Options{Part: part, Feedback: p.Feedback, Optimizer: p.Recipe.Optimizer, Recompute: p.Recompute,
		DrawnAlignment: p.Entry.DrawnAlignment != "" && p.Entry.DrawnAlignment == p.Variant}
}

func (p *Plan) compile(o passes.Options) (*passes.Compiled, error) {
	def, err := p.Definition()
	if err != nil {
		return nil, err
	}
	return passes.Compile(def, p.Pipeline, o)
}

// grafts reports whether the mode delivers projected errors.
func (p *Plan) grafts() bool {
	return slices.ContainsFunc(p.Pipeline.Passes, func(q passes.Pass) bool { return q.Name == "graft" })
}
