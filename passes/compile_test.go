package passes_test

import (
	"testing"

	"graft/graph"
	"graft/passes"
)

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
