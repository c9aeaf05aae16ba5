package experiment

import (
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/runtime/safetensors"

	"gorgonia.org/tensor"
)

// same fails unless two files hold the same bits.
func same(t *testing.T, got, want *safetensors.File) {
	t.Helper()
	var g, w strings.Builder
	if err := errors.Join(safetensors.Encode(&g, got), safetensors.Encode(&w, want)); err != nil {
		t.Fatal(err)
	}
	if g.String() != w.String() {
		t.Errorf("the files differ: %v, want %v", got.Tensors, want.Tensors)
	}
}

func converted[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](v []int64, shape ...int) *tensor.Dense {
	out := make([]T, len(v))
	for i, x := range v {
		out[i] = T(x)
	}
	return dense(out, shape...)
}

func TestGradIntegerWidths(t *testing.T) {
	p := gcnProblem()
	label, edges := p.batch["label"].Int64s(), p.batch["edge_index"].Int64s()
	want := p.mustRun(t, "bp")
	for _, make := range []func([]int64, ...int) *tensor.Dense{
		converted[int8], converted[int16], converted[int32], converted[int64],
		converted[uint8], converted[uint16], converted[uint32], converted[uint64],
	} {
		q := p
		q.batch = p.batch.with(tensors{"label": make(label, 5), "edge_index": make(edges, 2, 8)})
		same(t, q.mustRun(t, "bp"), want)
	}
}

// TestGradRunningStatistics checks that the choice of statistics leaves given draws alone; no model has batch norm.
func TestGradRunningStatistics(t *testing.T) {
	p := gcnProblem()
	draws := make([]float32, 20)
	draws[7], draws[8] = 0.5, 0.7
	p.batch = p.batch.with(tensors{"random/conv1/dropout": dense(draws, 5, 4)})
	got, err := p.run(t, "dfa", func(r *GradRequest) { r.BatchNorm = "running" })
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, p.mustRun(t, "dfa"))
}

// rowsOf returns the compressed rows of a dense matrix; backwards lists the entries of each row from right to left.
func rowsOf(x *tensor.Dense, backwards bool) tensors {
	m := matOf(x)
	ptr := []int64{0}
	var indices []int16
	var values []float32
	for i := range m.rows {
		for j := range m.cols {
			if backwards {
				j = m.cols - 1 - j
			}
			if v := m.v[i*m.cols+j]; v != 0 {
				indices, values = append(indices, int16(j)), append(values, float32(v))
			}
		}
		ptr = append(ptr, int64(len(indices)))
	}
	return tensors{"x": nil, "x.indptr": dense(ptr, len(ptr)), "x.indices": dense(indices, len(indices)), "x.values": dense(values, len(values))}
}

func TestGradSparseFeatures(t *testing.T) {
	p := gcnProblem()
	want := p.mustRun(t, "dfa")
	for _, backwards := range []bool{false, true} {
		q := p
		q.batch = p.batch.with(rowsOf(p.batch["x"], backwards))
		same(t, q.mustRun(t, "dfa"), want)
	}
	q := p
	q.batch = p.batch.with(tensors{"mask": dense([]float32{1, 0, 1, 1, 0}, 5)})
	same(t, q.mustRun(t, "dfa"), want)
}

