package bench

import (
	"fmt"
	"strings"

	"graft/graph"
	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/nerf"
)

// Workload is what one step consists of.
type Workload struct {
	Name  string
	Work  string // what the step does, in words: enough to write the same elsewhere
	Entry entry.Entry
	Set   map[string]string // options that differ from the defaults and the recipe's
	Batch int               // rows of a step; 0 is the recipe's, or all of the data where the data are a graph
}

// Workloads returns the steps that graft is measured by.
func Workloads() []Workload {
	model := func(name string) entry.Entry {
		e, err := zoo.Lookup(name)
		if err != nil {
			panic(err) // the names below are the zoo's
		}
		return e
	}
	field := nerf.Entry()
	field.Name, field.Functions = "nerf-fine", nil
	field.Define = func(o any, variant string) *graph.Graph {
		return nerf.Fine(*o.(*nerf.Options), variant == entry.Paper)
	}
	const perceptron = "ReLU, softmax cross entropy, SGD with momentum 0.9"
	const radiance = "fine network only (4 trunk layers, the published code's), encodings given, rendering, squared error, Adam"
	return []Workload{
		{Name: "mlp-512", Entry: model("mlp"), Set: map[string]string{"hidden": "512,512"}, Batch: 128,
			Work: "784-512-512-10, batch 128, " + perceptron},
		{Name: "mlp-256", Entry: model("mlp"), Set: map[string]string{"hidden": "256,256"}, Batch: 512,
			Work: "784-256-256-10, batch 512, " + perceptron},
		{Name: "mlp-deep", Entry: model("mlp"), Set: map[string]string{"hidden": "1024,1024,1024,1024"}, Batch: 512,
			Work: "784-4x1024-10, batch 512, " + perceptron},
		{Name: "gcn", Entry: model("gcn"),
			Work: "GraphConv on Cora, whole graph, sparse features, hidden 16, dropout 0.5, Adam with L2 decay of the first layer; no evaluation"},
		{Name: "gat", Entry: model("gat"),
			Work: "GATConv on Cora, whole graph, sparse features, 8 heads of 8, dropout 0.6 of features, attention and hidden layer, Adam with L2 decay; no evaluation"},
		{Name: "nerf-128", Entry: field, Set: map[string]string{"width": "128"}, Batch: 1024,
			Work: "1024 rays x 192 samples, width 128, " + radiance},
		{Name: "nerf-256", Entry: field, Set: map[string]string{"width": "256"}, Batch: 1024,
			Work: "1024 rays x 192 samples, width 256, " + radiance},
		{Name: "deepfm", Entry: model("deepfm"), Batch: 2048,
			Work: "DeepFM, batch 2048, 39 fields, 1,000,000 features, embedding 10, MLP 3x400 with batch norm, Adam over the whole tables"},
		{Name: "dcn", Entry: model("dcn"), Batch: 2048,
			Work: "Deep & Cross, batch 2048, 39 fields, 1,000,000 features, embedding 16, 6 cross layers, MLP 2x1024 with batch norm, gradient norm clipped, Adam over the whole tables"},
		{Name: "transformer", Entry: model("transformer"), Batch: 64,
			Work: "6 post-norm blocks of width 512, 8 heads, FFN 2048, 64 x 128 tokens, 32,000 words, dropout 0.1, gradient norm clipped, Adam"},
	}
}

// Lookup returns the workload of that name or, for the name of another model, the model's recipe.
func Lookup(name string) (Workload, error) {
	var names []string
	for _, w := range Workloads() {
		if w.Name == name {
			return w, nil
		}
		names = append(names, w.Name)
	}
	e, err := zoo.Lookup(name)
	if err != nil {
		return Workload{}, fmt.Errorf("there is no workload %q: the workloads are %s and gemm, and every model is one too", name, strings.Join(names, ", "))
	}
	return Workload{Name: name, Work: e.Doc + "; options and batch of its recipe for bp", Entry: e}, nil
}
