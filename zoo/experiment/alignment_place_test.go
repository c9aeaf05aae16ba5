package experiment_test

import (
	"context"
	"math"
	"os"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo/experiment"
	"graft/zoo/geometric"

	"gorgonia.org/tensor"
)

// TestAlignmentPlace shows where table A.2 has its number for GATConv from. The published code compares gradients of the outputs of
// modules without children, and GATConv's only one is its linear map: in front of the attention, whose dropout acts in one copy alone.
// There the cosine is the published 0.63; at the point, where those of the other models are compared, it is 0.69.
func TestAlignmentPlace(t *testing.T) {
	if os.Getenv("GRAFT_DATA") == "" {
		t.Skip("SKIP-DATA: GRAFT_DATA is not set, alignment on Cora is not measured")
	}
	e := geometric.GATEntry()
	task, _, err := experiment.Open(e, "cora", "")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := experiment.NewPlan(e, task, experiment.Choices{Mode: "dfa", Variant: "reference"})
	if err != nil {
		t.Fatal(err)
	}
	programs, err := plan.Programs()
	if err != nil {
		t.Fatal(err)
	}
	batch, err := task.Align()
	if err != nil {
		t.Fatal(err)
	}
	nodes := batch.Binding["nodes"]
	index := make([]int32, nodes)
	for i := range index {
		index[i] = int32(i)
	}
	batch.Tensors["index"] = tensor.New(tensor.WithShape(nodes), tensor.WithBacking(index))
	const seeds = 3
	linear, point := 0.0, 0.0
	for seed := range int32(seeds) {
		state, err := programs.State(seed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := programs.TrainState(context.Background(), state, seed, experiment.Settings{}); err != nil {
			t.Fatal(err)
		}
		at := func(probed *graph.Node, def *graph.Graph) float64 {
			var grads [2][]float32
			for i, mode := range []string{"dfa", "bp"} {
				grads[i] = probe(t, def, probed, nodes, mode, state, batch, seed)
			}
			return meanCosine(grads[0], grads[1], nodes) / seeds
		}
		def, err := plan.Definition()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range def.Nodes {
			if n.Op.Name == "reshape" && n.Results[0].Type.Rank() == 3 { // x W of the first layer, by heads
				linear += at(n, def)
				break
			}
		}
		point += at(def.Effects("elu")[0], def)
	}
	t.Logf("%.3f at the linear map, %.3f at the point", linear, point)
	// Over seeds the cosines deviate by 0.015 and 0.01; both bounds are three deviations of a mean of three from where five were.
	if math.Abs(linear-0.624) > 0.026 || math.Abs(point-0.695) > 0.018 {
		t.Errorf("the cosine is %.3f at the linear map and %.3f at the point, want about 0.62 and 0.70", linear, point)
	}
}

// probe returns what arrives at a node's result: the gradient of zeros that are added there. In bp, as in the published code, nodes are
// dropped.
func probe(t *testing.T, def *graph.Graph, at *graph.Node, nodes int, mode string, state *runtime.State, b *train.Batch, seed int32) []float32 {
	t.Helper()
	c := graph.NewCopier(def)
	for _, n := range def.Nodes {
		c.Copy(n)
		if n != at {
			continue
		}
		v := c.Value(n.Results[0])
		rows := c.New.Add("gather", nil, c.New.Param("probe", "zeros", nodes, 64), c.New.Input("index", graph.I32, "nodes"))[0]
		c.Map(n.Results[0], graph.Add(v, c.New.Add("reshape", graph.Attrs{"shape": v.Type.Dims}, rows)[0]))
	}
	p, err := passes.Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	program, err := passes.Compile(c.New, p, passes.Options{Part: passes.Gradient, Evaluate: mode == "dfa", AllowTransport: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := state.Init(program.Program, b.Binding, seed); err != nil {
		t.Fatal(err)
	}
	m := &gradMeter{}
	if _, err := (&train.Evaluation{Program: program.Program, Source: train.Fixed(*b), Meter: m, Seed: seed}).Run(context.Background(), state, runtime.Options{}); err != nil {
		t.Fatal(err)
	}
	return m.grad
}

// gradMeter keeps the probe's gradient.
type gradMeter struct{ grad []float32 }

func (m *gradMeter) Reset() {}

func (m *gradMeter) Add(_ *train.Batch, output func(string) *tensor.Dense) error {
	m.grad = append([]float32(nil), output("grad/probe").Float32s()...)
	return nil
}

func (m *gradMeter) Metrics() map[string]float64 { return nil }

// meanCosine is the mean over rows as the published code has it: elements below 1e-8 are zeros, and rows without others align.
func meanCosine(x, y []float32, rows int) (mean float64) {
	n := len(x) / rows
	for r := range rows {
		var xy, xx, yy float64
		for i := r * n; i < (r+1)*n; i++ {
			a, b := float64(x[i]), float64(y[i])
			if math.Abs(a) <= 1e-8 {
				a = 0
			}
			if math.Abs(b) <= 1e-8 {
				b = 0
			}
			xy, xx, yy = xy+a*b, xx+a*a, yy+b*b
		}
		if xx == 0 && yy == 0 {
			xy, xx, yy = 1, 1, 1
		}
		if xx > 0 && yy > 0 {
			mean += xy / math.Sqrt(xx*yy) / float64(rows)
		}
	}
	return mean
}
