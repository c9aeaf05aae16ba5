package experiment

import (
	"maps"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"graft/feedback"
	"graft/zoo/geometric"
	"graft/zoo/mlp"

	"gorgonia.org/tensor"
)

// mlpProblem is a perceptron 5-4-3-3 on 6 rows.
func mlpProblem() problem {
	r := rand.New(rand.NewPCG(1, 1))
	return problem{
		entry: mlp.Entry(),
		set:   map[string]string{"inputs": "5", "hidden": "4,3", "classes": "3"},
		weights: tensors{
			"dense0/weight": normals(r, 5, 4), "dense0/bias": normals(r, 4),
			"dense1/weight": normals(r, 4, 3), "dense1/bias": normals(r, 3),
			"output/weight": normals(r, 3, 3), "output/bias": normals(r, 3),
		},
		batch: tensors{"x": normals(r, 6, 5), "label": dense([]int32{0, 2, 1, 1, 0, 2}, 6)},
	}
}

// gcnProblem is a network 6-4-3 on a directed graph of 5 nodes, with an edge and a self loop that are given twice and a node
// without edges.
func gcnProblem() problem {
	r := rand.New(rand.NewPCG(2, 1))
	x := normals(r, 5, 6)
	for i := range x.Float32s() {
		if i%3 == 0 {
			x.Float32s()[i] = 0
		}
	}
	return problem{
		entry: geometric.GCNEntry(),
		set:   map[string]string{"features": "6", "hidden": "4", "classes": "3", "dropout": "0.4"},
		weights: tensors{
			"conv1/weight": normals(r, 6, 4), "conv1/bias": normals(r, 4),
			"conv2/weight": normals(r, 4, 3), "conv2/bias": normals(r, 3),
		},
		batch: tensors{
			"x": x, "label": dense([]int64{2, 0, 1, 1, 0}, 5), "mask": dense([]bool{true, false, true, true, false}, 5),
			"edge_index": dense([]int64{0, 1, 1, 2, 0, 2, 2, 0 /**/, 1, 0, 2, 1, 1, 2, 2, 3}, 2, 8),
		},
	}
}

var modes = []string{"bp", "dfa", "shallow"}

func TestGradMLP(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	given := tensors{"feedback/dense0": normals(r, 3, 4), "feedback/dense1": normals(r, 3, 3)}
	for _, c := range []struct {
		name    string
		weights tensors
		batch   tensors
		b0, b1  mat
	}{
		{"generated", nil, nil, generated(0, "logits", 3, 4, 4), generated(0, "logits", 3, 4, 3)},
		{"seeded", nil, tensors{"seed": dense([]int64{7})}, generated(7, "logits", 3, 4, 4), generated(7, "logits", 3, 4, 3)},
		{"given", given, nil, matOf(given["feedback/dense0"]), matOf(given["feedback/dense1"])},
	} {
		for _, mode := range modes {
			t.Run(c.name+"/"+mode, func(t *testing.T) {
				p := mlpProblem()
				p.weights, p.batch = p.weights.with(c.weights), p.batch.with(c.batch)
				if seed := p.batch["seed"]; seed != nil {
					p.batch["seed"] = tensor.New(tensor.FromScalar(seed.Int64s()[0]))
				}
				file := p.mustRun(t, mode)
				compare(t, file, mlpClosed(p, mode, c.b0, c.b1))
				frozen, granularity := "", "macro"
				switch mode {
				case "bp":
					granularity = ""
				case "shallow":
					frozen = "dense0/weight,dense0/bias,dense1/weight,dense1/bias"
				}
				want := map[string]string{"model": "mlp", "variant": "paper", "mode": mode, "granularity": granularity, "frozen": frozen}
				if !maps.Equal(file.Metadata, want) {
					t.Errorf("metadata %v, want %v", file.Metadata, want)
				}
			})
		}
	}
}

