package language

import (
	"math"
	"testing"

	"graft/runtime/train"
)

// TestPublishedSchedule runs dfa's schedule over what an evaluation reports: two epochs without a better validation loss divide the
// rate by 5.
func TestPublishedSchedule(t *testing.T) {
	r := recipe("dfa", "")
	schedule := r.Schedule(r.LR)
	var history []train.Record
	for i, want := range []float64{1e-4, 1e-4, 1e-4, 2e-5} {
		got, err := schedule(train.Moment{Epoch: i, History: history})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("epoch %d: rate %v, want %v", i, got, want)
		}
		history = append(history, train.Record{Metrics: (&perplexities{valid: 1, losses: []float64{2, 3}}).Metrics()})
	}
}
