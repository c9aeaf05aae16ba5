package layer

import (
	"math"

	"graft/graph"
)

// DenseFields is [Dense] applied to each field of x [batch, fields, in]: the result is [batch, fields, out].
func DenseFields(x *graph.Value, name string, out int) *graph.Value {
	g := x.Graph()
	g.Helper()
	in, ok := headed(x, 1)
	if !ok {
		return g.Invalid("dense %q: its input must be [batch, fields, a known width], not %v", name, x)
	}
	return Affine(x, name, out, "lecun_uniform", torchBias(in))
}

// FieldAttention is PyTorch's MultiheadAttention of the fields of x [batch, fields, width] to each other (Vaswani et al. 2017,
// section 3.2.2, without a mask; AutoInt, Song et al. 2019): softmax(Q K' / sqrt(width/heads)) V for each head, dropout on the
// attention weights, and a dense layer over the heads' results. Initialisation is that of [CausalAttention].
func FieldAttention(x *graph.Value, name string, heads int, dropout float64) *graph.Value {
	x.Graph().Helper()
	width, ok := headed(x, heads)
	if !ok {
		return headMistake(x, name, heads)
	}
	packed := Affine(x, name+"/in", 3*width, "glorot_uniform", "zeros")
	part := func(i int) *graph.Value { return splitHeads(lastPart(packed, i*width, width), heads) }
	scores := graph.MatMulT(graph.Scale(part(0), 1/math.Sqrt(float64(width/heads))), part(1), false, true)
	mixed := graph.MatMul(graph.Dropout(graph.Softmax(scores), dropout, name+"/dropout"), part(2))
	return Affine(mergeHeads(mixed), name+"/out", width, "lecun_uniform", "zeros")
}