// mlpClosed writes the three rules out: E B in place of what the layer above sends down.
func mlpClosed(p problem, mode string, b0, b1 mat) map[string]mat {
	w := func(name string) mat { return matOf(p.weights[name]) }
	x, label := matOf(p.batch["x"]), p.batch["label"].Int32s()
	h0 := x.times(w("dense0/weight")).plus(w("dense0/bias")).relu()
	h1 := h0.times(w("dense1/weight")).plus(w("dense1/bias")).relu()
	logits := h1.times(w("output/weight")).plus(w("output/bias"))
	loss, e := crossEntropy(logits, label, []float64{1, 1, 1, 1, 1, 1})
	out := map[string]mat{
		"loss": {1, 1, []float64{loss}}, "error/logits": e, "output/logits": logits, "output/hits": hits(logits, label),
		"grad/output/weight": h1.t().times(e), "grad/output/bias": e.columnSums(),
	}
	if mode == "shallow" {
		return out
	}
	d1 := e.times(b1)
	if mode == "bp" {
		d1 = e.times(w("output/weight").t())
	}
	a1 := d1.where(h1)
	d0 := e.times(b0)
	if mode == "bp" {
		d0 = a1.times(w("dense1/weight").t())
	}
	a0 := d0.where(h0)
	maps.Copy(out, map[string]mat{
		"cotangent/dense1": d1, "grad/dense1/weight": h0.t().times(a1), "grad/dense1/bias": a1.columnSums(),
		"cotangent/dense0": d0, "grad/dense0/weight": x.t().times(a0), "grad/dense0/bias": a0.columnSums(),
	})
	return out
}

func TestGradGCN(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	draws := make([]float32, 20)
	for i := range draws {
		draws[i] = r.Float32()
	}
	b := normals(r, 3, 4)
	for _, mode := range modes {
		for _, c := range []struct {
			name           string
			weights, batch tensors
			b              mat
		}{
			{"plain", nil, nil, generated(0, "logits", 3, 4, 4)},
			{"draws given", nil, tensors{"random/conv1/dropout": dense(draws, 5, 4)}, generated(0, "logits", 3, 4, 4)},
			{"feedback given", tensors{"feedback/conv1": b}, nil, matOf(b)},
		} {
			t.Run(mode+"/"+c.name, func(t *testing.T) {
				p := gcnProblem()
				p.weights, p.batch = p.weights.with(c.weights), p.batch.with(c.batch)
				file := p.mustRun(t, mode)
				compare(t, file, gcnClosed(p, mode, c.b))
				if mode == "shallow" && file.Metadata["frozen"] != "conv1/weight,conv1/bias" {
					t.Errorf("frozen: %q", file.Metadata["frozen"])
				}
			})
		}
	}
}

// gcnClosed propagates with a dense matrix, made edge by edge.
func gcnClosed(p problem, mode string, b mat) map[string]mat {
	w := func(name string) mat { return matOf(p.weights[name]) }
	edges, nodes := p.batch["edge_index"].Int64s(), 5
	count := newMat(nodes, nodes) // rows are targets
	for k := range len(edges) / 2 {
		count.v[int(edges[k+len(edges)/2])*nodes+int(edges[k])]++
	}
	for i := range nodes {
		count.v[i*nodes+i] = 1
	}
	degree := count.columnSums() // by source, as in PyTorch Geometric 1.5.0
	prop := count.each(func(n float64, i, j int) float64 { return n / math.Sqrt(degree.v[i]*degree.v[j]) })

	keep := newMat(nodes, 4).each(func(float64, int, int) float64 { return 1 })
	if u := p.batch["random/conv1/dropout"]; u != nil {
		keep = matOf(u).each(func(u float64, _, _ int) float64 {
			if u < 0.4 {
				return 0
			}
			return 1 / 0.6
		})
	}
	masked := func(m mat) mat { return m.each(func(x float64, i, j int) float64 { return x * keep.v[i*m.cols+j] }) }
	x := matOf(p.batch["x"])
	var label []int32
	for _, l := range p.batch["label"].Int64s() {
		label = append(label, int32(l))
	}
	z := prop.times(x).times(w("conv1/weight")).plus(w("conv1/bias")).relu()
	h := masked(z)
	logits := prop.times(h).times(w("conv2/weight")).plus(w("conv2/bias"))
	loss, e := crossEntropy(logits, label, []float64{1, 0, 1, 1, 0})
	out := map[string]mat{
		"loss": {1, 1, []float64{loss}}, "error/logits": e, "output/logits": logits, "output/hits": hits(logits, label),
		"grad/conv2/weight": prop.times(h).t().times(e), "grad/conv2/bias": e.columnSums(),
	}
	if mode == "shallow" {
		return out
	}
	d := e.times(b)
	if mode == "bp" {
		d = prop.t().times(e).times(w("conv2/weight").t())
	}
	a := masked(d).where(z)
	maps.Copy(out, map[string]mat{
		"cotangent/conv1": d, "grad/conv1/weight": prop.times(x).t().times(a), "grad/conv1/bias": a.columnSums(),
	})
	return out
}

