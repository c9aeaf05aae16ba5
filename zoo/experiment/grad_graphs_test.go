package experiment

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"graft/zoo/entry"
	"graft/zoo/geometric"
)

// TestGradGraphNetworks runs every graph network on the edges of a small directed graph, in graft's layout and in that of a
// state_dict: each parameter has a gradient of its own shape unless it is frozen, and the layouts agree.
func TestGradGraphNetworks(t *testing.T) {
	for _, c := range []struct {
		entry entry.Entry
		set   map[string]string
	}{
		{geometric.ChebEntry(), map[string]string{"hidden": "4", "classes": "3"}},
		{geometric.SplineEntry(), map[string]string{"hidden": "4", "classes": "3"}},
		{geometric.GATEntry(), map[string]string{"hidden": "2", "heads": "2", "classes": "3"}},
		{geometric.DNAEntry(), map[string]string{"hidden": "4", "heads": "2", "groups": "2", "layers": "2", "classes": "3"}},
		{geometric.GAEEntry(), map[string]string{"hidden": "4", "latent": "3"}},
	} {
		c.set["features"] = "6"
		for _, mode := range modes {
			t.Run(c.entry.Name+"/"+mode, func(t *testing.T) {
				p := graphProblem(t, c.entry, c.set)
				file := p.mustRun(t, mode)
				frozen := strings.Split(file.Metadata["frozen"], ",")
				if (mode == "shallow") != (frozen[0] != "") {
					t.Errorf("frozen: %q", frozen)
				}
				grads := 0
				for name, x := range file.Tensors {
					param, ok := strings.CutPrefix(name, "grad/")
					if !ok {
						continue
					}
					grads++
					if !x.Shape().Eq(p.weights[param].Shape()) {
						t.Errorf("%s is %v, its parameter %v", name, x.Shape(), p.weights[param].Shape())
					}
					for _, v := range x.Float32s() {
						if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
							t.Fatalf("%s is not finite", name)
						}
					}
				}
				if want := len(p.weights); mode != "shallow" && grads != want || mode == "shallow" && grads != want-len(frozen) {
					t.Errorf("%d gradients of %d parameters, frozen: %q", grads, want, frozen)
				}
				other := p
				other.weights = stateDict(t, p)
				got, err := other.run(t, mode, func(r *GradRequest) { r.Layout = "torch" })
				if err != nil {
					t.Fatal(err)
				}
				if a, b := file.Tensors["loss"].Float32s()[0], got.Tensors["loss"].Float32s()[0]; a != b {
					t.Errorf("the loss is %v, and %v of a state_dict", a, b)
				}
			})
		}
	}
}

// graphProblem is an entry with random weights on a graph of 5 nodes, one without edges.
func graphProblem(t *testing.T, e entry.Entry, set map[string]string) problem {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 1))
	def, err := Define(e, "", set)
	if err != nil {
		t.Fatal(err)
	}
	p := problem{entry: e, set: set, weights: tensors{}, batch: tensors{
		"x": normals(r, 5, 6), "edge_index": dense([]int64{0, 1, 1, 2, 0, 2 /**/, 1, 0, 2, 1, 2, 0}, 2, 6),
	}}
	for _, w := range def.Leaves("param") {
		shape, err := w.Type.Shape(nil)
		if err != nil {
			t.Fatal(err)
		}
		p.weights[w.Node.Name()] = normals(r, shape...)
	}
	if def.Leaf("label") != nil {
		p.batch["label"], p.batch["mask"] = dense([]int64{2, 0, 1, 1, 0}, 5), dense([]bool{true, false, true, true, false}, 5)
	} else {
		p.batch["negative"] = dense([]float32{
			0, 0, 0, 1, 0,
			0, 0, 0, 0, 1,
			0, 0, 0, 0, 0,
			1, 0, 0, 0, 0,
			0, 0, 1, 0, 0,
		}, 5, 5)
	}
	return p
}

// stateDict returns the problem's weights as a PyTorch state_dict.
func stateDict(t *testing.T, p problem) tensors {
	t.Helper()
	def, err := Define(p.entry, "", p.set)
	if err != nil {
		t.Fatal(err)
	}
	out := tensors{}
	for name, w := range p.weights {
		all, err := layout{true, p.entry.Torch}.tensors(def.Leaf(name))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range all {
			out[h.Name] = h.get(w)
		}
	}
	return out
}
