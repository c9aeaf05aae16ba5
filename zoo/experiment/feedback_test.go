package experiment_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"graft/runtime/safetensors"
	"graft/zoo"
	"graft/zoo/experiment"

	"gorgonia.org/tensor"
)

// TestFeedbackSurvives interrupts dfa runs of both models between two epochs: the resumed run must go on with the same feedback
// matrices, whether drawn from the seed or given in a file, so its end must be that of the unbroken run bit for bit. (The
// published code draws new matrices when it resumes.)
func TestFeedbackSurvives(t *testing.T) {
	for _, c := range []struct {
		model, data string
		set         map[string]string
		matrices    map[string][2]int // error width, point width
	}{
		{"mlp", "synthetic-digits", map[string]string{"hidden": "12,8"}, map[string][2]int{"dense0": {10, 12}, "dense1": {10, 8}}},
		{"gcn", "synthetic-cora", nil, map[string][2]int{"conv1": {7, 16}}},
	} {
		e, err := zoo.Lookup(c.model)
		if err != nil {
			t.Fatal(err)
		}
		task, _, err := experiment.Open(e, c.data, "")
		if err != nil {
			t.Fatal(err)
		}
		given := filepath.Join(t.TempDir(), "matrices.safetensors")
		file := &safetensors.File{Tensors: map[string]*tensor.Dense{}}
		draws := rand.New(rand.NewPCG(1, 2))
		for point, shape := range c.matrices {
			v := make([]float32, shape[0]*shape[1])
			for i := range v {
				v[i] = draws.Float32() - 0.5
			}
			file.Tensors["feedback/"+point] = tensor.New(tensor.WithShape(shape[0], shape[1]), tensor.WithBacking(v))
		}
		if err := safetensors.Write(given, file); err != nil {
			t.Fatal(err)
		}
		for _, matrices := range []string{"", given} {
			name := c.model + "/drawn"
			if matrices != "" {
				name = c.model + "/given"
			}
			t.Run(name, func(t *testing.T) {
				fit := func(dir string, epochs int, resume bool) *safetensors.File {
					t.Helper()
					choices := experiment.Choices{Mode: "dfa", Set: c.set, Epochs: epochs, Matrices: matrices}
					plan, err := experiment.NewPlan(e, task, choices)
					if err != nil {
						t.Fatal(err)
					}
					programs, err := plan.Programs()
					if err != nil {
						t.Fatal(err)
					}
					if _, err := programs.Train(context.Background(), 3, experiment.Settings{Dir: dir, Resume: resume}); err != nil {
						t.Fatal(err)
					}
					f, err := safetensors.ReadChecked(filepath.Join(dir, "checkpoint.safetensors"))
					if err != nil {
						t.Fatal(err)
					}
					return f
				}
				dir := filepath.Join(t.TempDir(), "broken")
				first := fit(dir, 1, false)
				resumed, unbroken := fit(dir, 2, true), fit(filepath.Join(t.TempDir(), "unbroken"), 2, false)
				moved := false
				for name, want := range unbroken.Tensors {
					if !slices.Equal(resumed.Tensors[name].Float32s(), want.Float32s()) {
						t.Errorf("%s differs from the unbroken run's", name)
					}
					moved = moved || !slices.Equal(first.Tensors[name].Float32s(), want.Float32s())
				}
				if !moved {
					t.Error("the second epoch changed nothing")
				}
				for name, want := range file.Tensors {
					got := unbroken.Tensors[name]
					if (got != nil) != (matrices != "") {
						t.Fatalf("checkpoint holds %s: %v", name, got != nil)
					}
					if got != nil && !slices.Equal(got.Float32s(), want.Float32s()) {
						t.Errorf("%s came back changed", name)
					}
				}
			})
		}
	}
}
