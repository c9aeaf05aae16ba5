package passes_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/graph"
	"graft/passes"
)

// shown is a definition with outputs on the way to the loss and beside it, one of which alone reads an input and draws.
func shown() model {
	m := perceptron(4, 6)
	g := m.def
	logits := g.Effects("output")[0].Args[0]
	g.Output("noisy", graph.Dropout(graph.MatMul(logits, g.Input("view", graph.F32, classes, 2)), 0.5, "noise"))
	return m
}

// TestOutputs compiles with some outputs, with none and with all of them: what is kept, and what is stored, has the same bits.
func TestOutputs(t *testing.T) {
	m := shown()
	for _, mode := range []string{"bp", "dfa", "shallow"} {
		for _, part := range []string{passes.Step, passes.Gradient, passes.Predict} {
			o := passes.Options{Part: part, Verify: true, Observe: true}
			all := compile(t, m.def, mode, o).Program
			want := m.w.run(t, all)
			for _, dropped := range [][]string{{}, {"noisy"}, {"hits", "noisy"}, {"logits", "hits", "noisy"}} {
				o.Outputs = []string{}
				rest := map[string][]float64{}
				for name, x := range want {
					rest[name] = x
				}
				for _, name := range dropped {
					delete(rest, name)
				}
				for _, name := range []string{"logits", "hits", "noisy"} {
					if _, ok := rest[name]; ok {
						o.Outputs = append(o.Outputs, name)
					}
				}
				program := compile(t, m.def, mode, o).Program
				if d := cmp.Diff(rest, m.w.run(t, program)); d != "" {
					t.Errorf("%s, %s, without %v (-all outputs +without):\n%s", mode, part, dropped, d)
				}
				if unread := len(dropped) > 0; (program.Leaf("view") == nil) != unread {
					t.Errorf("%s, %s, without %v: the input that noisy reads is there: %v", mode, part, dropped, unread)
				}
			}
		}
	}
}

// TestUnknownOutput checks that an output that does not exist is refused, and that the loss is none of the definition's.
func TestUnknownOutput(t *testing.T) {
	m := shown()
	bp, err := passes.Mode("bp")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"logit", "loss", "grad/w"} {
		_, err := passes.Compile(m.def, bp, passes.Options{Optimizer: passes.Optimizer{Rule: "sgd"}, Outputs: []string{"hits", name}})
		wantError(t, err, "pass select-outputs", fmt.Sprintf("no output %q", name), "[logits, hits, noisy]")
	}
}
