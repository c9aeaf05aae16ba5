package native

import "graft/graph"

// scratcher is what Call.Data may be to tell how much memory it has that grows with shapes.
type scratcher interface{ scratchBytes() int64 }

// ScratchBytes returns the size of the scratch memory that Prepare has made for this call, which lasts as long as the call. It leaves
// out what a worker needs whatever the shapes, about a megabyte for packed factors, and what is shared by all calls of a kernel.
func (c *Call) ScratchBytes() int64 {
	switch d := c.Data.(type) {
	case []float32:
		return int64(4 * len(d))
	case []float64:
		return int64(8 * len(d))
	case []int32:
		return int64(4 * len(d))
	case *Call: // the reference of project_generated: a product with a matrix of its own
		return int64(d.In[1].Len()) * d.In[1].DType.Bytes()
	case scratcher:
		return d.scratchBytes()
	}
	return 0
}

// sizeOf returns the elements of some slices.
func sizeOf[T any](slices ...[]T) (n int64) {
	for _, s := range slices {
		n += int64(len(s))
	}
	return n
}

func (h *head) scratchBytes() int64 {
	if h.logits == nil {
		return 0
	}
	return int64(h.logits.Len()) * h.logits.DType.Bytes()
}

func (k *chunked) scratchBytes() int64 {
	return 4*(sizeOf(k.logits)+sizeOf(k.shares...)) + 8*sizeOf(k.totals, k.losses)
}

func (p *productShape) scratchBytes() int64 {
	if p.sum == nil {
		return 0
	}
	return 4 * sizeOf(p.sum.pieces...)
}

func (s *sums) scratchBytes() int64 { return 8 * (sizeOf(s.totals...) + sizeOf(s.kept...)) }

func (p *placings) scratchBytes() int64 {
	return 8*sizeOf(p.these, p.spare) + 4*sizeOf(p.places) + 4*sizeOf(p.near)
}

func (l *lists) scratchBytes() int64 { return 4 * sizeOf(l.first, l.next) }

func (h *historyLists) scratchBytes() int64 { return 4 * sizeOf(h.head, h.order) }

func (r *scoreRow[T]) scratchBytes() int64 {
	element := graph.F32
	if _, double := any(T(0)).(float64); double {
		element = graph.F64
	}
	return element.Bytes()*sizeOf(r.query, r.weights, r.kept, r.grad) + 4*sizeOf(r.drawn) + 8*sizeOf(r.dk, r.dv)
}
