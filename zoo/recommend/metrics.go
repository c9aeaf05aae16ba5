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

// meter takes logits. Metrics are test_auc, over all rows, and log_loss: as the published code has it, the mean over batches, whatever
// their size.
type meter struct {
	logits  []float64
	labels  []int32
	loss    float64 // summed over the batches
	batches int
}

func (m *meter) Reset() { *m = meter{} }

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
	m.loss += logLoss(logits, labels)
	m.logits, m.labels = append(m.logits, logits...), append(m.labels, labels...)
	m.batches++
	return nil
}

func (m *meter) Metrics() map[string]float64 {
	return map[string]float64{"test_auc": AUC(m.logits, m.labels), "log_loss": m.loss / float64(m.batches)}
}
