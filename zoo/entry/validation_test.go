package entry_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
	"graft/graph"
	"graft/runtime/train"
	"graft/zoo/entry"
)

// sum is a meter of what batches are bound to.
type sum struct {
	name  string
	value float64
}

func (s *sum) Reset() { s.value = 0 }

func (s *sum) Add(b *train.Batch, _ func(string) *tensor.Dense) error {
	if b.Binding["row"] < 0 {
		return errors.New("negative")
	}
	s.value += float64(b.Binding["row"])
	return nil
}

func (s *sum) Metrics() map[string]float64 { return map[string]float64{s.name: s.value} }

// numbers yields numbers, one a batch.
func numbers(n ...int) train.Source {
	return train.InOrder(len(n), 1, func(idx []int, b *train.Batch) error {
		b.Binding = graph.Binding{"row": n[idx[0]]}
		return nil
	})
}

// TestValidated runs an evaluation of two parts twice: each meter sees the batches of its part alone.
func TestValidated(t *testing.T) {
	source, meter := entry.Validated(
		entry.Part{Source: numbers(1, 2), Meter: &sum{name: "test_sum"}},
		entry.Part{Source: numbers(10, 20, 30), Meter: &sum{name: "test_sum"}},
	)
	for range 2 {
		meter.Reset()
		for i := range source.Len() {
			var b train.Batch
			if err := source.Batch(0, i, &b); err != nil {
				t.Fatal(err)
			}
			if err := meter.Add(&b, nil); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(map[string]float64{"val_sum": 3, "test_sum": 60}, meter.Metrics()); diff != "" {
			t.Error(diff)
		}
	}
	var b train.Batch
	for _, i := range []int{-1, 5} {
		if err := source.Batch(0, i, &b); err == nil {
			t.Errorf("batch %d has been given", i)
		}
	}
}
