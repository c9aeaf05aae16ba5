package layer

import "graft/graph"

// FixedHeads is the number of heads of [FixedAttention].
const FixedHeads = 4

// FixedAttention mixes the past of x [batch, time, width] by fixed weights (Raganato et al. 2020): four heads look at the current
// token, at the previous one, evenly at all that are at least three back, and at these by the cube of their place. Feature f
// of the value layer belongs to head f mod 4; the heads' results stand one after the other. There is neither an output layer
// nor dropout.
func FixedAttention(x *graph.Value, name string) *graph.Value {
	g := x.Graph()
	g.Helper()
	width, ok := headed(x, FixedHeads)
	if !ok {
		return headMistake(x, name, FixedHeads)
	}
	batch, time := x.Type.Dims[0], x.Type.Dims[1]
	depth := width / FixedHeads
	// All columns of all sequences are columns of one product for each head, since the weights are the same for all.
	v := Affine(x, name+"/in", width, "lecun_uniform", torchBias(width))
	v = permute(graph.Reshape(v, batch, time, depth, FixedHeads), 3, 1, 0, 2)
	v = graph.Reshape(v, FixedHeads, time, batch.Mul(graph.Int(depth)))
	var heads []*graph.Value
	for _, kind := range []string{"current", "previous", "uniform", "cubic"} {
		w := g.Add("positions", graph.Attrs{"shape": graph.Dims(time, time), "kind": kind})[0]
		heads = append(heads, graph.Reshape(w, 1, time, time))
	}
	mixed := graph.MatMul(g.Add("concat", graph.Attrs{"axis": 0}, heads...)[0], v)
	mixed = permute(graph.Reshape(mixed, FixedHeads, time, batch, depth), 2, 1, 0, 3)
	return graph.Reshape(mixed, batch, time, width)
}
