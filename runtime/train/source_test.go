package train_test

import (
	"slices"
	"testing"

	"graft/runtime/train"
)

// order collects the rows that an epoch of a source asks for.
func order(t *testing.T, seed int32, epoch int, pick func(len int) []int) [][]int {
	t.Helper()
	out := [][]int{}
	s := train.Shuffled(103, 10, seed, func(idx []int, _ *train.Batch) error {
		out = append(out, slices.Clone(idx))
		return nil
	})
	for _, i := range pick(s.Len()) {
		if err := s.Batch(epoch, i, &train.Batch{}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestShuffled(t *testing.T) {
	epoch := order(t, 5, 3, all)
	if len(epoch) != 11 || len(epoch[0]) != 10 || len(epoch[10]) != 3 {
		t.Fatalf("batches %v", epoch)
	}
	rows := slices.Concat(epoch...)
	if slices.Equal(rows, all(103)) {
		t.Error("not shuffled")
	}
	slices.Sort(rows)
	if !slices.Equal(rows, all(103)) {
		t.Errorf("not every row once: %v", rows)
	}
	backwards := order(t, 5, 3, func(n int) []int { o := all(n); slices.Reverse(o); return o })
	slices.Reverse(backwards)
	if !slices.EqualFunc(epoch, backwards, slices.Equal) {
		t.Error("a batch depends on those asked for before")
	}
	if slices.EqualFunc(epoch, order(t, 5, 4, all), slices.Equal) || slices.EqualFunc(epoch, order(t, 6, 3, all), slices.Equal) {
		t.Error("the order does not depend on seed and epoch")
	}
}

// TestShuffledIsUniform counts where row 0 goes.
func TestShuffledIsUniform(t *testing.T) {
	const n, epochs = 8, 8000
	var at [n]int
	place := 0
	s := train.Shuffled(n, 1, 0, func(idx []int, _ *train.Batch) error {
		if idx[0] == 0 {
			at[place]++
		}
		place++
		return nil
	})
	for e := range epochs {
		place = 0
		for i := range n {
			if err := s.Batch(e, i, &train.Batch{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range at {
		if c < 850 || c > 1150 { // five standard deviations around 1000
			t.Errorf("row 0 was at the places %v times", at)
		}
	}
}

func TestInOrder(t *testing.T) {
	var rows []int
	s := train.InOrder(7, 3, func(idx []int, _ *train.Batch) error {
		rows = append(rows, idx...)
		return nil
	})
	for i := range s.Len() {
		if err := s.Batch(9, i, &train.Batch{}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(rows, all(7)) {
		t.Error(rows)
	}
	wantError(t, s.Batch(0, 3, &train.Batch{}), "batch 3 of 3")
}
