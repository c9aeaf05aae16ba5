package experiment

import (
	"slices"
	"strings"

	"graft/graph"
	"graft/passes"
)

// GradTensor is a tensor of the files that [Grad] reads.
type GradTensor struct {
	File string // weights or batch
	Name string
	Type string // with the symbols that shapes bind; i64 stands for integers of any width
	Note string // what the name does not say
}

// GradTensors lists what the files of a plan's gradients hold, in a layout as that of [GradRequest].
func GradTensors(p *Plan, layoutName string) ([]GradTensor, error) {
	names, err := newLayout(p, layoutName)
	if err != nil {
		return nil, err
	}
	def, err := p.Definition()
	if err != nil {
		return nil, err
	}
	compiled, err := passes.Compile(def, p.Pipeline, passes.Options{Part: passes.Gradient, Feedback: p.Feedback})
	if err != nil {
		return nil, err
	}
	weights, err := listWeights(def, names)
	if err != nil {
		return nil, err
	}
	matrices := feedbackTypes(def)
	for _, point := range compiled.Report.Points {
		if point.Grafted {
			name := "feedback/" + point.Name
			weights = append(weights, GradTensor{"weights", name, matrices[name].String(), "optional: all or none"})
		}
	}
	return append(weights, p.listBatch(def)...), nil
}

func listWeights(def *graph.Graph, names layout) ([]GradTensor, error) {
	var out []GradTensor
	for _, leaf := range append(def.Leaves("param"), def.Leaves("state")...) {
		all, err := names.tensors(leaf)
		if err != nil {
			return nil, err
		}
		note := ""
		if names.torch {
			note = leaf.Node.Name()
		}
		for _, h := range all {
			out = append(out, GradTensor{"weights", h.Name, h.of().String(), note})
		}
	}
	return out, nil
}

func (p *Plan) listBatch(def *graph.Graph) []GradTensor {
	var out []GradTensor
	edges := false
	add := func(name string, t graph.Type, note string) {
		out = append(out, GradTensor{"batch", name, strings.Replace(t.String(), "i32", "i64", 1), note})
	}
	for _, leaf := range def.Leaves("input") {
		name, t := leaf.Node.Name(), leaf.Type
		matrix, isEntries := strings.CutSuffix(name, "/entries")
		switch {
		case p.Entry.FromEdges[matrix] != nil:
			if !edges {
				add("edge_index", graph.Tensor(graph.I32, graph.Dims(2, "edges")...), "sources and targets")
			}
			edges = true
		case isEntries: // with the matrix
		case t.Sparse && def.Leaf(name+"/entries") == nil:
			add(name, graph.Tensor(graph.F32, t.Dims[:2]...), "or "+name+".indptr and .indices")
		case t.Sparse:
			add(name, graph.Tensor(graph.F32, t.Dims[:2]...), "or "+name+".indptr, .indices and .values")
		case !slices.Contains(counters, name):
			add(name, t, "")
		}
	}
	if p.grafts() {
		add("seed", graph.Tensor(graph.I32), "optional: of feedback matrices that are not given")
	}
	for _, n := range def.Nodes {
		if kind := draws(n); kind != "" {
			add("random/"+n.Str("stream"), n.Results[0].Type, "optional: "+kind+" draws")
		}
	}
	return out
}
