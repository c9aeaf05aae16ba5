package nerf

import "graft/graph"

// Fine returns the fine network of [NeRF] alone, without sampling and encoding: o.Samples + o.Fine given samples a ray, encoded
// beforehand, through the network and the renderer to the colour of each ray. It is what the greater part of a step of NeRF's
// training consists of, and what other frameworks are measured against.
//
// Inputs, with n = o.Samples + o.Fine: position f32[rays*n, 63] and view f32[rays*n, 27], encoded; depth f32[rays, n], ascending along
// directions of length one; color f32[rays, 3]. Output: rgb [rays, 3].
func Fine(o Options, original bool) *graph.Graph {
	g := graph.New("nerf-fine")
	count, n := graph.Sym("rays"), o.Samples+o.Fine
	points := count.Mul(graph.Int(n))
	position := g.Input("position", graph.F32, points, positionWidth)
	view := g.Input("view", graph.F32, points, directionWidth)
	depth := g.Input("depth", graph.F32, count, n)
	color := g.Input("color", graph.F32, count, 3)

	raw := newNetwork(g, "fine", o.fineWidth(), o.Layers, original).raw(position, view, true)
	image := o.rendering(rays{}, "fine").Render(graph.Reshape(raw, count, n, 4), depth)

	g.Output("rgb", image.RGB)
	g.Loss(squaredError(image.RGB, color))
	return g
}
