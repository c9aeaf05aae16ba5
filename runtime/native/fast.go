package native

import (
	"sync"

	"graft/graph"
)

// chunk is about the number of elements that one part handles: large enough to hide the cost of handing it to a worker. Of sums
// over parts the bits depend on it.
const chunk = 16384

// Short calls have parts of grain elements, as long as those are few: so that no worker waits long for another's last one.
const (
	grain    = chunk / 2
	fewParts = 16
)

// lossWork is the work beyond which an op that ends in one number has no more parts.
const lossWork = 64 * chunk

// Kernels returns the kernels that programs run on: the reference kernels divided into parts, with faster ones for f32.
func Kernels() Table { return kernelsOf(families()[0]) }

// kernelsOf returns the kernels that programs run on, with the dense products and the loops of f.
func kernelsOf(f *family) Table {
	t, v, l := Reference(), vectorsOf(f), loopsOf(f)
	e := newEntropies(f, v)
	for name, units := range divisible() {
		t[name] = t[name].divided(units, largest)
	}
	addFastElementwise(t, v, l)
	addFastShape(t, f, l)
	addFastProducts(t, f, v)
	addFastAttention(t, f, v)
	addFastLosses(t, f, v, e)
	addFastHeads(t, f, v, l, e)
	addFastNorms(t, v.norm)
	addFastOptimizers(t, l, v)
	addFastReductions(t, f, l, v)
	addFastSparse(t, l, v)
	addFastGrouped(t, f, l)
	addFastHistory(t, l, v)
	addFastMulSum(t, l, v)
	addFastTables(t, l)
	byRows := Kernel{}.divided(perRow, largest).Parts
	t["cumprod_exclusive_grad"], t["inverse_cdf"] = cumprodGradIn(byRows), inverseCDFIn(byRows)
	return t
}

// divisible lists the reference kernels that serve as they are, with their units.
func divisible() map[string]func(c *Call) int {
	d := map[string]func(c *Call) int{
		"argmax": perRow, "softmax": perRow, "softmax_grad": perRow, "log_softmax": perRow, "log_softmax_grad": perRow,
		"softmax_cross_entropy_grad": perLabel, "restricted_softmax": perRow, "batch_norm": perFeatureBlock, "batch_norm_grad": perFeatureBlock, "batch_norm_eval": perRow,
		"layer_norm": perRow, "layer_norm_grad": perRow, "gather": perIndex,
		"edge_gather": perRowOfResult, "edge_sum": perRowOfResult,
		"segment_softmax": perRowOfPattern, "segment_softmax_grad": perRowOfPattern,
		"cumsum": perRow, "cumprod_exclusive": perRow, "sort": perRow, "causal": perRow, "positions": perRowOfResult,
	}
	for _, name := range []string{
		"const", "error", "feedback", "cut", "detach", "cotangent", "barrier", "reshape", "equal", "cast",
		"random_uniform", "random_normal", "sigmoid_cross_entropy_grad",
	} {
		d[name] = perElement
	}
	return d
}

// divided returns k with one part for each chunk of work, or grain of little work, but no more parts than units. All are functions
// of the shapes.
func (k Kernel) divided(units, work func(c *Call) int) Kernel {
	k.Parts = func(c *Call) int { return max(1, min(units(c), partsOf(work(c)))) }
	return k
}

func partsOf(work int) int {
	return max((work+chunk-1)/chunk, min((work+grain-1)/grain, fewParts))
}

// largest returns the number of elements of the largest dense operand or result.
func largest(c *Call) int {
	n := 0
	for _, b := range c.In {
		if b.Pattern == nil {
			n = max(n, b.Len())
		}
	}
	for _, b := range c.Out {
		n = max(n, b.Len())
	}
	return n
}

// twice counts the elements of ops that take long for each as two.
func twice(work func(c *Call) int) func(c *Call) int { return func(c *Call) int { return 2 * work(c) } }

// faster returns k with another body for f32 operands.
func (k Kernel) faster(units func(c *Call) int, f32 body) Kernel {
	plain, fast := k.Run, split(units, func(*Call) body { return f32 })
	k.Run = func(c *Call, part, parts int) error {
		if c.Out[0].DType == graph.F32 {
			return fast(c, part, parts)
		}
		return plain(c, part, parts)
	}
	return k
}

// partials are what the parts of a call contribute to one number.
type partials struct {
	mu    sync.Mutex
	parts []float64
}

// summed returns the kernel of an op whose result is a function of a sum over units. Every part that comes in adds all
// contributions in the order of the parts and writes the result; the last one, whichever it is, leaves the right one. So
// nothing has to be reset between runs, even after one that failed halfway.
func summed(units, work func(c *Call) int, f32, f64 func(c *Call, lo, hi int) (float64, error), finish func(sum float64) float64) Kernel {
	k := Kernel{Parts: func(c *Call) int { return max(1, min(units(c), (min(work(c), lossWork)+chunk-1)/chunk)) }}
	k.Prepare = func(c *Call) error {
		c.Data = &partials{parts: make([]float64, k.Parts(c))}
		return nil
	}
	k.Run = func(c *Call, part, parts int) error {
		contribution := f32
		if c.Out[0].DType == graph.F64 {
			contribution = f64
		}
		n := units(c)
		v, err := contribution(c, n*part/parts, n*(part+1)/parts)
		if err != nil {
			return err
		}
		p := c.Data.(*partials)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.parts[part] = v
		sum := 0.0
		for _, q := range p.parts {
			sum += q
		}
		if c.Out[0].DType == graph.F64 {
			c.Out[0].F64[0] = finish(sum)
		} else {
			c.Out[0].F32[0] = float32(finish(sum))
		}
		return nil
	}
	return k
}
