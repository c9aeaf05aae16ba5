package runtime

import (
	"context"

	"graft/graph"
	"graft/runtime/buffer"
)

// Backend makes programs runnable. The default one runs the native kernels; others lower the program to another system.
type Backend interface {
	Name() string
	Load(job *Job) (Runner, error)
}

// Job is what a Backend gets to load. The buffers stay the same objects for as long as the Runner is used, but the memory
// behind those of the inputs changes between steps, and is absent before the first.
type Job struct {
	Program *graph.Graph
	Binding graph.Binding
	// Leaves holds the buffer of every leaf. A Runner reads them; stored values go into those of params and states.
	Leaves map[*graph.Value]*buffer.Buffer
	// Results holds a buffer for every value that is declared as an output. That of a leaf is not the leaf's own, since it
	// is to show the value before the step.
	Results map[*graph.Value]*buffer.Buffer
	// Stale reports whether the nodes of phase once have to run in this step. A backend that always runs them may ignore it.
	Stale func() bool
}

// Runner runs a loaded program.
type Runner interface {
	// Run reads the leaves, writes the results, and finally the stored values. After an error the leaves must be as before.
	Run(ctx context.Context) error
}

// Reporter is a Runner that can say how it will run the program.
type Reporter interface{ Report() Report }
