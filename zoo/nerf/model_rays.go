package nerf

import (
	"graft/graph"
	"graft/zoo/layer"
)

// rays are the inputs of every definition of this package: origin and direction f32[rays, 3].
type rays struct {
	count             graph.Dim
	origin, direction *graph.Value
	length            *graph.Value // [rays, 1], of the direction, where it counts
}

func newRays(g *graph.Graph) rays {
	return rays{count: graph.Sym("rays"), origin: g.Input("origin", graph.F32, "rays", 3), direction: g.Input("direction", graph.F32, "rays", 3)}
}

// measured returns r with the length of its directions.
func (r rays) measured() rays {
	squares := r.direction.Graph().Add("sum", graph.Attrs{"axes": []int{1}, "keep": true}, graph.Apply("square", r.direction))[0]
	r.length = graph.Apply("sqrt", squares)
	return r
}

// points returns the encoded positions at depths z [rays, n]: [rays*n, 63].
func (r rays) points(z *graph.Value, n int) *graph.Value {
	along := graph.Mul(graph.Reshape(r.direction, r.count, 1, 3), graph.Reshape(z, r.count, n, 1))
	at := graph.Add(graph.Reshape(r.origin, r.count, 1, 3), along)
	return layer.PositionalEncoding(graph.Reshape(at, r.count.Mul(graph.Int(n)), 3), positionFrequencies)
}

// views returns the encoded directions, normalised, of n samples on each measured ray: [rays*n, 27].
func (r rays) views(n int) *graph.Value {
	code := layer.PositionalEncoding(graph.Div(r.direction, r.length), directionFrequencies)
	return code.Graph().Add("repeat", graph.Attrs{"axis": 0, "times": n}, code)[0]
}

// samples puts the rows [rays*n, 4] of a network under their rays.
func (r rays) samples(raw *graph.Value, n int) *graph.Value { return graph.Reshape(raw, r.count, n, 4) }

// squaredError returns the mean over rays and channels of (rgb - color)^2.
func squaredError(rgb, color *graph.Value) *graph.Value {
	return graph.Mean(graph.Apply("square", graph.Sub(rgb, color)), 0, 1)
}