// TestGradPoints checks which points are reported and delivered to, and that one file of matrices serves every mode.
func TestGradPoints(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	on := []bool{true, false, true, true, false, true, true, true, true, false, true, false, true, true, false, true, true, true, true, true, false, true, false, true}
	p := problem{
		entry:   toy(),
		weights: tensors{"a/weight": normals(r, 3, 4), "b/weight": normals(r, 4, 2), "c/weight": normals(r, 2, 2), "norm/mean": normals(r, 3)},
		batch:   tensors{"x": normals(r, 2, 3, 3), "on": dense(on, 2, 3, 4), "factor": dense([]float32{1, 2, 3, 1, 2, 3, 2, 1, 3, 2, 1, 2}, 12)},
	}
	flat := func(d *tensor.Dense, cols int) mat {
		m := matOf(d)
		return mat{len(m.v) / cols, cols, m.v}
	}
	w := func(name string) mat { return matOf(p.weights[name]) }
	kept := func(m mat) mat {
		return m.each(func(x float64, i, j int) float64 {
			if on[i*4+j] {
				return x
			}
			return 0
		})
	}
	x := flat(p.batch["x"], 3).plus(w("norm/mean").scale(-1))
	h := kept(x.times(w("a/weight")))
	s := h.times(w("b/weight"))
	y := s.times(w("c/weight"))
	factor, loss := flat(p.batch["factor"], 2), 0.0
	e := y.each(func(y float64, i, j int) float64 {
		loss += y * y * factor.v[i*2+j]
		return 2 * y * factor.v[i*2+j]
	})
	closed := func(more map[string]mat) map[string]mat {
		out := map[string]mat{"loss": {1, 1, []float64{loss}}, "output/y": y, "error/out": e, "grad/c/weight": s.t().times(e)}
		maps.Copy(out, more)
		return out
	}
	matrices := tensors{"feedback/inside": normals(r, 2, 4), "feedback/block": normals(r, 2, 4), "feedback/stop": normals(r, 2, 2)}
	block, inside := e.times(matOf(matrices["feedback/block"])), e.times(matOf(matrices["feedback/inside"]))
	stop := e.times(w("c/weight").t())
	back := stop.times(w("b/weight").t())
	for _, c := range []struct {
		mode, granularity, frozen string
		want                      map[string]mat
	}{
		{"bp", "macro", "", map[string]mat{"cotangent/stop": stop, "cotangent/block": back, "cotangent/inside": kept(back),
			"grad/b/weight": h.t().times(stop), "grad/a/weight": x.t().times(kept(back))}},
		{"dfa", "macro", "b/weight", map[string]mat{"cotangent/block": block, "grad/a/weight": x.t().times(kept(block))}},
		{"dfa", "micro", "b/weight", map[string]mat{"cotangent/block": block, "cotangent/inside": inside, "grad/a/weight": x.t().times(inside)}},
		{"shallow", "micro", "a/weight,b/weight", nil},
	} {
		t.Run(c.mode+"/"+c.granularity, func(t *testing.T) {
			q := p
			q.feedback = feedback.Options{Granularity: c.granularity}
			q.weights = p.weights.with(matrices)
			file := q.mustRun(t, c.mode)
			compare(t, file, closed(c.want))
			if file.Metadata["frozen"] != c.frozen {
				t.Errorf("frozen %q, want %q", file.Metadata["frozen"], c.frozen)
			}
			if c.mode != "bp" && file.Metadata["granularity"] != c.granularity {
				t.Errorf("granularity %q", file.Metadata["granularity"])
			}
			for name, d := range file.Tensors {
				if strings.HasPrefix(name, "cotangent/") && d.Dims() != 3 {
					t.Errorf("%s has shape %v, not that of its point", name, d.Shape())
				}
			}
		})
	}
}
