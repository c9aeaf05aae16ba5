package zoo_test

import (
	"strings"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
)

// tiny are option values that leave every part of a model there and none of it large: each has at most some thousand parameters.
func tiny(model string) map[string]string {
	clicks := map[string]string{"fields": "3", "features": "7"}
	language := map[string]string{"vocabulary": "7", "width": "8", "ffn": "6", "blocks": "2", "heads": "2", "time": "4"}
	switch model {
	case "mlp":
		return map[string]string{"inputs": "5", "hidden": "4,6", "classes": "3"}
	case "gcn", "cheb", "spline":
		return map[string]string{"features": "5", "hidden": "4", "classes": "3"}
	case "gat":
		return map[string]string{"features": "5", "hidden": "3", "heads": "2", "classes": "3", "dropout": "0.2", "attention_dropout": "0.3", "output_attention_dropout": "0.3"}
	case "dna":
		return map[string]string{"features": "5", "hidden": "8", "layers": "3", "heads": "2", "groups": "4", "classes": "3", "dropout": "0.3", "attention_dropout": "0.3"}
	case "gae":
		return map[string]string{"features": "5", "hidden": "4", "latent": "3"}
	case "nerf":
		return map[string]string{"width": "4", "samples": "4", "fine": "3", "noise": "0.3", "near": "0.5", "far": "2"}
	case "nerf-xl":
		return map[string]string{"width": "4", "fine_width": "10", "samples": "4", "fine": "3", "white": "false", "near": "0.5", "far": "2"}
	case "nerf-tiny":
		return map[string]string{"width": "5", "samples": "4", "near": "0.5", "far": "2"}
	case "fm":
		return with(clicks, "embedding", "3")
	case "deepfm":
		return with(clicks, "embedding", "3", "mlp", "6,5", "dropout", "0.2")
	case "dcn":
		return with(clicks, "embedding", "2", "cross", "3", "deep", "6,5", "dropout", "0.2")
	case "afn":
		return with(clicks, "embedding", "2", "lnn", "4", "mlp", "6,5")
	case "autoint":
		return with(clicks, "embedding", "3", "attention", "4", "layers", "3", "mlp", "6,5", "dropout", "0.2")
	case "transformer-fixed":
		return with(language, "heads", "4")
	case "transformer", "transformer-dense", "transformer-random":
		return language
	}
	return nil
}

// with adds names and values to set.
func with(set map[string]string, pairs ...string) map[string]string {
	for i := 0; i < len(pairs); i += 2 {
		set[pairs[i]] = pairs[i+1]
	}
	return set
}

// tinySizes are the sizes of symbols that go with tiny options; each graph takes those that it has.
func tinySizes(model string) graph.Binding {
	b := graph.Binding{"batch": 8, "rays": 3, "nodes": 6, "words": 14, "links": 16, "edges": 13, "positives": 5, "negatives": 7}
	if strings.HasPrefix(model, "transformer") {
		b["batch"] = 2 // of sequences
	}
	return b
}

// manySizes are sizes that go with tiny options and make calls heavy enough for a second worker to be woken.
func manySizes(model string) graph.Binding {
	b := graph.Binding{"batch": 6000, "rays": 200, "nodes": 6000, "words": 20000, "links": 20000, "edges": 18000, "positives": 18000, "negatives": 17000}
	if strings.HasPrefix(model, "transformer") {
		b["batch"] = 600
	}
	return b
}

// publishedSizes are those of a published batch and of Cora.
func publishedSizes(batch int) graph.Binding {
	if batch == 0 { // all there is: a view of Tiny-NeRF
		batch = 100 * 100
	}
	return graph.Binding{"batch": batch, "rays": batch, "nodes": 2708, "words": 49216, "links": 13264, "edges": 10556, "positives": 8976, "negatives": 8976}
}

// variantsOf returns the names of an entry's variants, the default first.
func variantsOf(e entry.Entry) []string {
	if e.Variants == nil {
		return []string{entry.Paper}
	}
	return e.Variants
}

// defineTiny builds an entry's tiny definition.
func defineTiny(t *testing.T, e entry.Entry, variant string) *graph.Graph {
	t.Helper()
	set := tiny(e.Name)
	if set == nil {
		t.Fatalf("%s has no tiny options", e.Name)
	}
	return define(t, e, variant, set)
}

// definePublished builds the definition that an entry's recipe trains in its default variant.
func definePublished(t *testing.T, e entry.Entry, mode string) *graph.Graph {
	t.Helper()
	variant := variantsOf(e)[0]
	return define(t, e, variant, e.Recipe(mode, variant).Set)
}

func define(t *testing.T, e entry.Entry, variant string, set map[string]string) *graph.Graph {
	t.Helper()
	o, err := e.Configure(set)
	if err != nil {
		t.Fatal(err)
	}
	def, err := e.Build(o, variant)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

func compile(t *testing.T, def *graph.Graph, mode string, o passes.Options) *passes.Compiled {
	t.Helper()
	p, err := passes.Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	o.Verify = true
	c, err := passes.Compile(def, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
