package nerf

import (
	"graft/graph"
	"graft/zoo/layer"
)

// Options are the choices of the radiance field.
type Options struct {
	Width     int     `option:"width" default:"256" min:"1" doc:"width of the networks"`
	FineWidth int     `option:"fine_width" default:"0" min:"0" doc:"width of the fine network; 0 is that of the coarse one"`
	Layers    int     `option:"layers" default:"0" min:"0" doc:"layers of the trunk; 0 is the variant's: 4 of the code, 8 of the paper"`
	Samples   int     `option:"samples" default:"64" min:"3" doc:"samples on a ray for the coarse network"`
	Fine      int     `option:"fine" default:"128" min:"1" doc:"samples that are added for the fine network"`
	White     bool    `option:"white" default:"true" doc:"white background instead of black"`
	Noise     float64 `option:"noise" default:"0" min:"0" doc:"standard deviation of the noise on the density in training"`
	Near      float64 `option:"near" default:"2" min:"0" doc:"depth of the first sample"`
	Far       float64 `option:"far" default:"6" min:"0" doc:"depth of the last sample"`
}

// NeRF returns the radiance field of Launay et al. (2020, table 1) after Mildenhall et al. (2020): a coarse network rendered at
// stratified depths, and a fine one at these and at depths drawn where the coarse one found something. Each has parameters and
// an error site of its own, "coarse" and "fine", at its raw output [rays*samples, 4]; sampling and rendering are part of the
// graph, so the error is exact through the renderer. original chooses the paper's network instead of the published code's.
//
// Inputs: origin, direction and color f32[rays, 3]. Outputs: rgb and coarse/rgb [rays, 3], depth [rays].
func NeRF(o Options, original bool) *graph.Graph {
	g := graph.New("nerf")
	r := newRays(g).measured()
	color := g.Input("color", graph.F32, "rays", 3)
	coarse, fine := o.networks(g, original)

	z, first := o.coarse(r, coarse, true)
	z = layer.Hierarchical(z, first.Weights, o.Fine, "fine/samples")
	n := o.Samples + o.Fine
	raw := fine.raw(r.points(z, n), r.views(n), true)
	second := o.rendering(r, "fine").Render(r.samples(raw, n), z)

	g.Output("rgb", second.RGB)
	g.Output("coarse/rgb", first.RGB)
	g.Output("depth", second.Depth)
	g.Loss(graph.Add(squaredError(first.RGB, color), squaredError(second.RGB, color)))
	return g
}

func (o Options) networks(g *graph.Graph, original bool) (coarse, fine network) {
	return newNetwork(g, "coarse", o.Width, o.Layers, original), newNetwork(g, "fine", o.fineWidth(), o.Layers, original)
}

func (o Options) fineWidth() int {
	if o.FineWidth == 0 {
		return o.Width
	}
	return o.FineWidth
}

// coarse returns the stratified depths and what the coarse network shows there.
func (o Options) coarse(r rays, n network, marked bool) (z *graph.Value, image layer.Rendered) {
	z = layer.Stratified(layer.Depths(r.origin.Graph(), r.count, o.Near, o.Far, o.Samples), "coarse/jitter")
	raw := n.raw(r.points(z, o.Samples), r.views(o.Samples), marked)
	return z, o.rendering(r, n.name).Render(r.samples(raw, o.Samples), z)
}

func (o Options) rendering(r rays, name string) layer.Rendering {
	return layer.Rendering{Length: r.length, White: o.White, Noise: o.Noise, Stream: name + "/noise"}
}
