package experiment

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/runtime/rng"
	"graft/runtime/safetensors"
	"graft/zoo/entry"

	"gorgonia.org/tensor"
)

// tensors are the contents of a file.
type tensors map[string]*tensor.Dense

func dense[T any](data []T, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// with returns a copy with changes; nil removes.
func (t tensors) with(changes tensors) tensors {
	out := maps.Clone(t)
	for name, d := range changes {
		out[name] = d
		if d == nil {
			delete(out, name)
		}
	}
	return out
}

// problem is a model with options, and files for it.
type problem struct {
	entry          entry.Entry
	set            map[string]string
	feedback       feedback.Options
	weights, batch tensors
}

// run computes gradients and returns the file that was written.
func (p problem) run(t *testing.T, mode string, change func(*GradRequest)) (*safetensors.File, error) {
	t.Helper()
	plan, err := NewPlan(p.entry, nil, Choices{Mode: mode, Set: p.set, Feedback: p.feedback})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	req := GradRequest{
		Weights: filepath.Join(dir, "weights.safetensors"), Batch: filepath.Join(dir, "batch.safetensors"),
		Out: filepath.Join(dir, "out.safetensors"),
	}
	for path, contents := range map[string]tensors{req.Weights: p.weights, req.Batch: p.batch} {
		if err := safetensors.Write(path, &safetensors.File{Tensors: contents}); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(&req)
	}
	if err := Grad(context.Background(), plan, req); err != nil {
		return nil, err
	}
	f, err := safetensors.Read(req.Out)
	if err != nil {
		t.Fatal(err)
	}
	return f, nil
}

func (p problem) mustRun(t *testing.T, mode string) *safetensors.File {
	t.Helper()
	f, err := p.run(t, mode, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// mat is a matrix in double precision. The closed forms below are written with it, straight from the papers' formulas.
type mat struct {
	rows, cols int
	v          []float64
}

func newMat(rows, cols int) mat { return mat{rows, cols, make([]float64, rows*cols)} }

func matOf(d *tensor.Dense) mat {
	m := newMat(1, d.Shape().TotalSize())
	if d.Dims() == 2 {
		m.rows, m.cols = d.Shape()[0], d.Shape()[1]
	}
	for i, x := range d.Float32s() {
		m.v[i] = float64(x)
	}
	return m
}

func (a mat) t() mat {
	b := newMat(a.cols, a.rows)
	for i := range a.rows {
		for j := range a.cols {
			b.v[j*b.cols+i] = a.v[i*a.cols+j]
		}
	}
	return b
}

func (a mat) times(b mat) mat {
	c := newMat(a.rows, b.cols)
	for i := range a.rows {
		for j := range b.cols {
			for k := range a.cols {
				c.v[i*c.cols+j] += a.v[i*a.cols+k] * b.v[k*b.cols+j]
			}
		}
	}
	return c
}

// plus adds a row vector to every row.
func (a mat) plus(bias mat) mat {
	return a.each(func(x float64, i, j int) float64 { return x + bias.v[j] })
}

func (a mat) each(f func(x float64, i, j int) float64) mat {
	b := newMat(a.rows, a.cols)
	for k, x := range a.v {
		b.v[k] = f(x, k/a.cols, k%a.cols)
	}
	return b
}

func (a mat) relu() mat { return a.each(func(x float64, _, _ int) float64 { return max(x, 0) }) }

// where keeps the elements at which b is positive.
func (a mat) where(b mat) mat {
	return a.each(func(x float64, i, j int) float64 {
		if b.v[i*b.cols+j] > 0 {
			return x
		}
		return 0
	})
}

func (a mat) scale(s float64) mat { return a.each(func(x float64, _, _ int) float64 { return s * x }) }

func (a mat) columnSums() mat {
	b := newMat(1, a.cols)
	for k, x := range a.v {
		b.v[k%a.cols] += x
	}
	return b
}

// crossEntropy returns the mean over the rows with weight 1 and its gradient.
func crossEntropy(logits mat, label []int32, weight []float64) (loss float64, grad mat) {
	total := 0.0
	for _, w := range weight {
		total += w
	}
	sums := newMat(logits.rows, 1)
	for k, x := range logits.v {
		sums.v[k/logits.cols] += math.Exp(x)
	}
	for i, l := range label {
		loss += weight[i] / total * (math.Log(sums.v[i]) - logits.v[i*logits.cols+int(l)])
	}
	return loss, logits.each(func(x float64, i, j int) float64 {
		p := math.Exp(x) / sums.v[i]
		if int32(j) == label[i] {
			p--
		}
		return p * weight[i] / total
	})
}

func normals(r *rand.Rand, shape ...int) *tensor.Dense {
	n := 1
	for _, d := range shape {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return dense(v, shape...)
}

// generated is the published rule's matrix of a site for a point: leading columns of uniform draws on [-1, 1), scaled.
func generated(seed int32, site string, rows, widest, width int) mat {
	draws := make([]float32, rows*widest)
	rng.New(seed, 0, "feedback/"+site).Uniform32(draws, 0)
	return newMat(rows, width).each(func(_ float64, i, j int) float64 {
		return (2*float64(draws[i*widest+j]) - 1) / math.Sqrt(float64(widest))
	})
}

// compare checks that a file holds exactly the wanted tensors. Values come from float32 arithmetic: sums of at most 20 products,
// at most 6 of them one after another, are off by less than 6*20*2^-24 = 7e-6 of the terms' magnitude, for which the
// largest element of the tensor stands.
func compare(t *testing.T, got *safetensors.File, want map[string]mat) {
	t.Helper()
	if g, w := slices.Sorted(maps.Keys(got.Tensors)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Fatalf("the file holds %q, want %q", g, w)
	}
	for name, w := range want {
		g := matOf(got.Tensors[name])
		if len(g.v) != len(w.v) {
			t.Errorf("%s has %d elements, want %d", name, len(g.v), len(w.v))
			continue
		}
		largest := 0.0
		for _, x := range w.v {
			largest = max(largest, math.Abs(x))
		}
		if largest == 0 {
			t.Errorf("%s: nothing is tested, since it is to be 0 everywhere", name)
		}
		for i := range w.v {
			if diff := math.Abs(g.v[i] - w.v[i]); !(diff <= 1e-5*largest) {
				t.Errorf("%s[%d] = %v, want %v", name, i, g.v[i], w.v[i])
				break
			}
		}
	}
}

func hits(logits mat, label []int32) mat {
	out := newMat(1, logits.rows)
	for i := range logits.rows {
		row := logits.v[i*logits.cols : (i+1)*logits.cols]
		if slices.Index(row, slices.Max(row)) == int(label[i]) {
			out.v[i] = 1
		}
	}
	return out
}

// toy has what the zoo's small models lack: points inside of blocks and points that receive nothing, a running statistic, a
// boolean input, an error with two row axes and a dimension that is a product.
func toy() entry.Entry {
	return entry.Entry{
		Name: "toy", Options: func() any { return &struct{}{} }, Recipe: func(string, string) entry.Recipe { return entry.Recipe{} },
		Define: func(any, string) *graph.Graph {
			g := graph.New("toy")
			x := g.Input("x", graph.F32, "batch", "time", 3)
			on := g.Input("on", graph.Bool, "batch", "time", 4)
			rows := graph.Sym("batch").Mul(graph.Sym("time"))
			factor := g.Input("factor", graph.F32, rows.Mul(graph.Int(2)))
			times := func(x *graph.Value, name string, in, out int) *graph.Value {
				y := graph.MatMul(graph.Reshape(x, rows, in), g.Param(name, "zeros", in, out))
				return graph.Reshape(y, "batch", "time", out)
			}
			mean := g.State("norm/mean", "zeros", graph.Tensor(graph.F32, graph.Dims(3)...))
			h := times(graph.Sub(x, mean), "a/weight", 3, 4)
			h = graph.Feedback(h, graph.Point{Name: "inside", Site: "out", Micro: true, Rows: 2})
			h = graph.Mul(h, graph.Cast(on, graph.F32))
			h = graph.Feedback(h, graph.Point{Name: "block", Site: "out", Rows: 2})
			h = times(h, "b/weight", 4, 2)
			h = graph.Feedback(h, graph.Point{Name: "stop", Site: "out", Rows: 2, NoGraft: true})
			h = graph.ErrorSite(times(h, "c/weight", 2, 2), "out", 2)
			g.Output("y", h)
			y := graph.Reshape(h, rows.Mul(graph.Int(2)))
			g.Loss(graph.Sum(graph.Mul(graph.Mul(y, y), factor), 0))
			return g
		},
	}
}
