package layer

import (
	"math"

	"graft/graph"
)

// CausalAttention is multi-head attention of x [batch, time, width] to its own past (Vaswani et al. 2017, section 3.2.2):
// softmax(Q K' / sqrt(width/heads)) V for each head, dropout on the attention weights, and a linear layer over the heads'
// results. Q, K and V come from one packed product, Glorot uniform; the output layer starts as PyTorch's Linear does, and both
// biases at 0.
func CausalAttention(x *graph.Value, name string, heads int, dropout float64) *graph.Value {
	g := x.Graph()
	g.Helper()
	width, ok := headed(x, heads)
	if !ok {
		return headMistake(x, name, heads)
	}
	packed := Affine(x, name+"/in", 3*width, "glorot_uniform", "zeros")
	part := func(i int) *graph.Value { return splitHeads(lastPart(packed, i*width, width), heads) }
	scores := graph.MatMulT(graph.Scale(part(0), 1/math.Sqrt(float64(width/heads))), part(1), false, true)
	mixed := attend(scores, part(2), dropout, name+"/dropout")
	return Affine(mergeHeads(mixed), name+"/out", width, "lecun_uniform", "zeros")
}

// attend mixes the values v [batch, heads, time, depth] of the past by softmax of the logits, [batch, heads, time, time] or
// [heads, time, time] for all of a batch alike. Dropout acts on the attention weights.
func attend(logits, v *graph.Value, dropout float64, stream string) *graph.Value {
	g := v.Graph()
	g.Helper()
	// A masked logit is far below every other, but finite: its weight is exactly 0 all the same.
	weights := graph.Softmax(g.Add("causal", graph.Attrs{"fill": -1e9}, logits)[0])
	if v.Type.Rank() == 4 && weights.Type.Rank() == 3 {
		d := v.Type.Dims
		weights = g.Add("broadcast", graph.Attrs{"shape": graph.Dims(d[0], d[1], d[2], d[2])}, weights)[0]
	}
	return graph.MatMul(graph.Dropout(weights, dropout, stream), v)
}

// headed returns the width of x [batch, time, width] where the heads can share it.
func headed(x *graph.Value, heads int) (int, bool) {
	if x.Type.Rank() != 3 {
		return 0, false
	}
	width, ok := x.Type.Dims[2].Const()
	return width, ok && heads > 0 && width%heads == 0
}

func headMistake(x *graph.Value, name string, heads int) *graph.Value {
	x.Graph().Helper()
	return x.Graph().Invalid("attention %q: its input must be [batch, time, a multiple of its %d heads], not %v", name, heads, x)
}

// splitHeads brings [batch, time, heads*depth] to [batch, heads, time, depth].
func splitHeads(x *graph.Value, heads int) *graph.Value {
	x.Graph().Helper()
	if x.Node == nil {
		return x
	}
	d := x.Type.Dims
	width, _ := d[2].Const()
	return permute(graph.Reshape(x, d[0], d[1], heads, width/heads), 0, 2, 1, 3)
}

// mergeHeads is the inverse of splitHeads.
func mergeHeads(x *graph.Value) *graph.Value {
	x.Graph().Helper()
	if x.Node == nil {
		return x
	}
	d := x.Type.Dims
	return graph.Reshape(permute(x, 0, 2, 1, 3), d[0], d[2], d[1].Mul(d[3]))
}

// lastPart returns size elements of the last axis.
func lastPart(x *graph.Value, start, size int) *graph.Value {
	x.Graph().Helper()
	return x.Graph().Add("slice", graph.Attrs{"axis": x.Type.Rank() - 1, "start": start, "size": size}, x)[0]
}

func permute(x *graph.Value, axes ...int) *graph.Value {
	x.Graph().Helper()
	return x.Graph().Add("transpose", graph.Attrs{"perm": axes}, x)[0]
}
