package nerf

import (
	"math"
	"math/rand/v2"
	"slices"
)

// body is a sphere or a box filled evenly with an emitting and absorbing medium.
type body struct {
	center  vec
	half    vec // half the edges of a box; of a sphere the radius, three times
	sphere  bool
	density float64 // per unit of length
	colour  vec
}

// Synthetic generates "synthetic-scene": four dense bodies and a cloud, drawn by seed, on a white or a black background, and
// views of it from a sphere around it, as many to validate as to test. Every pixel is the exact integral of the emission-absorption model that NeRF samples:
// along a ray the medium is piecewise constant, so its integral is a finite sum.
func Synthetic(seed, size, train, test int, white bool) *Dataset {
	// Blender's default angle, as in NeRF's synthetic scenes: a scene
	// about the origin that reaches 1.4 far fills the view from distance 4.
	d := &Dataset{Name: "synthetic-scene", Width: size, Height: size, Focal: 0.5 * float64(size) / math.Tan(0.5*0.6911112070083618), White: white}
	bodies := drawBodies(sceneDraws(seed))
	d.Train = d.views(bodies, train, 0)
	d.Test = d.views(bodies, test, 0.5)
	d.Val = d.views(bodies, test, 0.25)
	return d
}

func sceneDraws(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 1)) }

func drawBodies(rng *rand.Rand) []body {
	uniform := func(lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }
	place := func(r float64) vec { return vec{uniform(-r, r), uniform(-r, r), uniform(-r, r)} }
	bodies := make([]body, 0, 5)
	for i := range 4 {
		b := body{center: place(0.5), sphere: i%2 == 0, density: 25, colour: hue(float64(i)/4 + uniform(0, 0.1))}
		r := uniform(0.3, 0.45)
		b.half = vec{r, r, r}
		if !b.sphere {
			b.half = vec{uniform(0.2, 0.4), uniform(0.2, 0.4), uniform(0.2, 0.4)}
		}
		bodies = append(bodies, b)
	}
	return append(bodies, body{center: place(0.3), half: vec{0.7, 0.7, 0.7}, sphere: true, density: 0.7, colour: hue(uniform(0, 1))})
}

// hue returns a bright colour; h counts turns around the colour circle.
func hue(h float64) vec {
	wave := func(shift float64) float64 { return 0.5 + 0.45*math.Cos(2*math.Pi*(h-shift)) }
	return vec{wave(0), wave(1. / 3), wave(2. / 3)}
}

// views renders n views from the sphere of radius 4, spread over its upper part by the golden angle from turn on.
func (d *Dataset) views(bodies []body, n int, turn float64) []View {
	golden := math.Pi * (3 - math.Sqrt(5))
	out := make([]View, n)
	for i := range out {
		height := -0.2 + 1.1*(float64(i)+0.5)/float64(n) // sine of the elevation
		sin, cos := math.Sincos(golden*float64(i) + 2*math.Pi*turn)
		flat := math.Sqrt(1 - height*height)
		v := &out[i]
		v.camera = lookAtOrigin(vec{flat * cos, flat * sin, height}.times(4))
		v.RGB = make([]float32, 3*d.pixels())
		for p := range d.pixels() {
			colour := see(bodies, d.White, v.camera.position, d.direction(v, p))
			for k, c := range colour {
				v.RGB[3*p+k] = float32(c)
			}
		}
	}
	return out
}

func (d *Dataset) direction(v *View, pixel int) vec {
	_, direction := d.ray(v, pixel)
	return direction
}

// see integrates the light along a ray: on each stretch between borders of bodies, densities add and colours mix by density.
func see(bodies []body, white bool, origin, direction vec) (rgb vec) {
	length := direction.length()
	type span struct{ in, out float64 }
	spans := make([]span, len(bodies))
	var borders []float64
	for i, b := range bodies {
		spans[i].in, spans[i].out = b.crossed(origin, direction)
		if spans[i].in < spans[i].out {
			borders = append(borders, spans[i].in, spans[i].out)
		}
	}
	slices.Sort(borders)
	light := 1.0
	for k := 1; k < len(borders); k++ {
		from, to := borders[k-1], borders[k]
		var density float64
		var emitted vec
		for i, b := range bodies {
			if spans[i].in <= from && to <= spans[i].out {
				density += b.density
				emitted = emitted.plus(b.colour.times(b.density))
			}
		}
		if density == 0 {
			continue
		}
		through := math.Exp(-density * (to - from) * length)
		rgb = rgb.plus(emitted.times(light * (1 - through) / density))
		light *= through
	}
	if white {
		rgb = rgb.plus(vec{light, light, light})
	}
	return rgb
}

// crossed returns where a ray enters and leaves the body, in depths above 0; in >= out when it misses.
func (b body) crossed(origin, direction vec) (in, out float64) {
	from := origin.plus(b.center.times(-1))
	in, out = 0, math.Inf(1)
	if b.sphere {
		a, half, c := direction.dot(direction), from.dot(direction), from.dot(from)-b.half[0]*b.half[0]
		root := half*half - a*c
		if root <= 0 {
			return 0, 0
		}
		root = math.Sqrt(root)
		return max(0, (-half-root)/a), max(0, (-half+root)/a)
	}
	for k := range 3 {
		if direction[k] == 0 {
			if math.Abs(from[k]) > b.half[k] {
				return 0, 0
			}
			continue
		}
		near, far := (-b.half[k]-from[k])/direction[k], (b.half[k]-from[k])/direction[k]
		in, out = max(in, min(near, far)), min(out, max(near, far))
	}
	return in, out
}
