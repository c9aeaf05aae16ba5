package zoo_test

import (
	"math"
	"slices"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/buffer"
	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// The tests of this file are the README's table of defects of the published code: each shows that the reference variant has the
// defect and that the paper's has not. The plan is the one that `graft --variant` makes.
func defectPlan(t *testing.T, model, variant string, set ...string) *experiment.Plan {
	t.Helper()
	e, err := zoo.Lookup(model)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := experiment.NewPlan(e, nil, experiment.Choices{Mode: "dfa", Variant: variant, Set: with(tiny(model), set...)})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func definitionOf(t *testing.T, p *experiment.Plan) *graph.Graph {
	t.Helper()
	def, err := p.Definition()
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// eachReading runs a test on both variants.
func eachReading(t *testing.T, test func(t *testing.T, variant string, defect bool)) {
	for _, variant := range []string{entry.Paper, entry.Reference} {
		t.Run(variant, func(t *testing.T) { test(t, variant, variant == entry.Reference) })
	}
}

// TestUngraftedCut: AFN's embedding is cut off and nothing is delivered there, so that it stays as it was drawn.
func TestUngraftedCut(t *testing.T) {
	eachReading(t, func(t *testing.T, variant string, defect bool) {
		c, err := defectPlan(t, "afn", variant).Compile(passes.Step)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(c.Report.Frozen, "embedding/weight"); got != defect {
			t.Errorf("frozen %v", c.Report.Frozen)
		}
	})
}

// TestErrorAfterLogSoftmax: DNAConv's error is taken behind the log-softmax, where it is the negative of the labels over the number of
// training nodes, whatever the model predicts.
func TestErrorAfterLogSoftmax(t *testing.T) {
	eachReading(t, func(t *testing.T, variant string, defect bool) {
		plan := defectPlan(t, "dna", variant)
		def := definitionOf(t, plan)
		c, err := passes.Compile(def, plan.Pipeline, passes.Options{Part: passes.Gradient, Observe: true, Feedback: plan.Feedback})
		if err != nil {
			t.Fatal(err)
		}
		site := "error/logits"
		if defect {
			site = "error/log_probabilities"
		}
		w := newWorld(t, def, tinySizes("dna"))
		before := w.outputs(t, c.Program)[site]
		fill(w.leaves["lin2/weight"], func() float64 { return 3 }) // other predictions
		fill(w.leaves["lin2/bias"], func() float64 { return -1 })
		after := w.outputs(t, c.Program)[site]
		if slices.Equal(before.F32, after.F32) != defect {
			t.Errorf("the error was %v and with other weights is %v", before.F32, after.F32)
		}
	})
}

// TestDropoutMismatch: the alignment of the node classifiers compares what is delivered without dropout with what is backpropagated
// with it.
func TestDropoutMismatch(t *testing.T) {
	for _, model := range []string{"gcn", "cheb", "spline", "gat", "dna"} {
		t.Run(model, func(t *testing.T) {
			eachReading(t, func(t *testing.T, variant string, defect bool) {
				plan := defectPlan(t, model, variant, "dropout", "0.5")
				c, err := plan.Compile(passes.Alignment)
				if err != nil {
					t.Fatal(err)
				}
				forward := slices.ContainsFunc(c.Program.Nodes, func(n *graph.Node) bool { return n.Op.Name == "dropout" && n.Phase == graph.Forward })
				if forward != defect {
					t.Errorf("there is dropout in the alignment: %v", forward)
				}
				// Without dropout, the two agree.
				none, err := defectPlan(t, model, variant, withoutDropout(model)...).Compile(passes.Alignment)
				if err != nil {
					t.Fatal(err)
				}
				w := newWorld(t, definitionOf(t, plan), tinySizes(model))
				with, without := w.outputs(t, c.Program), w.outputs(t, none.Program)
				same := true
				for name, b := range without {
					if b.F32 != nil && name != "loss" {
						same = same && near(b, with[name])
					}
				}
				if same == defect {
					t.Errorf("dropout makes no difference to the alignment: %v", same)
				}
			})
		})
	}
}

// withoutDropout sets all of a model's dropout options to 0.
func withoutDropout(model string) []string {
	switch model {
	case "gat":
		return []string{"dropout", "0", "attention_dropout", "0", "output_attention_dropout", "0"}
	case "dna":
		return []string{"dropout", "0", "attention_dropout", "0"}
	}
	return []string{"dropout", "0"}
}

// near allows for rounding in another order.
func near(a, b *buffer.Buffer) bool {
	for i, x := range a.F32 {
		if !(math.Abs(float64(x-b.F32[i])) <= 1e-5) {
			return false
		}
	}
	return true
}

// TestIdenticalBlocks: the blocks of a Transformer start as copies of the first.
func TestIdenticalBlocks(t *testing.T) {
	for _, model := range []string{"transformer", "transformer-dense", "transformer-random", "transformer-fixed"} {
		t.Run(model, func(t *testing.T) {
			eachReading(t, func(t *testing.T, variant string, defect bool) {
				s := runtime.NewState()
				if err := s.Init(definitionOf(t, defectPlan(t, model, variant)), graph.Binding{}, 3); err != nil {
					t.Fatal(err)
				}
				first, second := s.Tensor("block0/ffn/hidden/weight").Float32s(), s.Tensor("block1/ffn/hidden/weight").Float32s()
				if slices.Equal(first, second) != defect {
					t.Errorf("the second block starts as the first: %v", !defect)
				}
			})
		})
	}
}

// TestMixedHeads: the dense synthesizer applies the attention weights of one sequence and head to the values of another, so that
// sequences see one another.
func TestMixedHeads(t *testing.T) {
	eachReading(t, func(t *testing.T, variant string, defect bool) {
		plan := defectPlan(t, "transformer-dense", variant, "dropout", "0")
		c, err := plan.Compile(passes.Predict)
		if err != nil {
			t.Fatal(err)
		}
		def := definitionOf(t, plan)
		w := newWorld(t, def, tinySizes("transformer-dense"))
		before := slices.Clone(w.outputs(t, c.Program)["logits"].F32)
		tokens := w.leaves["tokens"].I32
		tokens[len(tokens)/2] = (tokens[len(tokens)/2] + 1) % 7 // the first of the second sequence
		after := w.outputs(t, c.Program)["logits"].F32
		if half := len(after) / 2; slices.Equal(before[:half], after[:half]) == defect {
			t.Errorf("the first sequence depends on the second: %v", !defect)
		}
	})
}
