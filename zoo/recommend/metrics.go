package recommend

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
	"graft/runtime/train"
	"graft/zoo/metric"
)

// AUC returns the area under the ROC curve of scores for labels 0 and 1, see [metric.Ranking].
func AUC(scores []float64, labels []int32) float64 {
	var clicks, others []float64
	for i, s := range scores {
		if labels[i] == 1 {
			clicks = append(clicks, s)
		} else {
			others = append(others, s)
		}
	}
	auc, _ := metric.Ranking(clicks, others)
	return auc
}

// logLoss returns the mean binary cross entropy of logits.
func logLoss(logits []float64, labels []int32) float64 {
	sum := 0.0
	for i, x := range logits {
		sum += max(x, 0) - x*float64(labels[i]) + math.Log1p(math.Exp(-math.Abs(x)))
	}
	return sum / float64(len(logits))
}

// meter takes the logits of the validation batches and then of the test batches. Metrics are val_auc and test_auc, over all rows
// of a part, and log_loss, of the test rows: as the published code has it, the mean over batches, whatever their size.
type meter struct {
	valBatches int
	batches    int
	val, test  predictions
	loss       float64 // summed over the test batches
}

type predictions struct {
	logits []float64
	labels []int32
}

func (m *meter) Reset() { *m = meter{valBatches: m.valBatches} }

func (m *meter) Add(b *train.Batch, output func(name string) *tensor.Dense) error {
	out := output("logits")
	if out == nil {
		return fmt.Errorf("the program has no output %q", "logits")
	}
	labels := b.Tensors["label"].Int32s()
	logits := make([]float64, len(labels))
	for i, x := range out.Float32s() {
		logits[i] = float64(x)
	}
	part := &m.val
	if m.batches >= m.valBatches {
		part = &m.test
		m.loss += logLoss(logits, labels)
	}
	part.logits, part.labels = append(part.logits, logits...), append(part.labels, labels...)
	m.batches++
	return nil
}

func (m *meter) Metrics() map[string]float64 {
	return map[string]float64{
		"val_auc": AUC(m.val.logits, m.val.labels), "test_auc": AUC(m.test.logits, m.test.labels),
		"log_loss": m.loss / float64(m.batches-m.valBatches),
	}
}
