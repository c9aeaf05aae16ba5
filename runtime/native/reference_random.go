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
		"dropout":        dropoutIn(whole, dropDrawn(drop[float32])),
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
const drawBlock = 256

// dropoutIn returns the kernel of dropout in the given number of parts, whose ends are those of vectors of draws.
func dropoutIn(parts func(c *Call) int, f32 func(s rng.Stream, dst, x []float32, first int, rate float64)) Kernel {
	const vector = 32
	f64 := dropDrawn(drop[float64])
	return Kernel{
		Parts: parts,
		Run: func(c *Call, part, parts int) error {
			s, rate, n, first := stream(c, 1), c.Node.Float("rate"), perElement(c), firstDraw(c)
			lo, hi := min(n, roundUp(n*part/parts, vector)), min(n, roundUp(n*(part+1)/parts, vector))
			if x, out := c.In[0], c.Out[0]; out.DType == graph.F64 {
				f64(s, out.F64[lo:hi], x.F64[lo:hi], first+lo, rate)
			} else {
				f32(s, out.F32[lo:hi], x.F32[lo:hi], first+lo, rate)
			}
			return nil
		},
		InPlace: []int{0},
	}
}

// dropDrawn returns the function that makes some draws and hands them to f. Their memory cannot be its stack: the compiler does not
// see that the generator lets go of it.
func dropDrawn[T float](f func(dst, x []T, u []float32, rate float64)) func(s rng.Stream, dst, x []T, first int, rate float64) {
	free := new(spare[[drawBlock]float32])
	return func(s rng.Stream, dst, x []T, first int, rate float64) {
		draws := free.take()
		defer free.give(draws)
		for lo := 0; lo < len(dst); lo += drawBlock {
			u := draws[:min(drawBlock, len(dst)-lo)]
			s.Uniform32(u, first+lo)
			f(dst[lo:lo+len(u)], x[lo:], u, rate)
		}
	}
}

func drop[T float](dst, x []T, u []float32, rate float64) {
	for i := range dst {
		dst[i] = T(dropped(float64(x[i]), float64(u[i]), rate))
	}
}
