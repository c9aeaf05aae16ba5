package reproduce

import (
	"context"
	"errors"
	"math"
	"time"

	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo/experiment"
)

// alignEvery is after how many epochs alignment is measured, as in the published code (alignment.py).
const alignEvery = 10

// Training is what one training came to.
type Training struct {
	Seed     int32              `json:"seed"`
	Metrics  map[string]float64 `json:"metrics,omitempty"` // of the reported epoch
	Epoch    int                `json:"epoch,omitempty"`   // the reported epoch
	Diverged string             `json:"diverged,omitempty"`
	Seconds  float64            `json:"seconds"` // of one core, evaluations and alignment included
	// Curves holds a metric's value after each epoch; "loss" is the mean training loss of the epoch.
	Curves map[string][]float64 `json:"curves,omitempty"`
	// Course is the alignment as training went on; the last is that of the last epoch.
	Course []experiment.Aligned `json:"course,omitempty"`
	Hidden *Hidden              `json:"hidden,omitempty"`
}

// Alignment returns the alignment at the end of training, its mean over the points and rows, and the deviation over the rows; ok is
// false where none was measured.
func (t Training) Alignment() (mean, std float64, ok bool) {
	if len(t.Course) == 0 {
		return 0, 0, false
	}
	return overPoints(t.Course[len(t.Course)-1])
}

// overPoints averages over the points that have rows to compare.
func overPoints(a experiment.Aligned) (mean, std float64, ok bool) {
	n := 0.0
	for _, p := range a.Points {
		if p.Rows > 0 {
			mean, std, n = mean+p.Mean, std+p.Std, n+1
		}
	}
	return mean / n, std / n, n > 0
}

// train trains a cell for a seed.
func (c Cell) train(ctx context.Context, programs *experiment.Programs, seed int32, pool *runtime.Pool) (Training, error) {
	began := time.Now()
	t := Training{Seed: seed}
	state, err := programs.State(seed)
	if err != nil {
		return t, err
	}
	o, err := programs.TrainState(ctx, state, seed, experiment.Settings{Pool: pool, AlignEvery: alignEvery})
	if errors.Is(err, train.ErrDiverged) {
		t.Diverged, t.Seconds = err.Error(), time.Since(began).Seconds()
		return t, nil
	}
	if err != nil {
		return t, err
	}
	t.Metrics, t.Epoch, t.Course = o.Metrics, o.Epoch, o.Course
	t.Curves = curves(o.History)
	for _, curve := range t.Curves {
		for _, v := range curve {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return Training{Seed: seed, Diverged: "a metric is not finite", Seconds: time.Since(began).Seconds()}, nil
			}
		}
	}
	if c.Hidden {
		if t.Hidden, err = hiddenOf(ctx, programs, state, seed, pool); err != nil {
			return t, err
		}
	}
	t.Seconds = time.Since(began).Seconds()
	return t, nil
}

// curves returns the records by metric.
func curves(history []train.Record) map[string][]float64 {
	out := map[string][]float64{}
	for _, r := range history {
		out["loss"] = append(out["loss"], r.Loss)
		for name, v := range r.Metrics {
			out[name] = append(out[name], v)
		}
	}
	return out
}
