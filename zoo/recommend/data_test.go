package recommend

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
	"graft/runtime/train"
)

// TestAUC compares AUC with counting pairs, with few and many ties.
func TestAUC(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, values := range []int{1, 2, 5, 1000} {
		for n := range 40 {
			scores, labels := make([]float64, n), make([]int32, n)
			for i := range scores {
				scores[i], labels[i] = float64(rng.IntN(values)), int32(rng.IntN(2))
			}
			right, pairs := 0.0, 0.0
			for i := range scores {
				for j := range scores {
					if labels[i] == 1 && labels[j] == 0 {
						pairs++
						switch {
						case scores[i] > scores[j]:
							right++
						case scores[i] == scores[j]:
							right += 0.5
						}
					}
				}
			}
			got, want := AUC(scores, labels), right/pairs
			if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-12 {
				t.Fatalf("%d rows, %d values: %v, counting gives %v", n, values, got, want)
			}
		}
	}
	if got := AUC([]float64{math.NaN(), 1}, []int32{0, 1}); !math.IsNaN(got) {
		t.Errorf("a score that is no number gives %v", got)
	}
}

// TestSynthetic checks the generator's form, and that what it hides is worth finding: the weights alone say far less than all
// terms, and each kind of interaction has its share.
func TestSynthetic(t *testing.T) {
	d := Synthetic(0, 2000, 500, 20000)
	if d.Train.N != 2000 || d.Val.N != 500 || len(d.Train.X) != 2000*fields || d.Fields != 39 {
		t.Fatalf("%d and %d rows of %d fields", d.Train.N, d.Val.N, d.Fields)
	}
	m := newClickModel(rand.New(rand.NewPCG(0, 0)))
	for i, x := range d.Train.X {
		if f := i % fields; int(x) < m.first[f] || int(x) >= m.first[f+1] {
			t.Fatalf("row %d, field %d: feature %d", i/fields, f, x)
		}
	}
	if again := Synthetic(0, 50, 0, 10); !slices.Equal(again.Train.X, d.Train.X[:50*fields]) || !slices.Equal(again.Test.Labels, d.Test.Labels[:10]) {
		t.Error("a shorter set of the same seed differs")
	}
	if other := Synthetic(1, 50, 0, 0); slices.Equal(other.Train.Labels, d.Train.Labels[:50]) {
		t.Error("another seed gives the same labels")
	}
	if none := Synthetic(0, -1, 0, 0); none.Train.N != 0 {
		t.Error("a negative count gives rows")
	}

	clicks := 0
	score := make([][]float64, 3) // of the weights; with pairs; with everything
	for i, l := range d.Test.Labels {
		clicks += int(l)
		first, second, third := m.terms(d.Test.X[i*fields : (i+1)*fields])
		score[0] = append(score[0], oddsFirst*first)
		score[1] = append(score[1], oddsFirst*first+oddsSecond*second)
		score[2] = append(score[2], oddsFirst*first+oddsSecond*second+oddsThird*third)
	}
	rate := float64(clicks) / float64(d.Test.N)
	linear, pairs, bayes := AUC(score[0], d.Test.Labels), AUC(score[1], d.Test.Labels), AUC(d.Test.Logits, d.Test.Labels)
	t.Logf("%d features, clicks %.3f; AUC of the weights %.4f, with pairs %.4f, Bayes %.4f; Bayes log loss %.4f",
		d.Features, rate, linear, pairs, bayes, logLoss(d.Test.Logits, d.Test.Labels))
	if rate < 0.2 || rate > 0.35 {
		t.Errorf("a share of %.3f are clicks", rate)
	}
	if linear > pairs-0.03 || pairs > bayes-0.02 || bayes < 0.8 || bayes > 0.9 {
		t.Error("the terms do not have their shares")
	}
	if got := AUC(score[2], d.Test.Labels); math.Abs(got-bayes) > 1e-9 {
		t.Errorf("the terms give an AUC of %v, the log-odds %v", got, bayes)
	}
}

// TestEvaluation checks that each part's rows are measured by themselves, the log loss as the mean over batches of whatever size.
func TestEvaluation(t *testing.T) {
	d := Synthetic(0, 0, evalBatch+3, 100)
	source, meter, err := newTask(d).Evaluate()
	if err != nil {
		t.Fatal(err)
	}
	score := func(row, label int32) float32 { return float32(row%7) - 3 + float32(label)/2 }
	for range 2 { // the second time from the start
		meter.Reset()
		for i := range source.Len() {
			var b train.Batch
			if err := source.Batch(0, i, &b); err != nil {
				t.Fatal(err)
			}
			x, label := b.Tensors["x"].Int32s(), b.Tensors["label"].Int32s()
			out := make([]float32, len(label))
			for row := range out {
				out[row] = score(x[row*d.Fields], label[row])
			}
			logits := tensor.New(tensor.WithBacking(out), tensor.WithShape(len(out)))
			if err := meter.Add(&b, func(string) *tensor.Dense { return logits }); err != nil {
				t.Fatal(err)
			}
		}
	}
	logits := func(s Split) (out []float64) {
		for row, label := range s.Labels {
			out = append(out, float64(score(s.X[row*d.Fields], label)))
		}
		return out
	}
	val, test := logits(d.Val), logits(d.Test)
	want := map[string]float64{
		"val_auc": AUC(val, d.Val.Labels), "test_auc": AUC(test, d.Test.Labels), "log_loss": logLoss(test, d.Test.Labels),
		"val_log_loss": (logLoss(val[:evalBatch], d.Val.Labels[:evalBatch]) + logLoss(val[evalBatch:], d.Val.Labels[evalBatch:])) / 2,
	}
	if diff := cmp.Diff(want, meter.Metrics()); diff != "" {
		t.Error(diff)
	}
}
