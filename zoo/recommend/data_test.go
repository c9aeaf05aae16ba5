package recommend

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

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

// TestEvaluationBatches checks that validation rows come before test rows, and that no batch holds both.
func TestEvaluationBatches(t *testing.T) {
	d := Synthetic(0, 0, 5, 3)
	s := sequence{d.inOrder(&d.Val, 2), d.inOrder(&d.Test, 2)}
	var got []int32
	var sizes []int
	for i := range s.Len() {
		var b train.Batch
		if err := s.Batch(0, i, &b); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, b.Binding["batch"])
		got = append(got, b.Tensors["x"].Int32s()...)
	}
	if want := slices.Concat(d.Val.X, d.Test.X); !slices.Equal(sizes, []int{2, 2, 1, 2, 1}) || !slices.Equal(got, want) {
		t.Errorf("batches of %v", sizes)
	}
	for _, i := range []int{-1, s.Len()} {
		if err := s.Batch(0, i, &train.Batch{}); err == nil {
			t.Errorf("batch %d is there", i)
		}
	}
}
