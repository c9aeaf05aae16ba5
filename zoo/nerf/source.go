package nerf

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
	"graft/graph"
	"graft/runtime/rng"
	"graft/runtime/train"
)

// epochSteps is the number of iterations that are called an epoch.
const epochSteps = 100

// randomRays yields rays of one training view at a time: at every step a view and then so many different pixels of it, all by
// chance, as the published code does. 0 rays, or more than there are pixels, stand for the whole view.
type randomRays struct {
	set  *Dataset
	rays int
	seed int32
}

func (randomRays) Len() int { return epochSteps }

func (s randomRays) Batch(epoch, i int, b *train.Batch) error {
	if i < 0 || i >= epochSteps {
		return fmt.Errorf("batch %d of %d asked for", i, epochSteps)
	}
	draws := rng.New(s.seed, int32(epoch*epochSteps+i), "nerf/rays")
	next := 0
	below := func(n int) int { // a whole number below n, with a bias below n/2^32
		next++
		return int(uint64(draws.Uint32(next-1)) * uint64(n) >> 32)
	}
	view := &s.set.Train[below(len(s.set.Train))]
	n := s.set.pixels()
	if s.rays <= 0 || s.rays >= n {
		s.set.fill(b, view, n, func(k int) int { return k })
		return nil
	}
	// Floyd's choice of different numbers (Bentley & Floyd, "A sample of brilliance", 1987).
	chosen, taken := make([]int, 0, s.rays), make(map[int]bool, s.rays)
	for last := n - s.rays; last < n; last++ {
		p := below(last + 1)
		if taken[p] {
			p = last
		}
		taken[p] = true
		chosen = append(chosen, p)
	}
	s.set.fill(b, view, s.rays, func(k int) int { return chosen[k] })
	return nil
}

// wholeViews yields views of a set one after the other.
type wholeViews struct {
	set   *Dataset
	views []View
}

func (s wholeViews) Len() int { return len(s.views) }

func (s wholeViews) Batch(_, i int, b *train.Batch) error {
	if i < 0 || i >= len(s.views) {
		return fmt.Errorf("view %d of %d asked for", i, len(s.views))
	}
	s.set.fill(b, &s.views[i], s.set.pixels(), func(k int) int { return k })
	return nil
}

// fill brings n rays of a view into b, reusing its tensors where their size fits.
func (d *Dataset) fill(b *train.Batch, v *View, n int, pixel func(k int) int) {
	names := []string{"origin", "direction", "color"}
	if b.Tensors == nil || b.Binding["rays"] != n {
		b.Binding, b.Tensors = graph.Binding{"rays": n}, map[string]*tensor.Dense{}
		for _, name := range names {
			b.Tensors[name] = tensor.New(tensor.WithShape(n, 3), tensor.Of(tensor.Float32))
		}
	}
	origin, direction, color := b.Tensors[names[0]].Float32s(), b.Tensors[names[1]].Float32s(), b.Tensors[names[2]].Float32s()
	for k := range n {
		p := pixel(k)
		o, d := d.ray(v, p)
		for axis := range 3 {
			origin[3*k+axis], direction[3*k+axis] = float32(o[axis]), float32(d[axis])
		}
		copy(color[3*k:3*k+3], v.RGB[3*p:3*p+3])
	}
}

// psnr is the peak signal-to-noise ratio of the rendered views, -10 log10 of an image's mean squared error, averaged over images.
type psnr struct{ sum, images float64 }

func (m *psnr) Reset() { *m = psnr{} }

func (m *psnr) Add(b *train.Batch, output func(name string) *tensor.Dense) error {
	rgb := output("rgb")
	if rgb == nil {
		return fmt.Errorf("the program has no output %q", "rgb")
	}
	got, want := rgb.Float32s(), b.Tensors["color"].Float32s()
	sum := 0.0
	for i := range got {
		e := float64(got[i]) - float64(want[i])
		sum += e * e
	}
	m.sum += -10 * math.Log10(sum/float64(len(got)))
	m.images++
	return nil
}

func (m *psnr) Metrics() map[string]float64 { return map[string]float64{"psnr": m.sum / m.images} }
