package experiment

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/zoo"
	"graft/zoo/entry"

	"gorgonia.org/tensor"
)

// small are option values that make every parameter of the zoo small; each model takes those that it has.
var small = map[string]string{
	"inputs": "5", "hidden": "4", "classes": "3", "features": "6", "heads": "2", "groups": "2", "layers": "2", "width": "8", "ffn": "6",
	"vocabulary": "7", "blocks": "2", "time": "4", "fields": "3", "embedding": "3", "attention": "4", "lnn": "4", "cross": "2",
	"mlp": "6,5", "deep": "6,5",
}

// smallDefinition builds the definition of an entry in small.
func smallDefinition(t *testing.T, e entry.Entry, variant string) *graph.Graph {
	t.Helper()
	set := map[string]string{}
	for name, value := range small {
		if _, err := e.Configure(map[string]string{name: value}); err == nil {
			set[name] = value
		}
	}
	if e.Name == "transformer-fixed" {
		set["heads"] = "4"
	}
	def, err := Define(e, variant, set)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// TestTorchRoundTrip brings a random state_dict of every model into graft's layout and back. Every tensor must have a name of its
// own, and every rule be of use to some model.
func TestTorchRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	used, rules := map[entry.TorchRule]bool{}, entry.Torch{}
	for _, e := range zoo.Entries() {
		rules = append(rules, e.Torch...)
		variants := e.Variants
		if variants == nil {
			variants = []string{entry.Paper}
		}
		for _, variant := range variants {
			def := smallDefinition(t, e, variant)
			seen := map[string]bool{}
			for _, leaf := range append(def.Leaves("param"), def.Leaves("state")...) {
				param := leaf.Node.Name()
				i := slices.IndexFunc(e.Torch, func(r entry.TorchRule) bool { _, ok := r.Match(param); return ok })
				if i >= 0 {
					used[e.Torch[i]] = true
				}
				all, err := layout{true, e.Torch}.tensors(leaf)
				if err != nil {
					t.Fatal(err)
				}
				given := make([]*tensor.Dense, len(all))
				for i, h := range all {
					if seen[h.Name] || strings.ContainsAny(h.Name, "/*#") {
						t.Errorf("%s: %q holds %q, and is taken or no name", e.Name, h.Name, param)
					}
					seen[h.Name] = true
					shape, err := h.of().Shape(nil)
					if err != nil {
						t.Fatal(err)
					}
					given[i] = normals(r, shape...)
				}
				whole := join(all, given)
				if want, err := leaf.Type.Shape(nil); err != nil || !slices.Equal(whole.Shape(), want) {
					t.Errorf("%s: %q is %v (%v), not %v", e.Name, param, whole.Shape(), err, want)
				}
				for i, h := range all {
					back := h.get(whole)
					if !back.Shape().Eq(given[i].Shape()) || !slices.Equal(back.Float32s(), given[i].Float32s()) {
						t.Errorf("%s: %q was %v, and is %v when it comes back", e.Name, h.Name, given[i], back)
					}
				}
			}
		}
	}
	for _, rule := range rules {
		if !used[rule] {
			t.Errorf("no parameter is named like %q", rule.Param)
		}
	}
}
