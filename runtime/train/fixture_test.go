package train_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/rng"
	"graft/runtime/safetensors"
	"graft/runtime/train"

	"gorgonia.org/tensor"
)

// The toy problem: points around the corners of a cube, one class a corner.
const (
	features = 6
	classes  = 4
	rows     = 100
	perBatch = 16 // does not divide rows
)

// network has dropout, so that a step depends on its number, and a feedback point.
func network() *graph.Graph {
	g := graph.New("toy")
	x := g.Input("x", graph.F32, "batch", features)
	label := g.Input("label", graph.I32, "batch")
	h := graph.Relu(graph.Add(graph.MatMul(x, g.Param("dense0/weight", "lecun_uniform", features, 16)), g.Param("dense0/bias", "zeros", 16)))
	h = graph.Dropout(h, 0.1, "dense0")
	h = graph.Feedback(h, graph.Point{Name: "dense0", Site: "logits"})
	o := graph.ErrorSite(graph.MatMul(h, g.Param("dense1/weight", "lecun_uniform", 16, classes)), "logits")
	g.Output("hits", graph.Cast(graph.Equal(graph.Argmax(o), label), graph.F32))
	g.Loss(graph.SoftmaxCrossEntropy(o, label))
	return g
}

func compile(t testing.TB, mode, part string) *graph.Graph {
	t.Helper()
	p, err := passes.Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	c, err := passes.Compile(network(), p, passes.Options{Part: part, Optimizer: passes.Optimizer{Rule: "sgd", Momentum: 0.9}})
	if err != nil {
		t.Fatal(err)
	}
	return c.Program
}

// fill brings points into b. It makes new tensors when the size changes, as data sets do.
func fill(idx []int, b *train.Batch) error {
	if b.Binding["batch"] != len(idx) {
		b.Binding = graph.Binding{"batch": len(idx)}
		b.Tensors = map[string]*tensor.Dense{
			"x":     tensor.New(tensor.WithShape(len(idx), features), tensor.Of(tensor.Float32)),
			"label": tensor.New(tensor.WithShape(len(idx)), tensor.Of(tensor.Int32)),
		}
	}
	x, label := b.Tensors["x"].Float32s(), b.Tensors["label"].Int32s()
	noise := rng.New(1, 0, "noise")
	for i, row := range idx {
		class := row % classes
		label[i] = int32(class)
		noise.Normal32(x[i*features:(i+1)*features], row*features)
		for k := range features {
			x[i*features+k] = 0.3*x[i*features+k] + float32((class+1)>>k&1)
		}
	}
	return nil
}

// accuracy is the share of hits in percent.
type accuracy struct{ hits, rows float64 }

func (a *accuracy) Reset() { *a = accuracy{} }

func (a *accuracy) Add(_ *train.Batch, output func(string) *tensor.Dense) error {
	for _, h := range output("hits").Float32s() {
		a.hits += float64(h)
		a.rows++
	}
	return nil
}

func (a *accuracy) Metrics() map[string]float64 {
	return map[string]float64{"val_accuracy": 100 * a.hits / a.rows}
}

// toy returns a run on the toy problem.
func toy(t testing.TB, mode string) *train.Run {
	return &train.Run{
		Info:    map[string]string{"model": "toy", "mode": mode},
		Program: compile(t, mode, passes.Step), State: runtime.NewState(),
		Source: train.Shuffled(rows, perBatch, 7, fill), Epochs: 6, Seed: 7, LR: train.Exponential(0.1, 0.5, 40),
		Evaluation: &train.Evaluation{
			Program: compile(t, mode, passes.Predict), Source: train.InOrder(40, 30, fill), Meter: &accuracy{},
		},
		Best: "val_accuracy",
	}
}

func fit(t testing.TB, r *train.Run) *train.Summary {
	t.Helper()
	s, err := r.Fit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantError fails unless err says all of the words.
func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Fatalf("error %v; want one that says %q", err, w)
		}
	}
}

// weights returns the elements of a State.
func weights(s *runtime.State) map[string][]float32 {
	out := map[string][]float32{}
	for _, name := range s.Names() {
		out[name] = elements(s.Tensor(name))
	}
	return out
}

func elements(d *tensor.Dense) []float32 { return append([]float32(nil), d.Float32s()...) }

// results returns what a directory holds, timings left out: the lines of the metrics, and the tensors and metadata of the
// other files.
func results(t testing.TB, dir string) map[string]any {
	t.Helper()
	out := map[string]any{}
	lines, err := os.ReadFile(filepath.Join(dir, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range bytes.Lines(lines) {
		all = append(all, string(timeless(t, line)))
	}
	out["metrics"] = all
	for _, name := range []string{"checkpoint.safetensors", "best.safetensors"} {
		f, err := safetensors.ReadChecked(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for key, d := range f.Tensors {
			out[name+" "+key] = elements(d)
		}
		for key, v := range f.Metadata {
			if key == "cursor" || key == "record" {
				v = string(timeless(t, []byte(v)))
			}
			out[name+" "+key] = v
		}
	}
	return out
}

// timeless drops what depends on the clock from a JSON object.
func timeless(t testing.TB, object []byte) []byte {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(object, &m); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"seconds", "metrics_bytes", "metrics_sha256"} {
		delete(m, key)
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// contents returns the files of a directory, byte for byte.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(b)
	}
	return out
}
