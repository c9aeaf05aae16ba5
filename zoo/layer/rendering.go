package layer

import "graft/graph"

// Rendering says how samples along rays become pixels.
type Rendering struct {
	// Length [rays, 1] is what differences of depth are multiplied with, the length of a ray's direction; nil leaves them.
	Length *graph.Value
	// White puts a white background behind what is rendered instead of a black one.
	White bool
	// Noise is the standard deviation of the normal noise on the density, drawn from Stream; 0 in evaluation.
	Noise  float64
	Stream string
}

// Rendered is the colour of rays and what it was made of.
type Rendered struct {
	RGB     *graph.Value // [rays, 3]
	Weights *graph.Value // [rays, n], the part of each sample in its pixel
	Depth   *graph.Value // [rays], the mean depth under the weights
}

// Render integrates raw [rays, n, 4], a colour before its sigmoid and a density before its ReLU for each sample, at the
// ascending depths z [rays, n] (Mildenhall et al. 2020, equation 3; the last interval is 1e10 long, and 1e-10 is added to the
// transparency, as in the published code):
//
//	alpha_i = 1 - exp(-relu(sigma_i + noise) delta_i)    w_i = alpha_i prod_{j<i} (1 - alpha_j + 1e-10)
//	rgb = sum_i w_i sigmoid(c_i), and on white + 1 - sum_i w_i
func (r Rendering) Render(raw, z *graph.Value) Rendered {
	g := raw.Graph()
	g.Helper()
	n, ok := lastDim(z)
	if !ok || n < 2 || raw.Type.Rank() != 3 {
		bad := g.Invalid("rendering needs samples [rays, n, 4] and depths [rays, n], not %v and %v", raw, z)
		return Rendered{bad, bad, bad}
	}
	rays := z.Type.Dims[0]
	far := g.Const(1e10, graph.Tensor(graph.F32, rays, graph.Int(1)))
	delta := joined(1, graph.Sub(part(z, 1, 1, n-1), part(z, 1, 0, n-1)), far)
	if r.Length != nil {
		delta = graph.Mul(delta, r.Length)
	}
	sigma := graph.Reshape(part(raw, 2, 3, 1), rays, n)
	if r.Noise > 0 {
		draw := g.Add("random_normal", graph.Attrs{"stream": r.Stream, "shape": z.Type.Dims}, g.Key())[0]
		sigma = graph.Add(sigma, graph.Scale(draw, r.Noise))
	}
	clear := graph.Apply("exp", graph.Apply("neg", graph.Mul(graph.Relu(sigma), delta))) // 1 - alpha
	alpha := apply("shift", graph.Apply("neg", clear), 1)
	weights := graph.Mul(alpha, g.Add("cumprod_exclusive", nil, apply("shift", clear, 1e-10))[0])

	colour := graph.Apply("sigmoid", part(raw, 2, 0, 3))
	rgb := graph.Sum(graph.Mul(graph.Reshape(weights, rays, n, 1), colour), 1)
	if r.White {
		background := apply("shift", graph.Apply("neg", graph.Sum(weights, 1)), 1)
		rgb = graph.Add(rgb, graph.Reshape(background, rays, 1))
	}
	return Rendered{RGB: rgb, Weights: weights, Depth: graph.Sum(graph.Mul(weights, z), 1)}
}
