package nerf

import (
	"graft/graph"
	"graft/zoo/layer"
)

// TinyOptions are the choices of Tiny-NeRF.
type TinyOptions struct {
	Width   int     `option:"width" default:"128" min:"1" doc:"width of the network"`
	Samples int     `option:"samples" default:"32" min:"2" doc:"samples on a ray"`
	Noise   float64 `option:"noise" default:"0" min:"0" doc:"standard deviation of the noise on the density in training"`
	Near    float64 `option:"near" default:"2" min:"0" doc:"depth of the first sample"`
	Far     float64 `option:"far" default:"6" min:"0" doc:"depth of the last sample"`
}

// Tiny returns Tiny-NeRF (Launay et al. 2020, figure A.1): one network of two hidden layers that sees no direction, rendered on
// black at equal depths, each moved by a draw from [0, (far-near)/samples). Intervals are not multiplied by the length of the
// ray's direction, as in the published code. The error site is the raw output [rays*samples, 4].
//
// Inputs: origin, direction and color f32[rays, 3]. Outputs: rgb [rays, 3], depth [rays].
func Tiny(o TinyOptions) *graph.Graph {
	g := graph.New("nerf-tiny")
	r := newRays(g)
	color := g.Input("color", graph.F32, "rays", 3)

	jitter := layer.Uniform(g, "jitter", r.count, graph.Int(o.Samples))
	z := graph.Add(layer.Depths(g, r.count, o.Near, o.Far, o.Samples), graph.Scale(jitter, (o.Far-o.Near)/float64(o.Samples)))
	h := r.points(z, o.Samples)
	for _, name := range []string{"layer1", "layer2"} {
		h = graph.Feedback(graph.Relu(layer.Dense(h, name, o.Width)), graph.Point{Name: name, Site: "raw"})
	}
	raw := graph.ErrorSite(layer.Dense(h, "layer3", 4), "raw")
	image := layer.Rendering{Noise: o.Noise, Stream: "noise"}.Render(r.samples(raw, o.Samples), z)

	g.Output("rgb", image.RGB)
	g.Output("depth", image.Depth)
	g.Loss(squaredError(image.RGB, color))
	return g
}
