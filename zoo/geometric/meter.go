package geometric

import (
	"fmt"

	"gorgonia.org/tensor"
	"graft/runtime/train"
	"graft/zoo/metric"
)

// accuracies reduces the hits of all nodes to percentages over sets of nodes.
type accuracies struct {
	sets   map[string][]int32
	values map[string]float64
}

func (a *accuracies) Reset() { a.values = map[string]float64{} }

func (a *accuracies) Add(_ *train.Batch, output func(name string) *tensor.Dense) error {
	hits := output("hits")
	if hits == nil {
		return fmt.Errorf("the program has no output %q", "hits")
	}
	for name, nodes := range a.sets {
		sum := 0.0
		for _, n := range nodes {
			sum += float64(hits.Float32s()[n])
		}
		a.values[name] = 100 * sum / float64(len(nodes))
	}
	return nil
}

func (a *accuracies) Metrics() map[string]float64 { return a.values }

// ranking reduces the scores of positive and negative pairs to the quality of their order, that of the validation pairs by
// themselves.
type ranking struct {
	valPositive, valNegative []bool // which pairs are for validation; the others are for testing
	values                   map[string]float64
}

func (r *ranking) Reset() { r.values = map[string]float64{} }

func (r *ranking) Add(_ *train.Batch, output func(name string) *tensor.Dense) error {
	positive, negative := output("positive"), output("negative")
	if positive == nil || negative == nil {
		return fmt.Errorf("the program has no outputs %q and %q", "positive", "negative")
	}
	valPositive, testPositive := divide(positive.Float32s(), r.valPositive)
	valNegative, testNegative := divide(negative.Float32s(), r.valNegative)
	r.values["val_auc"], r.values["val_ap"] = metric.Ranking(valPositive, valNegative)
	r.values["test_auc"], r.values["test_ap"] = metric.Ranking(testPositive, testNegative)
	return nil
}

// divide returns the values where first holds, and the others.
func divide(values []float32, first []bool) (a, b []float32) {
	for k, v := range values {
		if first[k] {
			a = append(a, v)
		} else {
			b = append(b, v)
		}
	}
	return a, b
}

func (r *ranking) Metrics() map[string]float64 { return r.values }
