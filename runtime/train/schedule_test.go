package train_test

import (
	"math"
	"slices"
	"testing"

	"graft/runtime/train"

	"github.com/google/go-cmp/cmp"
)

func rate(t *testing.T, s train.Schedule, m train.Moment) float64 {
	t.Helper()
	lr, err := s(m)
	if err != nil {
		t.Fatal(err)
	}
	return lr
}

// TestSchedules compares rates with numbers worked out by hand, to their five digits.
func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		name     string
		schedule train.Schedule
		want     map[int]float64 // by step
	}{
		{"constant", train.Constant(0.1), map[int]float64{0: 0.1, 1e6: 0.1}},
		{"exponential", train.Exponential(1e-4, 0.1, 500_000), map[int]float64{0: 1e-4, 250_000: 3.1623e-5, 1_000_000: 1e-6}},
		// 4000 steps up, then halved where the step is four times the warmup.
		{"noam", train.Noam(1, 512, 4000), map[int]float64{0: 1.74693e-7, 3999: 6.98771e-4, 15999: 6.98771e-4 / 2}},
		// Up on steps 0 to 2, down on 2 to 9; step 5 is 3/7 of the way, and cos(3 pi/7) = 0.222521.
		{"one cycle", train.OneCycle(0.5, 10, 0.3), map[int]float64{0: 0.02, 1: 0.26, 2: 0.5, 5: 0.305631, 9: 2e-6, 100: 2e-6}},
		{"no rise", train.OneCycle(0.5, 10, 0.1), map[int]float64{0: 0.5, 9: 2e-6}},
		{"one step", train.OneCycle(0.5, 1, 0.3), map[int]float64{0: 2e-6}},
	} {
		for step, want := range c.want {
			if got := rate(t, c.schedule, train.Moment{Step: step}); !(math.Abs(got-want) <= 1e-5*want) {
				t.Errorf("%s: step %d has the rate %v, want %v", c.name, step, got, want)
			}
		}
	}
}

// TestPlateau gives the rate after each epoch, beginning before the first.
func TestPlateau(t *testing.T) {
	for _, c := range []struct {
		name          string
		schedule      train.Schedule
		metric        string
		values, rates []float64
	}{
		// 3.9999 does not improve 4 by a part in 10000, 3.9995 does. Two bad epochs cut, and the count starts anew.
		{"lower", train.Plateau(0.1, 0.2, 1, "val_loss"), "val_loss",
			[]float64{5, 4, 4, 3.9999, 3.9995, math.NaN(), 6, 6, 3, 7}, []float64{0.1, 0.1, 0.1, 0.1, 0.02, 0.02, 0.02, 0.004, 0.004, 0.004, 0.004}},
		{"higher", train.Plateau(0.1, 0.2, 1, "val_auc"), "val_auc",
			[]float64{50, 50.004, 50.006, 50, 49}, []float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.02}},
		{"no patience", train.Plateau(1, 0.5, 0, "val_loss"), "val_loss", []float64{1, 1, 1}, []float64{1, 1, 0.5, 0.25}},
		{"no number", train.Plateau(1, 0.5, 1, "val_loss"), "val_loss", []float64{math.NaN(), math.NaN(), 9}, []float64{1, 1, 0.5, 0.5}},
		// 1.5e-8 is not cut: the difference is below 1e-8.
		{"least cut", train.Plateau(3e-8, 0.5, 0, "val_loss"), "val_loss", []float64{1, 1, 1}, []float64{3e-8, 3e-8, 1.5e-8, 1.5e-8}},
	} {
		var history []train.Record
		got := []float64{rate(t, c.schedule, train.Moment{})}
		for i, v := range c.values {
			history = append(history, train.Record{Epoch: i + 1, Metrics: map[string]float64{c.metric: v}})
			got = append(got, rate(t, c.schedule, train.Moment{Epoch: i + 1, History: history}))
		}
		same := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*b } // a product of a few factors
		if !slices.EqualFunc(got, c.rates, same) {
			t.Errorf("%s: rates %v, want %v", c.name, got, c.rates)
		}
	}

	r := toy(t, "bp")
	r.LR = train.Plateau(0.1, 0.5, 1, "val_accurcy")
	_, err := r.Fit(t.Context())
	wantError(t, err, "epoch 2", "schedule", "val_accurcy", "val_accuracy")
}

// TestPlateauResumes interrupts a run after its rate has been cut: what is behind the interruption has the rates of an unbroken
// run.
func TestPlateauResumes(t *testing.T) {
	plateau := train.Plateau(0.1, 0.5, 0, "val_accuracy")
	script := func() *script { return &script{values: []float64{3, 2, 4, 4, 5, 5}} }
	whole := toy(t, "bp")
	whole.LR, whole.Evaluation.Meter = plateau, script()
	want := fit(t, whole)
	rates := []float64{0.1, 0.1, 0.05, 0.05, 0.025, 0.025}
	for i, r := range want.History {
		if r.LR != rates[i] {
			t.Errorf("epoch %d has the rate %v, want %v", i+1, r.LR, rates[i])
		}
	}

	dir := t.TempDir()
	first := toy(t, "bp")
	first.LR, first.Evaluation.Meter, first.Dir, first.Epochs = plateau, script(), dir, 3
	fit(t, first)
	rest := toy(t, "bp")
	meter := script()
	meter.epoch = 3
	rest.LR, rest.Evaluation.Meter, rest.Dir, rest.Resume = plateau, meter, dir, true
	if diff := cmp.Diff(stripSeconds(want.History), stripSeconds(fit(t, rest).History)); diff != "" {
		t.Errorf("unbroken and resumed differ (-unbroken +resumed):\n%s", diff)
	}
	if diff := cmp.Diff(weights(whole.State), weights(rest.State)); diff != "" {
		t.Errorf("parameters differ (-unbroken +resumed):\n%s", diff)
	}
}
