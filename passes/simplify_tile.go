package passes

import (
	"cmp"
	"slices"

	"graft/graph"
)

// tiles lets a sum of padded values be a concatenation of what was padded, where each element of the sum is an element of exactly
// one of them: the gradient of a value that was sliced up, such as a packed projection to queries, keys and values. It returns nil
// for other sums.
//
// Such an element is x + 0, or 0 + x, as often as there are other terms: that is x, also for infinities and NaN. Of -0 it is +0,
// so this is the one rule of simplify that may change a bit, the sign of a zero.
func tiles(n *graph.Node, args []*graph.Value) (axis int, parts []*graph.Value) {
	t := tiling{sum: n}
	if !t.take(args) {
		return 0, nil
	}
	slices.SortFunc(t.pads, func(p, q *graph.Value) int { return cmp.Compare(p.Node.Int("before"), q.Node.Int("before")) })
	end := 0
	for _, p := range t.pads {
		if p.Node.Int("before") != end {
			return 0, nil
		}
		end += lengthOf(p.Arg(0), t.axis)
	}
	if end != lengthOf(n.Results[0], t.axis) {
		return 0, nil
	}
	for _, p := range t.pads {
		handOn(p.Arg(0), p, n)
		parts = append(parts, p.Arg(0))
	}
	return t.axis, parts
}

// tiling collects the terms of a sum as long as they may tile it.
type tiling struct {
	sum  *graph.Node
	axis int // along which the terms are padded
	pads []*graph.Value
}

// take appends the terms of sums of values, and reports whether all are made where the sum is, so that no region reads for another,
// and padded along one axis to its size. No more terms tile an axis than it is long.
func (t *tiling) take(values []*graph.Value) bool {
	for _, v := range values {
		n := v.Node
		if n.Phase != t.sum.Phase || n.Label != t.sum.Label || n.Region != t.sum.Region || !v.Type.Equal(t.sum.Results[0].Type) {
			return false
		}
		switch {
		case v.Is("add"):
			if !t.take(n.Args) {
				return false
			}
		case v.Is("pad") && (len(t.pads) == 0 || n.Int("axis") == t.axis):
			t.axis = n.Int("axis")
			t.pads = append(t.pads, v)
			if len(t.pads) > lengthOf(v, t.axis) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func lengthOf(v *graph.Value, axis int) int {
	n, _ := v.Type.Dims[axis].Const() // pad wants a known length
	return n
}
