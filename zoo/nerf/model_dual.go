package nerf

import (
	"graft/graph"
	"graft/zoo/layer"
)

// Dual returns NeRF-Dual (Launay et al. 2020, appendix): another rendering of a trained [NeRF], over the same parameters. Both
// networks look at the depths of the fine one. The published code averages their raw outputs and renders once; the paper, with
// original, speaks of averaging pixels.
//
// Inputs: origin and direction f32[rays, 3]. Outputs: rgb [rays, 3], depth [rays].
func Dual(o Options, original bool) *graph.Graph {
	g := graph.New("nerf-dual")
	r := newRays(g).measured()
	coarse, fine := o.networks(g, original)
	o.Noise = 0
	z, first := o.coarse(r, coarse, false)
	z = layer.Hierarchical(z, first.Weights, o.Fine, "fine/samples")
	n := o.Samples + o.Fine
	x, d := r.points(z, n), r.views(n)
	a, b := r.samples(coarse.raw(x, d, false), n), r.samples(fine.raw(x, d, false), n)

	render := o.rendering(r, "dual")
	if !original {
		image := render.Render(average(a, b), z)
		g.Output("rgb", image.RGB)
		g.Output("depth", image.Depth)
		return g
	}
	p, q := render.Render(a, z), render.Render(b, z)
	g.Output("rgb", average(p.RGB, q.RGB))
	g.Output("depth", average(p.Depth, q.Depth))
	return g
}

func average(x, y *graph.Value) *graph.Value { return graph.Scale(graph.Add(x, y), 0.5) }
