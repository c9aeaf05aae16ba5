package native

import (
	"graft/graph"
	"graft/runtime/rng"
)

func randomReference() Table {
	return Table{
		"key":            {Run: key},
		"random_uniform": floats(perElement, drawUniform[float32], drawUniform[float64]),
		"random_normal":  floats(perElement, drawNormal[float32], drawNormal[float64]),
		"dropout":        dropoutIn(whole, drop[float32]),
	}
}

func key(c *Call, _, _ int) error {
	c.Out[0].I32[0], c.Out[0].I32[1] = c.In[0].I32[0], c.In[1].I32[0]
	return nil
}

// stream returns the node's stream under the key that is operand k.
func stream(c *Call, k int) rng.Stream {
	return rng.New(c.In[k].I32[0], c.In[k].I32[1], c.Node.Str("stream"))
}

// firstDraw returns the number of the draw for the first element of the result, which may begin in the middle of the node's.
func firstDraw(c *Call) int { return c.Block.before(perElement(c)) }

func drawUniform[T float](c *Call, lo, hi int) error {
	uniform(stream(c, 0), data[T](c.Out[0])[lo:hi], firstDraw(c)+lo)
	return nil
}

func drawNormal[T float](c *Call, lo, hi int) error {
	normal(stream(c, 0), data[T](c.Out[0])[lo:hi], firstDraw(c)+lo)
	return nil
}

func uniform[T float](s rng.Stream, dst []T, first int) {
	switch d := any(&dst).(type) {
	case *[]float32:
		s.Uniform32(*d, first)
	case *[]float64:
		s.Uniform64(*d, first)
	}
}

func normal[T float](s rng.Stream, dst []T, first int) {
	switch d := any(&dst).(type) {
	case *[]float32:
		s.Normal32(*d, first)
	case *[]float64:
		s.Normal64(*d, first)
	}
}

// drawBlock is the number of draws that dropout holds at a time.
const drawBlock = 1024

// dropoutIn returns the kernel of dropout in the given number of parts. Draws are made of blocks of four, and fast many blocks at
// a time, so they begin with a whole block and go beyond the part's last element, whatever that is.
func dropoutIn(parts func(c *Call) int, f32 func(dst, x, u []float32, rate float64)) Kernel {
	free := new(spare[[drawBlock]float32])
	return Kernel{
		Parts: parts,
		Run: func(c *Call, part, parts int) error {
			s, rate, n, first := stream(c, 1), c.Node.Float("rate"), perElement(c), firstDraw(c)
			lo, hi := n*part/parts, n*(part+1)/parts
			draws := free.take()
			defer free.give(draws)
			for lo < hi {
				skip := (first + lo) % 4
				end := min(lo+drawBlock-skip, hi)
				u := draws[:min(roundUp(skip+end-lo, 32), drawBlock)]
				s.Uniform32(u, first+lo-skip)
				if x, out := c.In[0], c.Out[0]; out.DType == graph.F64 {
					drop(out.F64[lo:end], x.F64[lo:], u[skip:], rate)
				} else {
					f32(out.F32[lo:end], x.F32[lo:], u[skip:], rate)
				}
				lo = end
			}
			return nil
		},
		InPlace: []int{0},
	}
}

func drop[T float](dst, x []T, u []float32, rate float64) {
	for i := range dst {
		dst[i] = T(dropped(float64(x[i]), float64(u[i]), rate))
	}
}
