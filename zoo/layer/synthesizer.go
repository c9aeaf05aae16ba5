package layer

import (
	"fmt"
	"math"

	"graft/graph"
)

// Synthesizer is attention whose logits do not compare positions (Tay et al. 2020). The value layer and the output layer start
// as PyTorch's Linear does; the synthesizing weights are Kaiming uniform with PyTorch's fan for three axes, the product of the
// last two, and their biases 0.
type Synthesizer struct {
	Heads   int
	Dropout float64
	Frozen  bool // the synthesizing parameters stay as they are drawn
	// Mixed applies the attention weights of one (sequence, head) to the values of another, as the published code does: it lays
	// weights out by head and then sequence, and reads them by sequence and then head.
	Mixed bool
}

// Dense synthesizes the logits of each position from its own features: relu(x W1 + b1) W2 + b2 for each head, for x
// [batch, time, width] with W1 [heads, width/heads, hidden], W2 [heads, hidden, time] and hidden = max(width/heads, time).
func (s Synthesizer) Dense(x *graph.Value, name string) *graph.Value {
	g := x.Graph()
	g.Helper()
	width, ok := headed(x, s.Heads)
	if !ok {
		return headMistake(x, name, s.Heads)
	}
	batch := x.Type.Dims[0]
	time, ok := x.Type.Dims[1].Const()
	if !ok {
		return g.Invalid("synthesizer %q: the length of %v must be known", name, x)
	}
	depth := width / s.Heads
	hidden := max(depth, time)
	packed := Affine(x, name+"/in", 2*width, "lecun_uniform", torchBias(width))
	in := graph.Reshape(lastPart(packed, 0, width), batch.Mul(graph.Int(time)), s.Heads, depth)
	h := graph.Relu(s.perHead(permute(in, 1, 0, 2), name+"/1", s.Heads, depth, hidden))
	logits := graph.Reshape(s.perHead(h, name+"/2", s.Heads, hidden, time), s.Heads, batch, time, time)
	if s.Mixed {
		logits = graph.Reshape(logits, batch, s.Heads, time, time)
	} else {
		logits = permute(logits, 1, 0, 2, 3)
	}
	return s.output(logits, lastPart(packed, width, width), name)
}

// perHead is a linear layer of its own for each head: [heads, rows, in] to [heads, rows, out].
func (s Synthesizer) perHead(x *graph.Value, name string, heads, in, out int) *graph.Value {
	g := x.Graph()
	g.Helper()
	w := s.parameter(g, name+"/weight", kaimingUniform(in, out), heads, in, out)
	return graph.Add(graph.MatMul(x, w), s.parameter(g, name+"/bias", "zeros", heads, 1, out))
}

// Random learns the logits themselves, [heads, time, time], the same for every sequence; x is [batch, time, width].
func (s Synthesizer) Random(x *graph.Value, name string) *graph.Value {
	g := x.Graph()
	g.Helper()
	width, ok := headed(x, s.Heads)
	if !ok {
		return headMistake(x, name, s.Heads)
	}
	time, ok := x.Type.Dims[1].Const()
	if !ok {
		return g.Invalid("synthesizer %q: the length of %v must be known", name, x)
	}
	v := Affine(x, name+"/in", width, "lecun_uniform", torchBias(width))
	return s.output(s.parameter(g, name+"/logits", kaimingUniform(time, time), s.Heads, time, time), v, name)
}

func (s Synthesizer) output(logits, v *graph.Value, name string) *graph.Value {
	v.Graph().Helper()
	width, _ := v.Type.Dims[len(v.Type.Dims)-1].Const()
	mixed := attend(logits, splitHeads(v, s.Heads), s.Dropout, name+"/dropout")
	return Affine(mergeHeads(mixed), name+"/out", width, "lecun_uniform", torchBias(width))
}

func (s Synthesizer) parameter(g *graph.Graph, name, init string, dims ...any) *graph.Value {
	g.Helper()
	p := g.Param(name, init, dims...)
	if s.Frozen && p.Node != nil {
		return graph.Detach(p)
	}
	return p
}

// kaimingUniform is He initialisation of a weight [heads, a, b], whose fan PyTorch takes to be a*b.
func kaimingUniform(a, b int) string { return fmt.Sprintf("uniform(%.9g)", math.Sqrt(6/float64(a*b))) }
