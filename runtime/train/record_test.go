package train_test

import (
	"encoding/json"
	"math"
	"testing"

	"graft/runtime/train"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestRecord(t *testing.T) {
	r := train.Record{Epoch: 3, Step: 21, Loss: 0.1, LR: 1e-30, Seconds: 1.5, Metrics: map[string]float64{
		"b": math.NaN(), "a": math.Inf(1), "c": math.Inf(-1), "d": 2}}
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"epoch":3,"step":21,"loss":0.1,"lr":1e-30,"seconds":1.5,"a":"+Inf","b":"NaN","c":"-Inf","d":2}`
	if string(line) != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
	var back train.Record
	if err := json.Unmarshal(line, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`{}`, `{"epoch":1}`, `[]`, `{"epoch":1,"step":1,"loss":1,"lr":1,"seconds":1,"x":"no"}`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was taken for a record", bad)
		}
	}
	r.Metrics["step"] = 1
	_, err = json.Marshal(r)
	wantError(t, err, `"step"`)
}
