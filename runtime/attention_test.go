package runtime

import (
	"slices"
	"testing"

	"graft/graph"
	"graft/passes"
)

// attending is a sequence model of two layers of causal attention, over a time that no tile divides.
func attending() *graph.Graph {
	const width, heads = 16, 2
	g := graph.New("attending")
	x, y := g.Input("x", graph.F32, "batch", "time", width), g.Input("label", graph.I32, "batch", "time")
	batch, time := x.Type.Dims[0], x.Type.Dims[1]
	dense := func(x *graph.Value, name string, out int) *graph.Value {
		w := g.Param(name, "lecun_uniform", width, out)
		return graph.Reshape(graph.MatMul(graph.Reshape(x, batch.Mul(time), width), w), batch, time, out)
	}
	swap := func(x *graph.Value) *graph.Value {
		return g.Add("transpose", graph.Attrs{"perm": []int{0, 2, 1, 3}}, x)[0]
	}
	h := x
	for _, name := range []string{"block0", "block1"} {
		packed := dense(h, name+"/in", 3*width)
		part := func(i int) *graph.Value {
			p := g.Add("slice", graph.Attrs{"axis": 2, "start": i * width, "size": width}, packed)[0]
			return swap(graph.Reshape(p, batch, time, heads, width/heads))
		}
		scores := graph.MatMulT(graph.Scale(part(0), 0.35), part(1), false, true)
		weights := graph.Softmax(g.Add("causal", graph.Attrs{"fill": -1e9}, scores)[0])
		mixed := swap(graph.MatMul(graph.Dropout(weights, 0.2, name+"/dropout"), part(2)))
		h = graph.Add(h, dense(graph.Reshape(mixed, batch, time, width), name+"/out", width))
		h = graph.Feedback(h, graph.Point{Name: name, Site: "logits", Rows: 2})
	}
	o := graph.ErrorSite(dense(h, "head", 5), "logits", 2)
	g.Loss(graph.SoftmaxCrossEntropy(o, y))
	return g
}

// TestFusedAttentionSteps trains with attention fused and apart. On the native kernels sums are made of tiles, which is a few roundings
// more for each weight, and of two steps' relative errors none comes near 1e-4 of the largest element.
func TestFusedAttentionSteps(t *testing.T) {
	seen := trainApart(t, attending, "fuse-attention", momentum(), graph.Binding{"batch": 2, "time": 201}, 1e-4)
	if !seen["attention"] || !seen["attention_grad"] || seen["softmax"] {
		t.Errorf("attention is not fused: the programs have %v", seen)
	}
}

// TestAttentionMemory compares what the values of a step need at the worst moment. Apart, that are the weights of both layers, what
// dropout keeps of them, and a cotangent of scores; fused, none of them.
func TestAttentionMemory(t *testing.T) {
	mode, err := passes.Mode("bp")
	check(t, err)
	b := graph.Binding{"batch": 2, "time": 256}
	peak := func(list []passes.Pass) int64 {
		c, err := passes.Compile(attending(), passes.Pipeline{Mode: "bp", Passes: list}, passes.Options{Optimizer: passes.Optimizer{Rule: "sgd"}})
		check(t, err)
		e, _ := load(t, c.Program, b, Options{})
		return e.Report().PeakBytes
	}
	fused := peak(mode.Passes)
	apart := peak(slices.DeleteFunc(slices.Clone(mode.Passes), func(p passes.Pass) bool { return p.Name == "fuse-attention" }))
	const scores = 2 * 2 * 256 * 256 * 4 // bytes
	if apart-fused < 4*scores || fused > scores {
		t.Errorf("the values need %d bytes, apart %d; scores of a layer are %d", fused, apart, scores)
	}
}
