package passes

import (
	"graft/feedback"
	"graft/graph"
)

// Pass is one rewrite: a function from graph to graph that leaves its argument as it is.
type Pass struct {
	Name string
	Why  string // one line: what the pass is for
	Run  func(g *graph.Graph, o *Options) (*graph.Graph, error)
}

// Options are what a compilation may choose. Feedback is read by dfa and shallow only, Optimizer by step programs only.
type Options struct {
	Feedback  feedback.Options
	Optimizer Optimizer
	// Part selects what is compiled: Step, Gradient, Predict or Alignment.
	Part string
	// Recompute turns recomputation on in step and gradient programs.
	Recompute Recompute
	// FixedInputs says that inputs are the same at every step, as in full-batch training, but for scalars: what depends on them and on
	// parameters that are not trained is computed once (see hoist). A predict program does not know these: Frozen names them.
	FixedInputs bool
	Frozen      []string
	// Outputs names the outputs of the definition that the program keeps; nil stands for all, and an empty list for none. The loss,
	// and what a part or Observe adds, do not belong to them and stay.
	Outputs []string
	// Evaluate turns off draws, the batch's statistics and the definition's stores first, as predict and alignment programs always do.
	Evaluate bool
	// DrawnAlignment measures alignment as the published code does by mistake: it leaves the copy that is backpropagated through in
	// training mode, so that dropout acts there and not where errors are delivered (see align).
	DrawnAlignment bool
	// GivenRandom replaces the draws of the named streams by inputs "random/<stream>", standard normal ones for random_normal and
	// uniform ones for the others; draws of no named stream are turned off.
	GivenRandom map[string]bool
	// Observe adds outputs "cotangent/<point>" and "error/<site>": at a point what was delivered, in backpropagation what arrives.
	Observe bool
	// F64 compiles the definition retyped to double precision.
	F64 bool
	// AllowTransport accepts dfa programs in which a gradient reads trained weights of another region.
	AllowTransport bool
	// VJPs are the gradient rules; nil stands for Rules().
	VJPs VJPs
	// Verify checks every intermediate graph, with independent nodes shuffled by ShuffleSeed when that is not 0.
	Verify      bool
	ShuffleSeed int64
	// Trace, when set, sees the graph after every pass.
	Trace func(p Pass, g *graph.Graph)
}

// The parts of a training program.
const (
	Step      = "step"      // gradients and updates
	Gradient  = "gradient"  // outputs "grad/<param>"; with the Update program it makes up the step
	Update    = "update"    // inputs "grad/<param>"
	Predict   = "predict"   // the outputs alone, in evaluation
	Alignment = "alignment" // delivered against backpropagated cotangents, in evaluation
)
