package zoo_test

import (
	"strings"
	"testing"

	"graft/zoo"
	"graft/zoo/experiment"
)

// TestTuning checks that every model can be tuned on every set that graft generates: the validation metric is the entry's metric on
// other data.
func TestTuning(t *testing.T) {
	for _, e := range zoo.Entries() {
		opened := 0
		for _, data := range e.Data {
			if !strings.HasPrefix(data, "synthetic-") {
				continue
			}
			opened++
			task, _, err := experiment.Open(e, data, "")
			if err != nil {
				t.Fatal(err)
			}
			if task.Tuning != nil {
				if task.Validation != "" {
					t.Errorf("%s on %s has validation data, and a task to have some", e.Name, data)
				}
				task = task.Tuning()
			}
			if want := "val_" + strings.TrimPrefix(e.Metric, "test_"); task.Validation != want {
				t.Errorf("%s on %s is tuned by %q, want %q", e.Name, data, task.Validation, want)
			}
			if task.ForSeed == nil {
				continue
			}
			if other, err := task.ForSeed(1); err != nil || other.Validation != task.Validation {
				t.Errorf("%s on %s, seed 1: %v", e.Name, data, err)
			}
		}
		if opened == 0 {
			t.Errorf("%s has no generated data", e.Name)
		}
	}
}