// TestGradRefuses checks the message of every mistake, and that an output file that exists is not touched.
func TestGradRefuses(t *testing.T) {
	f32 := func(shape ...int) *tensor.Dense {
		return dense(make([]float32, tensor.Shape(shape).TotalSize()), shape...)
	}
	rows := rowsOf(gcnProblem().batch["x"], false)
	csr := func(name string, d *tensor.Dense) tensors {
		changes := maps.Clone(rows)
		changes[name] = d
		return changes
	}
	withX := func(t tensors) tensors { t["x"] = nil; return t }
	edges := func(v ...int64) tensors { return tensors{"edge_index": dense(v, 2, len(v)/2)} }
	draws := make([]float32, 20)
	draws[3] = 1
	nan := make([]float32, 20)
	nan[4] = float32(math.NaN())
	for _, c := range []struct {
		name, model, mode string
		weights, batch    tensors
		change            func(*GradRequest)
		want              []string
	}{
		{"no parameter", "mlp", "bp", tensors{"dense1/bias": nil}, nil, nil,
			[]string{"weights.safetensors", `no tensor "dense1/bias"`, "hidden=4,3", "--set"}},
		{"unknown parameter", "mlp", "bp", tensors{"dense2/bias": f32(3)}, nil, nil,
			[]string{"weights.safetensors", `tensor "dense2/bias" (f32[3]) is no parameter of mlp`, `"dense1/bias"`, "hidden=4,3"}},
		{"shape", "mlp", "bp", tensors{"dense1/weight": f32(4, 7)}, nil, nil,
			[]string{"weights.safetensors", `tensor "dense1/weight" is f32[4, 7], want f32[4, 3]`, "--set hidden=4,7 would fit"}},
		{"shape of input", "mlp", "bp", tensors{"dense0/weight": f32(9, 4)}, nil, nil,
			[]string{`"dense0/weight" is f32[9, 4], want f32[5, 4]`, "--set inputs=9 would fit"}},
		{"rank", "mlp", "bp", tensors{"dense0/bias": f32(1, 4)}, nil, nil, []string{`"dense0/bias" is f32[1, 4], want f32[4]`}},
		{"dtype", "mlp", "bp", tensors{"dense0/bias": dense([]float64{1, 2, 3, 4}, 4)}, nil, nil,
			[]string{`"dense0/bias" is f64[4], want f32[4]`, "convert it to f32 first"}},
		{"torch names", "mlp", "bp", tensors{"dense0/bias": nil, "dense0.bias": f32(4)}, nil, nil,
			[]string{`no tensor "dense0/bias"`, "--layout torch"}},
		{"graft names", "mlp", "bp", nil, nil, func(r *GradRequest) { r.Layout = "torch" }, []string{`"dense0.bias"`, "without --layout torch"}},
		{"batches of no batch norm", "mlp", "bp", tensors{"dense0.num_batches_tracked": dense([]int64{1})}, nil, nil,
			[]string{`"dense0.num_batches_tracked" (i64[]) is no parameter`}},
		{"some feedback", "mlp", "dfa", tensors{"feedback/dense0": f32(3, 4)}, nil, nil,
			[]string{"weights.safetensors", `"feedback/dense0" given, but not "feedback/dense1"`, "dense0, dense1"}},
		{"shape of feedback", "mlp", "dfa", tensors{"feedback/dense0": f32(4, 3), "feedback/dense1": f32(3, 3)}, nil, nil,
			[]string{`"feedback/dense0" is f32[4, 3], want f32[3, 4]`, `width of error "logits"`}},
		{"feedback for no point", "mlp", "dfa", tensors{"feedback/dense7": f32(3, 4)}, nil, nil, []string{`"feedback/dense7" (f32[3, 4]) is no parameter`}},
		{"no input", "mlp", "bp", nil, tensors{"label": nil}, nil, []string{"batch.safetensors", `no tensor "label": mlp needs i32[batch]`}},
		{"unknown input", "mlp", "bp", nil, tensors{"labels": f32(6)}, nil,
			[]string{"batch.safetensors", `tensor "labels" (f32[6]) is no input of mlp`, `"label"`, `"seed"`}},
		{"symbols", "mlp", "bp", nil, tensors{"label": dense([]int32{1, 2}, 2)}, nil,
			[]string{`tensor "label" is i32[2], want i32[batch]: axis 0 of "label" is 2, not 6 (batch is 6 by axis 0 of "x")`}},
		{"width of input", "mlp", "bp", nil, tensors{"x": f32(6, 8)}, nil,
			[]string{`tensor "x" is f32[6, 8], want f32[batch, 5]: axis 1 of "x" is 8, not 5`, "--set inputs=8 would fit"}},
		{"rank of input", "mlp", "bp", nil, tensors{"x": f32(6, 5, 1)}, nil, []string{`tensor "x" is f32[6, 5, 1], want f32[batch, 5]`}},
		{"nothing", "mlp", "bp", nil, tensors{"x": f32(0, 5)}, nil, []string{`axis 0 of "x" is 0, but batch must be positive`}},
		{"float labels", "mlp", "bp", nil, tensors{"label": f32(6)}, nil, []string{`"label" is f32[6], want i32[batch]: it must hold integers`}},
		{"double input", "mlp", "bp", nil, tensors{"x": dense(make([]float64, 30), 6, 5)}, nil,
			[]string{`"x" is f64[6, 5], want f32[batch, 5]: convert it to f32 first`}},
		{"wide label", "mlp", "bp", nil, tensors{"label": dense([]int64{0, 1, 2, 1 << 31, 0, 0}, 6)}, nil,
			[]string{`"label" is i64[6]`, "element 3 is 2147483648, which i32 cannot hold"}},
		{"deep label", "mlp", "bp", nil, tensors{"label": dense([]int64{0, -1<<31 - 1, 2, 0, 0, 0}, 6)}, nil, []string{"element 1 is -2147483649"}},
		{"huge label", "mlp", "bp", nil, tensors{"label": dense([]uint64{0, 1, math.MaxUint64, 0, 0, 0}, 6)}, nil,
			[]string{`"label" is u64[6]`, "element 2 is 18446744073709551615"}},
		{"label of no class", "mlp", "bp", nil, tensors{"label": dense([]int32{0, 1, 2, 3, 0, 0}, 6)}, nil, []string{"batch.safetensors", "3"}},
		{"seed", "mlp", "dfa", nil, tensors{"seed": dense([]int64{1, 2}, 2)}, nil, []string{`"seed" is i64[2], want i32[]`}},
		{"no stream at all", "mlp", "bp", nil, tensors{"random/drop": f32(6, 4)}, nil, []string{`"random/drop": mlp has no random streams`}},
		{"stream", "gcn", "bp", nil, tensors{"random/conv2/dropout": f32(5, 4)}, nil,
			[]string{`no random stream "conv2/dropout"`, `it has "conv1/dropout"`}},
		{"shape of draws", "gcn", "bp", nil, tensors{"random/conv1/dropout": f32(5, 3)}, nil,
			[]string{`"random/conv1/dropout" is f32[5, 3], want f32[nodes, 4]`}},
		{"draw of 1", "gcn", "bp", nil, tensors{"random/conv1/dropout": dense(draws, 5, 4)}, nil, []string{"element 3 is 1, and uniform draws lie in [0, 1)"}},
		{"draw of NaN", "gcn", "bp", nil, tensors{"random/conv1/dropout": dense(nan, 5, 4)}, nil, []string{"element 4 is NaN"}},
		{"edge to nowhere", "gcn", "bp", nil, edges(0, 1, 2, 1, 5, 0), nil,
			[]string{`"edge_index": edge 1 leads from node 1 to node 5, but the number of nodes is 5 (nodes is 5 by axis 0 of "x")`}},
		{"edge from nowhere", "gcn", "bp", nil, edges(-1, 1), nil, []string{"edge 0 leads from node -1 to node 1"}},
		{"no edges", "gcn", "bp", nil, tensors{"edge_index": nil}, nil, []string{`no tensor "edge_index"`}},
		{"edges the other way", "gcn", "bp", nil, tensors{"edge_index": dense(make([]int64, 9), 3, 3)}, nil, []string{"i64[3, 3], want i64[2, edges]"}},
		{"float edges", "gcn", "bp", nil, tensors{"edge_index": f32(2, 3)}, nil, []string{"f32[2, 3], want i64[2, edges]: it must hold integers"}},
		{"propagation", "gcn", "bp", nil, tensors{"propagation": f32(5, 5)}, nil, []string{`"propagation" is made from edge_index`}},
		{"no features", "gcn", "bp", nil, tensors{"x": nil}, nil, []string{`no tensor "x", and neither "x.indptr", "x.indices", "x.values"`}},
		{"features twice", "gcn", "bp", nil, tensors{"x.values": f32(3)}, nil, []string{`"x" is given dense, but also in compressed rows`}},
		{"features as entries", "gcn", "bp", nil, withX(tensors{"x/entries": f32(3)}), nil, []string{`no tensor "x"`}},
		{"width of features", "gcn", "bp", nil, tensors{"x": f32(5, 7)}, nil, []string{`axis 1 of "x" is 7, not 6`, "--set features=7 would fit"}},
		{"zero features", "gcn", "bp", nil, tensors{"x": f32(5, 6)}, nil, []string{`the number of nonzeros of "x" is 0`}},
		{"part of rows", "gcn", "bp", nil, csr("x.values", nil), nil, []string{`no tensor "x.values"`}},
		{"lengths of rows", "gcn", "bp", nil, csr("x.values", f32(4)), nil, []string{`"x.values" has 4 elements, but "x.indices" has 20`}},
		{"end of rows", "gcn", "bp", nil, csr("x.indptr", dense([]int32{0, 4, 8, 12, 16, 19}, 6)), nil, []string{`"x.indptr" must lead from 0 to 20`}},
		{"falling rows", "gcn", "bp", nil, csr("x.indptr", dense([]int32{0, 4, 3, 12, 16, 20}, 6)), nil, []string{`"x.indptr": element 2 is 3, after 4`}},
		{"leaping rows", "gcn", "bp", nil, csr("x.indptr", dense([]int32{0, 4, 80, 12, 16, 20}, 6)), nil, []string{`"x.indptr": element 2 is 80`, "exceed 20"}},
		{"number of rows", "gcn", "bp", nil, csr("x.indptr", dense([]int32{0, 4, 8, 12, 16, 20, 20}, 7)), nil,
			[]string{`axis 0 of "label" is 5, not 6 (nodes is 6 by the length of "x.indptr" less one)`}},
		{"column", "gcn", "bp", nil, csr("x.indices", dense(append(slices.Repeat([]int32{1, 2, 4, 5}, 4), 1, 2, 4, 6), 20)), nil,
			[]string{`"x.indices": element 19 is column 6, outside of 0..5`}},
		{"column twice", "gcn", "bp", nil, csr("x.indices", dense(append(slices.Repeat([]int32{1, 2, 4, 5}, 4), 1, 2, 4, 4), 20)), nil,
			[]string{`"x"`, "(4, 4) is given twice"}},
		{"no weights file", "mlp", "bp", nil, nil, func(r *GradRequest) { r.Weights += ".gone" }, []string{"weights.safetensors.gone"}},
		{"no batch file", "mlp", "bp", nil, nil, func(r *GradRequest) { r.Batch += ".gone" }, []string{"batch.safetensors.gone"}},
		{"torn weights", "mlp", "bp", nil, nil, func(r *GradRequest) { truncate(t, r.Weights) }, []string{"weights.safetensors: truncated"}},
		{"layout", "mlp", "bp", nil, nil, func(r *GradRequest) { r.Layout = "keras" }, []string{`layout "keras"`}},
		{"batch norm", "mlp", "bp", nil, nil, func(r *GradRequest) { r.BatchNorm = "none" }, []string{`batch norm "none"`, "batch, running"}},
	} {
		t.Run(c.model+"/"+c.name, func(t *testing.T) {
			p := mlpProblem()
			if c.model == "gcn" {
				p = gcnProblem()
			}
			p.weights, p.batch = p.weights.with(c.weights), p.batch.with(c.batch)
			var out string
			_, err := p.run(t, c.mode, func(r *GradRequest) {
				out = r.Out
				if err := os.WriteFile(out, []byte("before"), 0o644); err != nil {
					t.Fatal(err)
				}
				if c.change != nil {
					c.change(r)
				}
			})
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if got, _ := os.ReadFile(out); string(got) != "before" {
				t.Errorf("the output file was touched: %q", got)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".*")); left != nil {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestDrawsInRange checks what is refused as draws.
func TestDrawsInRange(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		kind string
		x    float32
		want string
	}{
		{"uniform", 0, ""}, {"uniform", -0.5, "element 1 is -0.5, and uniform draws lie in [0, 1)"}, {"uniform", 1, "element 1 is 1,"},
		{"normal", -7, ""}, {"normal", inf, "element 1 is +Inf, and normal draws are finite"}, {"normal", inf - inf, "element 1 is NaN"},
	} {
		r := batchReader{batch: batch{tensors: tensors{"random/s": dense([]float32{0.5, c.x}, 2)}}}
		err := r.inRange("random/s", c.kind)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s draw of %v: %v, want %q", c.kind, c.x, err, c.want)
		}
	}
}

func truncate(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-1)
	}
	if err != nil {
		t.Fatal(err)
	}
}
