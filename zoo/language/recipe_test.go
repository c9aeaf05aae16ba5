package language

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
	"graft/runtime/train"
)

// TestPublishedSchedule runs dfa's schedule over what an evaluation reports: two epochs without a better validation loss divide the
// rate by 5.
func TestPublishedSchedule(t *testing.T) {
	r := recipe("dfa", "")
	schedule := r.Schedule(r.LR)
	s := Synthetic(0)
	source, meter, err := newTask(&s.Text, syntheticTime, syntheticBatch).Evaluate()
	if err != nil {
		t.Fatal(err)
	}
	loss := tensor.New(tensor.FromScalar(float32(2)))
	for i := range source.Len() {
		if i == source.Len()/2 { // the test text, which is as long
			loss = tensor.New(tensor.FromScalar(float32(3)))
		}
		if err := meter.Add(&train.Batch{}, func(string) *tensor.Dense { return loss }); err != nil {
			t.Fatal(err)
		}
	}
	metrics := meter.Metrics()
	want := map[string]float64{"val_loss": 2, "val_perplexity": math.Exp(2), "test_loss": 3, "perplexity": math.Exp(3)}
	if diff := cmp.Diff(want, metrics); diff != "" {
		t.Error(diff)
	}
	var history []train.Record
	for i, want := range []float64{1e-4, 1e-4, 1e-4, 2e-5} {
		got, err := schedule(train.Moment{Epoch: i, History: history})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("epoch %d: rate %v, want %v", i, got, want)
		}
		history = append(history, train.Record{Metrics: metrics})
	}
}
