package experiment_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo"
	"graft/zoo/experiment"
)

// TestOutput compares the hidden activations of a trained gcn with those computed densely from its parameters, and logits with those
// that the activations lead to.
func TestOutput(t *testing.T) {
	e, err := zoo.Lookup("gcn")
	if err != nil {
		t.Fatal(err)
	}
	task, _, err := experiment.Open(e, "synthetic-cora", "")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := experiment.NewPlan(e, task, experiment.Choices{Mode: "dfa", Epochs: 3})
	if err != nil {
		t.Fatal(err)
	}
	programs, err := plan.Programs()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	state, err := programs.State(3)
	if err != nil {
		t.Fatal(err)
	}
	start := slices.Clone(state.Tensor("conv1/weight").Float32s())
	outcome, err := programs.TrainState(ctx, state, 3, experiment.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if same, err := programs.Train(ctx, 3, experiment.Settings{}); err != nil || same.Metrics["test_accuracy"] != outcome.Metrics["test_accuracy"] {
		t.Errorf("Train: %v, %v; TrainState: %v", same, err, outcome)
	}
	hidden, err := programs.Output(ctx, state, 3, "hidden", "hidden", runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	logits, err := programs.Output(ctx, state, 3, "", "logits", runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const nodes, width, classes = 2708, 16, 7
	if len(hidden) != 1 || !slices.Equal(hidden[0].Shape(), []int{nodes, width}) || len(logits) != 1 {
		t.Fatalf("%d outputs, the first %v", len(hidden), hidden[0].Shape())
	}
	if slices.Equal(start, state.Tensor("conv1/weight").Float32s()) {
		t.Error("nothing has been trained")
	}

	source, _, err := task.Evaluate()
	if err != nil {
		t.Fatal(err)
	}
	var b train.Batch
	if err := source.Batch(0, 0, &b); err != nil {
		t.Fatal(err)
	}
	param := func(name string) []float32 { return state.Tensor(name).Float32s() }
	times := func(name string, x []float64, cols int) []float64 {
		p, entries := b.Patterns[name], b.Tensors[name+"/entries"].Float32s()
		out := make([]float64, p.Rows*cols)
		for k, v := range entries {
			for j := range cols {
				out[int(p.Row[k])*cols+j] += float64(v) * x[int(p.Col[k])*cols+j]
			}
		}
		return out
	}
	wide := func(x []float32) []float64 {
		out := make([]float64, len(x))
		for i, v := range x {
			out[i] = float64(v)
		}
		return out
	}
	// near allows for the rounding of sums of up to 170 terms of the order of 1 in float32.
	near := func(what string, got []float32, want []float64) {
		for i, v := range got {
			if math.Abs(float64(v)-want[i]) > 1e-5 {
				t.Fatalf("%s %d is %v, want %v", what, i, v, want[i])
			}
		}
	}
	want := times("propagation", times("x", wide(param("conv1/weight")), width), width)
	silent := 0
	for i := range want {
		if want[i] = max(0, want[i]+float64(param("conv1/bias")[i%width])); want[i] == 0 {
			silent++
		}
	}
	if silent == 0 || silent == len(want) {
		t.Errorf("%d of %d activations are 0: ReLU is not tested", silent, len(want))
	}
	near("hidden activation", hidden[0].Float32s(), want)

	h, w := wide(hidden[0].Float32s()), param("conv2/weight")
	product := make([]float64, nodes*classes)
	for i := range product {
		for k := range width {
			product[i] += h[i/classes*width+k] * float64(w[k*classes+i%classes])
		}
	}
	want = times("propagation", product, classes)
	for i := range want {
		want[i] += float64(param("conv2/bias")[i%classes])
	}
	near("logit", logits[0].Float32s(), want)

	for _, c := range []struct{ function, output, want string }{
		{"hide", "hidden", `gcn has no function "hide"`},
		{"hidden", "logits", `gcn, function "hidden": no output "logits"`},
		{"", "hidden", `no output "hidden"`},
	} {
		if _, err := programs.Output(ctx, state, 3, c.function, c.output, runtime.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want %q", err, c.want)
		}
	}
}
