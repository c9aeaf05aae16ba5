package native

import (
	"fmt"
	"slices"

	"graft/graph"
)

func scanReference() Table {
	return Table{
		"cumsum":                 floats(perRow, cumsum[float32], cumsum[float64]).inPlace(0),
		"cumprod_exclusive":      floats(perRow, cumprod[float32], cumprod[float64]).inPlace(0),
		"cumprod_exclusive_grad": cumprodGradIn(whole),
		"sort":                   floats(perRow, sorted[float32], sorted[float64]).inPlace(0),
		"inverse_cdf":            inverseCDFIn(whole),
	}
}

// scratched returns a kernel over rows in the given number of parts, each of which has size numbers of scratch memory.
func scratched(parts, size func(c *Call) int, f32, f64 func(c *Call, lo, hi int, scratch []float64) error) Kernel {
	return Kernel{
		Prepare: func(c *Call) error {
			c.Data = make([]float64, parts(c)*size(c))
			return nil
		},
		Parts: parts,
		Run: func(c *Call, part, parts int) error {
			rows, n := perRow(c), size(c)
			lo, hi, scratch := rows*part/parts, rows*(part+1)/parts, c.Data.([]float64)[part*n:(part+1)*n]
			if c.Out[0].DType == graph.F64 {
				return f64(c, lo, hi, scratch)
			}
			return f32(c, lo, hi, scratch)
		},
	}
}

func cumsum[T float](c *Call, lo, hi int) error {
	n, x, out := width(c.In[0]), data[T](c.In[0]), data[T](c.Out[0])
	exclusive, first, step := c.Node.Bool("exclusive"), 0, 1
	if c.Node.Bool("reverse") {
		first, step = n-1, -1
	}
	for r := lo; r < hi; r++ {
		total := 0.0
		for i, k := r*n+first, 0; k < n; i, k = i+step, k+1 {
			before := total
			total += float64(x[i])
			if exclusive {
				out[i] = T(before)
			} else {
				out[i] = T(total)
			}
		}
	}
	return nil
}

func cumprod[T float](c *Call, lo, hi int) error {
	n, x, out := width(c.In[0]), data[T](c.In[0]), data[T](c.Out[0])
	for r := lo; r < hi; r++ {
		product := 1.0
		for i := r * n; i < (r+1)*n; i++ {
			before := product
			product *= float64(x[i])
			out[i] = T(before)
		}
	}
	return nil
}

func cumprodGradIn(parts func(c *Call) int) Kernel {
	return scratched(parts, func(c *Call) int { return width(c.In[0]) }, cumprodGrad[float32], cumprodGrad[float64]).inPlace(0)
}

// cumprodGrad never divides. Of the products after element k, which dy weighs, x[k] leaves the product before[k] of those
// before it and the sum tail[k] = dy[k+1] + x[k+1]*tail[k+1] of what follows.
func cumprodGrad[T float](c *Call, lo, hi int, before []float64) error {
	n, dy, x, out := width(c.In[0]), data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0])
	for r := lo; r < hi; r++ {
		product := 1.0
		for k := range n {
			before[k] = product
			product *= float64(x[r*n+k])
		}
		tail := 0.0
		for k := n - 1; k >= 0; k-- {
			i := r*n + k
			next := float64(dy[i]) + float64(x[i])*tail
			out[i] = T(before[k] * tail)
			tail = next
		}
	}
	return nil
}

func sorted[T float](c *Call, lo, hi int) error {
	n, x, out := width(c.In[0]), data[T](c.In[0]), data[T](c.Out[0])
	copy(out[lo*n:hi*n], x[lo*n:hi*n])
	for r := lo; r < hi; r++ {
		slices.Sort(out[r*n : (r+1)*n])
	}
	return nil
}

func inverseCDFIn(parts func(c *Call) int) Kernel {
	return scratched(parts, func(c *Call) int { return width(c.In[0]) }, inverseCDF[float32], inverseCDF[float64]).inPlace(2)
}

// smallestShare is the share of a bin below which a draw is not stretched over the bin.
const smallestShare = 1e-5

// inverseCDF finds the last edge at which the distribution function is at most u and goes on to the next in proportion.
func inverseCDF[T float](c *Call, lo, hi int, cdf []float64) error {
	edges, weights, us, out := data[T](c.In[0]), data[T](c.In[1]), data[T](c.In[2]), data[T](c.Out[0])
	bins, draws := width(c.In[1]), width(c.In[2])
	for r := lo; r < hi; r++ {
		edge, weight, total := edges[r*(bins+1):(r+1)*(bins+1)], weights[r*bins:(r+1)*bins], 0.0
		for _, w := range weight {
			total += float64(w)
		}
		if total == 0 {
			return fmt.Errorf("the weights of row %d sum to 0, so they are no density", r)
		}
		cdf[0] = 0
		for k, w := range weight {
			cdf[k+1] = cdf[k] + float64(w)/total
		}
		for i := r * draws; i < (r+1)*draws; i++ {
			u := float64(us[i])
			below := lastAtMost(cdf, u)
			above := min(below+1, bins)
			share := cdf[above] - cdf[below]
			if share < smallestShare {
				share = 1
			}
			from, to := float64(edge[below]), float64(edge[above])
			out[i] = T(from + (u-cdf[below])/share*(to-from))
		}
	}
	return nil
}

// lastAtMost returns the last place of an ascending list with a number of at most u, or 0.
func lastAtMost(list []float64, u float64) int {
	lo, hi := 0, len(list) // what is sought lies in [lo, hi)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; list[mid] <= u {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
