package experiment_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo/experiment"
	"graft/zoo/geometric"
	"graft/zoo/layer"

	"gorgonia.org/tensor"
)

// TestAlignmentOfEdges shows where table A.2 has its number for DNAConv from. The published code compares gradients of the outputs of
// modules without children, which are grouped maps there, applied to every edge. Those of queries and keys are so small that its
// rule for rows without elements above 1e-8, which count as aligned, decides: 0.91 of the rows have none, and the mean is 0.91,
// beside the published 0.92. At the points, by the same definition without that rule, it is near 0.
func TestAlignmentOfEdges(t *testing.T) {
	if os.Getenv("GRAFT_DATA") == "" {
		t.Skip("SKIP-DATA: GRAFT_DATA is not set, alignment on Cora is not measured")
	}
	e := geometric.DNAEntry()
	task, _, err := experiment.Open(e, "cora", "")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := experiment.NewPlan(e, task, experiment.Choices{Mode: "dfa", Variant: "reference", Set: map[string]string{"lr": "0.005"}}) // as in alignment.py
	if err != nil {
		t.Fatal(err)
	}
	programs, err := plan.Programs()
	if err != nil {
		t.Fatal(err)
	}
	state, err := programs.State(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := programs.TrainState(context.Background(), state, 0, experiment.Settings{}); err != nil {
		t.Fatal(err)
	}
	batch, err := task.Align()
	if err != nil {
		t.Fatal(err)
	}
	links := batch.Binding["links"]
	index := make([]int32, links)
	for i := range index {
		index[i] = int32(i)
	}
	batch.Tensors["index"] = tensor.New(tensor.WithShape(links), tensor.WithBacking(index))
	var grads [2][]float32
	for i, mode := range []string{"dfa", "bp"} {
		p, err := passes.Mode(mode)
		if err != nil {
			t.Fatal(err)
		}
		c, err := passes.Compile(alongEdges(links), p, passes.Options{Part: passes.Gradient, Evaluate: true, AllowTransport: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := state.Init(c.Program, batch.Binding, 0); err != nil {
			t.Fatal(err)
		}
		m := &gradMeter{}
		if _, err := (&train.Evaluation{Program: c.Program, Source: train.Fixed(*batch), Meter: m}).Run(context.Background(), state, runtime.Options{}); err != nil {
			t.Fatal(err)
		}
		grads[i] = m.grad
	}
	empty := 0.0
	for r := range links {
		large := false
		for i := r * 128; i < (r+1)*128; i++ {
			large = large || max(grads[0][i], -grads[0][i], grads[1][i], -grads[1][i]) > 1e-8
		}
		if !large {
			empty += 1 / float64(links)
		}
	}
	cosine := meanCosine(grads[0], grads[1], links)
	t.Logf("cosine %.3f, %.3f of the rows without elements", cosine, empty)
	// One seed, and how many rows are empty differs by some hundredths from seed to seed.
	if cosine < 0.85 || cosine > 0.97 || empty < 0.85 {
		t.Errorf("the cosine is %.3f with %.3f of the rows empty, want both about 0.91", cosine, empty)
	}
}

// alongEdges is DNAConv with its maps applied to every edge, as they are in the published code, and zeros added to the queries of the first
// aggregation.
func alongEdges(links int) *graph.Graph {
	const width, heads, site = 128, 8, "log_probabilities"
	g := graph.New("dna")
	words, word := g.Sparse("x", "nodes", 1433, "words")
	p, entries := g.Sparse("propagation", "nodes", "nodes", "links")
	label, mask := g.Input("label", graph.I32, "nodes"), g.Input("mask", graph.F32, "nodes")
	l := p.Type.Dims[2]
	edge := func(v *graph.Value, side string) *graph.Value {
		return g.Add("edge_gather", graph.Attrs{"side": side}, p, v)[0]
	}
	perHead := func(v *graph.Value) *graph.Value { return graph.Reshape(v, l, heads, width/heads) }
	h, name := graph.Relu(layer.DenseSparse(layer.Sparse{Pattern: words, Entries: word}, "lin1", width)), "lin1"
	var history []*graph.Value
	for i := range 5 {
		history = append(history, graph.Feedback(h, graph.Point{Name: name, Site: site}))
		name = fmt.Sprintf("convs/%d", i)
		grouped := func(m string) func(v *graph.Value) *graph.Value {
			w, b := g.Param(name+"/multi_head/"+m+"/weight", "zeros", 16, 8, 8), g.Param(name+"/multi_head/"+m+"/bias", "zeros", width)
			return func(v *graph.Value) *graph.Value { return graph.Add(g.Add("grouped_matmul", nil, v, w)[0], b) }
		}
		query, key, value := grouped("lin_q"), grouped("lin_k"), grouped("lin_v")
		q := edge(query(history[i]), "row")
		if i == 0 {
			q = graph.Add(q, g.Add("gather", nil, g.Param("probe", "zeros", links, width), g.Input("index", graph.I32, "links"))[0])
		}
		var scores, values []*graph.Value
		for _, past := range history {
			score := graph.Sum(graph.Mul(perHead(q), perHead(edge(key(past), "col"))), 2)
			scores = append(scores, graph.Reshape(graph.Scale(score, 0.25), l, heads, 1))
			values = append(values, perHead(edge(value(past), "col")))
		}
		score := scores[0]
		if i > 0 {
			score = g.Add("concat", graph.Attrs{"axis": 2}, scores...)[0]
		}
		share := g.Add("restricted_softmax", nil, score)[0]
		var y *graph.Value
		for t, v := range values {
			part := graph.Mul(v, g.Add("slice", graph.Attrs{"axis": 2, "start": t, "size": 1}, share)[0])
			if y == nil {
				y = part
			} else {
				y = graph.Add(y, part)
			}
		}
		y = graph.Mul(graph.Reshape(y, l, width), graph.Reshape(entries, l, 1))
		h = graph.Relu(g.Add("edge_sum", graph.Attrs{"side": "row"}, p, y)[0])
	}
	logits := layer.Dense(graph.Feedback(h, graph.Point{Name: name, Site: site}), "lin2", 7)
	g.Output("logits", logits)
	g.Loss(layer.NegativeLogLikelihood(graph.ErrorSite(graph.Apply("log_softmax", logits), site), label, mask))
	return g
}
