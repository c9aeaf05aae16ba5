package runtime

import (
	"fmt"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/runtime/native"
)

// TestGeneratedSteps trains programs whose feedback matrices are generated where they are multiplied, and programs that keep them: all
// bits are the same, in every mode, at every granularity, on the reference kernels and the native ones, with any number of workers.
func TestGeneratedSteps(t *testing.T) {
	pool := NewPool(3)
	defer pool.Close()
	seen := map[string]bool{}
	compiled := func(mode passes.Pipeline, o feedback.Options) *graph.Graph {
		c, err := passes.Compile(residual(), mode, passes.Options{Optimizer: passes.Optimizer{Rule: "sgd", Momentum: 0.9}, Feedback: o, Verify: true})
		check(t, err)
		return c.Program
	}
	train := func(p *graph.Graph, kernels native.Table, pool *Pool) *State {
		e, s := load(t, p, graph.Binding{"batch": 30}, Options{Kernels: kernels, Pool: pool, eager: pool != nil})
		for i := range 3 {
			feedAll(t, e, uint64(i/2)) // the seed changes after two steps
			step(t, e)
		}
		return s
	}
	for _, mode := range passes.Modes() {
		for _, granularity := range []string{feedback.Macro, feedback.Micro} {
			for _, sharing := range []string{feedback.Shared, feedback.Independent} {
				for _, dist := range []string{"uniform", "rademacher"} {
					o := feedback.Options{Granularity: granularity, Sharing: sharing, Dist: dist}
					stored := compiled(mode, o)
					o.Generate = true
					generated := compiled(mode, o)
					for _, n := range generated.Nodes {
						seen[n.Op.Name] = true
					}
					if len(generated.Effects("feedback_matrix")) > 0 {
						t.Errorf("%s, %+v: there is a matrix in memory", mode.Mode, o)
					}
					compareStates := func(what string, got, want *State) {
						for _, name := range want.Names() {
							same(t, fmt.Sprintf("%s, %+v, %s, %s", mode.Mode, o, what, name), got.Buffer(name), want.Buffer(name))
						}
					}
					want := train(stored, nil, nil)
					compareStates("native", train(generated, nil, nil), want)
					compareStates("3 workers", train(generated, nil, pool), want)
					if mode.Mode == "dfa" && dist == "uniform" { // which takes long
						compareStates("reference", train(generated, native.Reference(), nil), train(stored, native.Reference(), nil))
					}
				}
			}
		}
	}
	for _, op := range []string{"project_generated", "fused_project_generated"} {
		if !seen[op] {
			t.Errorf("the programs have no %s", op)
		}
	}
}
