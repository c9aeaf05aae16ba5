package passes

import (
	"fmt"

	"graft/graph"
)

// Compiled is what a compilation makes of a definition.
type Compiled struct {
	Program *graph.Graph
	Report  *Report
}

// Compile rewrites a definition into the program that o.Part names (step when empty) in the pipeline's mode. It checks the order
// of the passes, proves that the regions of the result are independent and that every parameter has one gradient or is frozen,
// and reports. The definition is left as it is.
func Compile(def *graph.Graph, p Pipeline, o Options) (*Compiled, error) {
	if err := graph.Check(def); err != nil {
		return nil, err
	}
	c, err := compile(def, p, o)
	if err != nil {
		return nil, fmt.Errorf("compile %s, mode %s: %w", def.Name, p.Mode, err)
	}
	return c, nil
}

func compile(def *graph.Graph, p Pipeline, o Options) (*Compiled, error) {
	if o.Part == "" {
		o.Part = Step
	}
	var err error
	if o.Feedback, err = o.Feedback.WithDefaults(); err != nil {
		return nil, err
	}
	if def.Program {
		return nil, fmt.Errorf("%q is a program already", def.Name)
	}
	if err := graph.Verify(def, graph.Built); err != nil {
		return nil, err
	}
	list, err := p.forPart(&o)
	if err != nil {
		return nil, err
	}
	if err := checkOrder(list); err != nil {
		return nil, err
	}
	g, marked, differentiated := def, def, (*graph.Graph)(nil)
	var recomputed *Recomputed
	stage := graph.Built
	for _, pass := range list {
		if o.ShuffleSeed != 0 {
			g = graph.Shuffle(g, o.ShuffleSeed)
		}
		out, err := pass.Run(g, &o)
		if err == nil && out == nil {
			err = fmt.Errorf("no graph came back")
		}
		if err == nil {
			err = out.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("pass %s: %w", pass.Name, err)
		}
		if out.Program && out.Mode == "" {
			out.Mode, out.Part = p.Mode, o.Part
			if len(marked.Effects("cut")) > 0 {
				out.Granularity = o.Feedback.Granularity
			}
		}
		stage = stageAfter(pass, out, stage)
		if o.Verify {
			if err := graph.Verify(out, stage); err != nil {
				return nil, fmt.Errorf("after pass %s: %w", pass.Name, err)
			}
		}
		if o.Trace != nil {
			o.Trace(pass, out)
		}
		if pass.Name == recompute.Name {
			recomputed = compareKept(g, out)
		}
		switch {
		case !out.Program:
			marked = out
		case differentiated == nil:
			differentiated = out
		}
		g = out
	}
	if differentiated == nil {
		return nil, fmt.Errorf("the pipeline makes no program of the definition: it has no pass like %s", differentiate.Name)
	}
	if err := graph.Verify(g, stage); err != nil {
		return nil, err
	}
	report := newReport(def, marked, differentiated, g, &o)
	report.Recomputed = recomputed
	if o.Part == Step || o.Part == Gradient {
		if err := prove(g, report, o.AllowTransport); err != nil {
			return nil, err
		}
	}
	return &Compiled{g, report}, nil
}

// stageAfter returns the stage whose rules a graph obeys after a pass.
func stageAfter(p Pass, g *graph.Graph, before graph.Stage) graph.Stage {
	switch {
	case p.Name == dce.Name || before == graph.Optimized && (isFusion(p) || p.Name == recompute.Name || p.Name == hoist.Name):
		return graph.Optimized
	case g.Program:
		return max(before, graph.Differentiated)
	case len(g.Effects("cut")) > 0:
		return graph.Cut
	}
	return before
}

// CompileUpdate makes the update program that belongs to a compiled gradient program: its inputs are "grad/<param>", and run
// after the gradient program it is the step program, bit for bit but for norms over tables (see Parts in the package's text).
func CompileUpdate(gradients *graph.Graph, o Optimizer) (*graph.Graph, error) {
	if !gradients.Program || gradients.Part != Gradient {
		return nil, fmt.Errorf("an update program is made from a gradient program, not from %q (part %q)", gradients.Name, gradients.Part)
	}
	return updateProgram(gradients, o)
}
