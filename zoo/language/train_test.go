package language

import (
	"context"
	"testing"

	"graft/feedback"
	"graft/runtime"
	"graft/zoo/experiment"
)

// riddle is a text of 3 words in which each is the sum of the last but one and of the one before that, modulo 3: the word before
// says nothing of the next one.
func riddle(n int) []int32 {
	text := []int32{0, 0, 1}
	for i := 3; i < n; i++ {
		text = append(text, (text[i-2]+text[i-3])%3)
	}
	return text[:n]
}

// TestTraining trains small models on a riddle: every kind of attention learns it in bp, and dfa brings the standard one nearer
// to it than shallow does, at both granularities.
func TestTraining(t *testing.T) {
	text := &Text{Name: "riddle", Vocabulary: 3, Train: riddle(4000), Valid: riddle(400), Test: riddle(400)}
	perplexity := map[string]float64{}
	train := func(entry int, mode, granularity string) float64 {
		e := Entries()[entry]
		plan, err := experiment.NewPlan(e, newTask(text, 8, 4), experiment.Choices{
			Mode: mode, Feedback: feedback.Options{Granularity: granularity}, Epochs: 6,
			Set: map[string]string{"width": "16", "ffn": "32", "blocks": "2", "heads": "4", "dropout": "0", "batch": "8"},
		})
		if err != nil {
			t.Fatal(err)
		}
		plan.Recipe.LR, plan.Recipe.Schedule = 5e-3, nil
		programs, err := plan.Programs()
		if err != nil {
			t.Fatal(err)
		}
		pool := runtime.NewPool(1)
		defer pool.Close()
		out, err := programs.Train(context.Background(), 0, experiment.Settings{Pool: pool})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s, %s, %s: perplexity %.3f", e.Name, mode, granularity, out.Metrics["perplexity"])
		return out.Metrics["perplexity"]
	}
	for i, e := range Entries() {
		perplexity[e.Name] = train(i, "bp", feedback.Macro)
	}
	shallow := train(0, "shallow", feedback.Macro)
	for _, granularity := range []string{feedback.Macro, feedback.Micro} {
		if dfa := train(0, "dfa", granularity); !(dfa < shallow) {
			t.Errorf("perplexity %.3f in dfa (%s), %.3f in shallow", dfa, granularity, shallow)
		}
	}
	for name, p := range perplexity {
		if !(p < shallow) {
			t.Errorf("%s: perplexity %.3f in bp, %.3f in shallow", name, p, shallow)
		}
	}
}
