package bench

import (
	"math"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/zoo/experiment"
)

// closed is what a step needs by formulas over the sizes of layers alone, for bp and dfa: multiplications in dense products, and bytes.
//
// A layer in x out takes in*out multiplications a row forward, as many for its weight's gradient, and as many for its input's gradient
// where a parameter lies below, which dfa saves where the input is cut. A projection takes error width x widest point, once for a site.
// Bytes are Q of the package's doc; dfa also reads the feedback matrix, and the seed where nothing else does.
type closed struct{ bp, dfa, bpBytes, dfaBytes int }

const word = 4 // bytes of a number

// dense counts the weights of a chain of layers of these widths, and the biases.
func dense(widths ...int) (weights, biases int) {
	for i, out := range widths[1:] {
		weights += widths[i] * out
		biases += out
	}
	return weights, biases
}

// closedPerceptron is of SGD with momentum: parameter, gradient and momentum move both ways. Kept are the hidden layers and the logits.
func closedPerceptron(rows, hidden int, widths ...int) closed {
	const inputs, classes = 784, 10
	weights, biases := dense(append(append([]int{inputs}, widths...), classes)...)
	bytes := word * (6*(weights+biases) + 2*rows*biases + rows*(inputs+1) + 1) // a row of biases is as long as what is kept of a row
	return closed{
		bp: rows * (3*weights - inputs*hidden), dfa: rows * (2*weights + classes*hidden),
		bpBytes: bytes, dfaBytes: bytes + word*(classes*hidden+1),
	}
}

// closedField is of Adam: parameter, gradient and two slots move both ways. Directions are appended to a layer's result, and both
// are kept. Rendering keeps ten numbers of a sample: distance, density, the exponential, opacity, its complement, transmittance,
// weight, and three colours; and of a ray the error's three.
func closedField(rays, samples, width int) closed {
	const position, view = 63, 27
	trunk, trunkBiases := dense(position, width, width, width, width)
	weights := trunk + width*width + (width+view)*width/2 + width/2*3 + width
	biases := trunkBiases + width + width/2 + 3 + 1
	inputs := weights - position*width - view*width/2 // encodings need no cotangent
	rows, kept := rays*samples, trunkBiases+width+(width+view)+width/2+10
	bytes := word * (8*(weights+biases) + 2*(rows*kept+rays*3) + rows*(position+view) + rays*(samples+3) + 2)
	return closed{
		bp: rows * (2*weights + inputs), dfa: rows * (2*weights + 4*width),
		bpBytes: bytes, dfaBytes: bytes + word*(4*width+1),
	}
}

// closedTransformer is of Adam too. Of a block, the macro point cuts the queries', keys' and values' input, but that of the first
// block, below which the embedding is trained; the micro points cut the inputs of both layers of the feed-forward network. Attention
// multiplies activations, twice, and keeps its operands, its result and a number for each row of scores; the feed-forward network keeps
// what dropout left of its hidden layer; a norm keeps its input, result, mean and deviation. Logits are not kept.
func closedTransformer(micro bool) closed {
	const rows, blocks, width, ffn, heads, time, words = 64 * 128, 6, 512, 2048, 8, 128, 32000
	const qkv, out, network, attention = 3 * width * width, width * width, 2 * width * ffn, 2 * time * width
	c := closed{bp: rows * 3 * (blocks*(qkv+out+network+attention) + width*words)}
	c.dfa = c.bp - rows*(blocks-1)*qkv
	widest := width
	if micro {
		widest = ffn
		c.dfa -= rows * blocks * network
	}
	c.dfa += rows * width * widest

	const norms = 2 * (2*width + 2)
	const kept = blocks*(norms+3*width+heads+width+ffn) + width
	const params = 2*width*words + words + blocks*(qkv+3*width+out+width+network+ffn+width+2*2*width)
	const key, positions, scalars = 2, time * width, 3
	c.bpBytes = word * (8*params + 2*(rows*kept+key) + positions + 2*rows + scalars)
	c.dfaBytes = c.bpBytes + word*width*widest
	return c
}

// TestClosedForms holds the cost model and the roofline against closed forms, exactly. The ratio is that of bp's dense products to
// dfa's, with projections counted and without gradients of the data. The transformer's is 1.0351 in products and 1.0353 in whole
// steps, in which causal attention makes half of its scores; if it made all, they would have 1.0349.
func TestClosedForms(t *testing.T) {
	for _, c := range []struct {
		workload, granularity string
		want                  closed
		ratio                 float64 // of products, to two places
	}{
		{"mlp-256", feedback.Macro, closedPerceptron(512, 256, 256, 256), 1.12},
		{"mlp-512", feedback.Macro, closedPerceptron(128, 512, 512, 512), 1.20},
		{"mlp-deep", feedback.Macro, closedPerceptron(512, 1024, 1024, 1024, 1024, 1024), 1.40},
		{"nerf-256", feedback.Macro, closedField(1024, 192, 256), 1.47},
		{"transformer", feedback.Macro, closedTransformer(false), 1.04},
		{"transformer", feedback.Micro, closedTransformer(true), 1.17},
	} {
		products, need := [2]int64{}, [2]Need{}
		for i, mode := range []string{"bp", "dfa"} {
			products[i], need[i] = counted(t, c.workload, mode, c.granularity)
		}
		if want := [2]int64{2 * int64(c.want.bp), 2 * int64(c.want.dfa)}; products != want {
			t.Errorf("%s, %s: products of %d FLOPs, want %d", c.workload, c.granularity, products, want)
		}
		if got, want := [2]int64{need[0].Bytes, need[1].Bytes}, [2]int64{int64(c.want.bpBytes), int64(c.want.dfaBytes)}; got != want {
			t.Errorf("%s, %s: %d bytes, want %d", c.workload, c.granularity, got, want)
		}
		ratio := float64(products[0]) / float64(products[1])
		if math.Round(100*ratio) != math.Round(100*c.ratio) {
			t.Errorf("%s, %s: bp takes %.4f times dfa's products, want %.2f", c.workload, c.granularity, ratio, c.ratio)
		}
		// What else a step does, and what it saves in attention, is the same for both modes, but for little.
		whole := float64(need[0].FLOPs) / float64(need[1].FLOPs)
		if math.Abs(whole-ratio) > 0.003 {
			t.Errorf("%s, %s: whole steps have the ratio %.4f, products %.4f", c.workload, c.granularity, whole, ratio)
		}
	}
}

// counted returns what the cost model counts for the dense products of a step, before they are fused with what follows them, and what
// the whole step needs.
func counted(t *testing.T, workload, mode, granularity string) (products int64, need Need) {
	t.Helper()
	w, err := Lookup(workload)
	if err != nil {
		t.Fatal(err)
	}
	j, err := NewJob(w, Choices{Mode: mode, Feedback: feedback.Options{Granularity: granularity}})
	if err != nil {
		t.Fatal(err)
	}
	var sum graph.Cost
	trace := func(p passes.Pass, g *graph.Graph) {
		if p.Name != "dce" {
			return
		}
		for _, n := range g.Nodes {
			if n.Op.Name == "matmul" || n.Op.Name == "project" {
				sum = sum.Plus(n.FLOPs())
			}
		}
	}
	if _, err := j.Plan.CompileInspected(passes.Step, experiment.Inspection{Trace: trace}); err != nil {
		t.Fatal(err)
	}
	if products, err = sum.Bind(j.Binding); err != nil {
		t.Fatal(err)
	}
	if need, err = NeedOf(j.Program, j.Binding); err != nil {
		t.Fatal(err)
	}
	return products, need
}
