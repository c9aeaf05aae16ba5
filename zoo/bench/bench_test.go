package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"graft/runtime"
)

// tiny are options that make a workload quick, by model.
func tiny() map[string]map[string]string {
	clicks := map[string]string{"features": "50", "batch": "3"}
	return map[string]map[string]string{
		"mlp": {"hidden": "4", "batch": "3"}, "nerf-fine": {"width": "4", "samples": "3", "fine": "2", "batch": "3"},
		"deepfm": clicks, "dcn": clicks,
		"transformer": {"vocabulary": "20", "width": "8", "ffn": "6", "blocks": "1", "heads": "2", "time": "5", "batch": "2"},
	}
}

// TestMeasure measures every workload, made small, in every mode.
func TestMeasure(t *testing.T) {
	pool := runtime.NewPool(2)
	defer pool.Close()
	metrics := []string{"step_ms", "gflops", "flops", "bytes", "peak_bytes", "allocs_per_step", "roofline_bytes", "roofline_ms",
		"roofline_share", "machine_gflops", "machine_gbs", "loss"}
	for _, w := range Workloads() {
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			j := job(t, w.Name, mode, tiny()[w.Entry.Name])
			r, err := j.Measure(t.Context(), Settings{Pool: pool, Runs: 4, Profile: mode == "dfa"})
			if err != nil {
				t.Fatalf("%s, mode %s: %v", w.Name, mode, err)
			}
			var got []string
			for _, row := range r.Rows(Machine{1e9, 1e9}) {
				if math.IsNaN(row.Median) || math.IsInf(row.Median, 0) || row.Median <= 0 && row.Metric != "allocs_per_step" {
					t.Errorf("%s, mode %s: %s is %v", w.Name, mode, row.Metric, row.Median)
				}
				if row.Metric != "resident_bytes" {
					got = append(got, row.Metric)
				}
			}
			if !slices.Equal(got, metrics) {
				t.Errorf("metrics %v", got)
			}
			if len(r.Steps) != 4 || (r.Profile != nil) != (mode == "dfa") {
				t.Errorf("%s, mode %s: %d steps, profile %v", w.Name, mode, len(r.Steps), r.Profile)
			}
		}
	}
}

// TestSameWork checks that modes differ in nothing but the rewriting: the first losses are equal, also where the published recipes
// have other options for each mode.
func TestSameWork(t *testing.T) {
	pool := runtime.NewPool(1)
	defer pool.Close()
	for _, name := range []string{"mlp-512", "gcn", "deepfm"} {
		w, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		var loss []float64
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			r, err := job(t, name, mode, tiny()[w.Entry.Name]).Measure(t.Context(), Settings{Pool: pool, Runs: 1})
			if err != nil {
				t.Fatal(err)
			}
			loss = append(loss, r.Loss)
		}
		if loss[1] != loss[0] || loss[2] != loss[0] {
			t.Errorf("%s: the first losses of the modes are %v", name, loss)
		}
	}
}

func TestTimes(t *testing.T) {
	w, err := Lookup("mlp-512")
	if err != nil {
		t.Fatal(err)
	}
	j, err := NewJob(w, Choices{Mode: "bp", Set: map[string]string{"hidden": "4"}, Times: 3})
	if err != nil {
		t.Fatal(err)
	}
	if n := j.Binding["batch"]; n != 3*128 {
		t.Errorf("three times 128 rows are %d", n)
	}
	if w, err = Lookup("gcn"); err != nil {
		t.Fatal(err)
	}
	if _, err := NewJob(w, Choices{Mode: "bp", Times: 2}); err == nil {
		t.Error("a graph was multiplied")
	}
}

// TestStart checks that the file holds what a step starts from.
func TestStart(t *testing.T) {
	for name, want := range map[string][]string{
		"mlp-512": {"input/label", "input/x", "param/dense0/bias", "param/dense0/weight", "param/output/bias", "param/output/weight"},
		"gcn": {"input/label", "input/mask", "input/propagation.indices", "input/propagation.indptr", "input/propagation/entries",
			"input/x.indices", "input/x.indptr", "input/x/entries", "param/conv1/bias", "param/conv1/weight", "param/conv2/bias", "param/conv2/weight"},
	} {
		set := map[string]string{}
		if name == "mlp-512" {
			set["hidden"] = "4"
		}
		f, err := job(t, name, "bp", set).Start()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for name := range f.Tensors {
			got = append(got, name)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestInputs checks the ranges that models rely on.
func TestInputs(t *testing.T) {
	for _, c := range []struct {
		workload, input string
		below           int32
	}{{"mlp-512", "label", 10}, {"deepfm", "x", 50}, {"deepfm", "label", 2}, {"transformer", "tokens", 20}, {"transformer", "target", 20}} {
		w, err := Lookup(c.workload)
		if err != nil {
			t.Fatal(err)
		}
		values := job(t, c.workload, "bp", tiny()[w.Entry.Name]).inputs.Tensors[c.input].Int32s()
		if low, high := slices.Min(values), slices.Max(values); low < 0 || high >= c.below || low == high {
			t.Errorf("%s of %s lies in %d..%d", c.input, c.workload, low, high)
		}
	}
	depth := job(t, "nerf-128", "bp", tiny()["nerf-fine"]).inputs.Tensors["depth"].Float32s()
	for row := range slices.Chunk(depth, 5) {
		if !slices.IsSorted(row) || row[0] == row[4] {
			t.Errorf("depths %v", row)
		}
	}
}

func TestStatistics(t *testing.T) {
	times := []time.Duration{9, 1, 5, 3}
	if m := Median(times); m != 4 {
		t.Errorf("median %d", m)
	}
	if s := Spread(times); s != 9-3 {
		t.Errorf("spread %d", s)
	}
	if Median(nil) != 0 || Spread(nil) != 0 {
		t.Error("no times have statistics")
	}
}

// TestGemm checks that each form of a product is what it is called, by its cost and by running it.
func TestGemm(t *testing.T) {
	pool := runtime.NewPool(1)
	defer pool.Close()
	products, err := Gemm(t.Context(), Shape{3, 4, 5}, pool, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, form := range []string{"NN", "TN", "NT", "TT"} {
		if p := products[i]; p.Transposes() != form || len(p.Times) != 2 || p.FLOPs() != 2*3*4*5 {
			t.Errorf("product %+v, want %s", p, form)
		}
	}
}

// BenchmarkStep is a training step of each workload and mode, for benchstat; most take long. For instance
// go test ./zoo/bench -bench 'Step/mlp' -count 10
func BenchmarkStep(b *testing.B) {
	for _, w := range Workloads() {
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			for _, workers := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/%s/workers=%d", w.Name, mode, workers), func(b *testing.B) {
					pool := runtime.NewPool(workers)
					defer pool.Close()
					j := job(b, w.Name, mode, nil)
					state := runtime.NewState()
					if err := state.Init(j.Program, j.Binding, 0); err != nil {
						b.Fatal(err)
					}
					step, _, err := j.stepper(state, runtime.Options{Pool: pool})
					if err != nil {
						b.Fatal(err)
					}
					need, err := NeedOf(j.Program, j.Binding)
					if err != nil {
						b.Fatal(err)
					}
					b.ReportAllocs()
					for b.Loop() {
						if err := step(context.Background()); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(need.FLOPs)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOPS")
				})
			}
		}
	}
}
