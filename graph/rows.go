package graph

import (
	"cmp"
	"slices"
)

// Rows are what a sweep goes by: for a dimension R, a value whose leading axes hold k*R positions has R rows. Arrays are
// row-major, so that rows lo to hi are one piece of its memory, and an op that takes these axes apart ([Op.Apart]) computes that
// piece of its results from the same rows of its operands.

// RowAxes returns the number of leading axes of a value of type t that make up its R rows, the fewest whose product R divides. It
// is not ok where there are none.
func (t Type) RowAxes(r Dim) (axes int, ok bool) {
	if t.Sparse {
		return 0, false
	}
	p := Int(1)
	for i, d := range t.Dims {
		p = p.Mul(d)
		if _, ok := p.Div(r); ok {
			return i + 1, true
		}
	}
	return 0, false
}

// RowSize returns the number of elements of each of a value's R rows.
func (t Type) RowSize(r Dim) (Dim, bool) {
	if _, ok := t.RowAxes(r); !ok {
		return Dim{}, false
	}
	return product(t.Dims).Div(r)
}

// RowWise reports whether rows of n's results can be computed from the same rows of its operands, apart from other rows, when
// there are R of them. whole says of each operand that it is not cut by rows, but read whole for any of them.
func (n *Node) RowWise(r Dim) (whole []bool, ok bool) {
	if n.Op.Apart == nil || r == Int(1) {
		return nil, false
	}
	out := n.Results[0].Type
	axes, ok := out.RowAxes(r)
	if !ok || axes > n.Op.Apart(n) {
		return nil, false
	}
	for _, o := range n.Results[1:] {
		if o.Type.Rank() < axes || !slices.Equal(o.Type.Dims[:axes], out.Dims[:axes]) {
			return nil, false
		}
	}
	whole = make([]bool, len(n.Args))
	for i, a := range n.Args {
		if whole[i], ok = n.wholeOperand(i, a.Type, out, axes, r); !ok {
			return nil, false
		}
	}
	return whole, true
}

// wholeOperand reports whether operand i is read whole for some positions of the result's leading axes, or only at the same ones.
// It is not ok where it is neither.
func (n *Node) wholeOperand(i int, x, out Type, axes int, r Dim) (whole, ok bool) {
	missing := out.Rank() - x.Rank()
	switch {
	case x.Sparse:
		return false, false
	case n.Op.Is(Random) && i == len(n.Args)-1: // the key
		return true, true
	case n.Op.Name == "reshape": // the same memory, divided in another way
		_, ok = x.RowAxes(r)
		return false, ok
	case missing <= 0 && slices.Equal(x.Dims[:axes], out.Dims[:axes]):
		return false, true
	}
	// It is broadcast, aligned at the right.
	for a := max(0, missing); a < axes; a++ {
		if missing < 0 || x.Dims[a-missing] != Int(1) {
			return false, false
		}
	}
	return true, true
}

// SweepRows returns the rows by which all the nodes can be computed in one sweep, as fine as they can be. It is not ok where there
// are none.
func SweepRows(nodes []*Node) (Dim, bool) {
	var candidates []Dim
	for _, n := range nodes {
		for _, v := range slices.Concat(n.Results, n.Args) {
			p := Int(1)
			for _, d := range v.Type.Dims {
				if p = p.Mul(d); !slices.Contains(candidates, p) {
					candidates = append(candidates, p)
				}
			}
		}
	}
	slices.SortFunc(candidates, func(a, b Dim) int {
		return cmp.Or(cmp.Compare(len(b.Symbols()), len(a.Symbols())), cmp.Compare(b.coef, a.coef), cmp.Compare(a.syms, b.syms))
	})
	for _, r := range candidates {
		if byRows(nodes, r) {
			return r, true
		}
	}
	return Dim{}, false
}

// byRows reports whether R rows serve all nodes, of which none reads the whole of what another makes.
func byRows(nodes []*Node, r Dim) bool {
	for _, n := range nodes {
		whole, ok := n.RowWise(r)
		if !ok {
			return false
		}
		for i, a := range n.Args {
			if whole[i] && slices.Contains(nodes, a.Node) {
				return false
			}
		}
	}
	return true
}

// Sweeps returns the sweeps of g: lists of neighbouring nodes of which all but the first are joined.
func (g *Graph) Sweeps() [][]*Node {
	var out [][]*Node
	for i := 0; i < len(g.Nodes); i++ {
		first := i
		for i+1 < len(g.Nodes) && g.Nodes[i+1].Joined {
			i++
		}
		if i > first {
			out = append(out, g.Nodes[first:i+1])
		}
	}
	return out
}

// Inner returns the values of g's sweeps that nothing outside of their sweep reads. They are never in memory as a whole.
func (g *Graph) Inner() map[*Value]bool {
	inner, users := map[*Value]bool{}, g.Users()
	for _, nodes := range g.Sweeps() {
		for _, n := range nodes {
			for _, r := range n.Results {
				inner[r] = !slices.ContainsFunc(users[r], func(u *Node) bool { return !slices.Contains(nodes, u) })
			}
		}
	}
	return inner
}

// The rules of [Op.Apart].

// everyAxis is that of ops on elements.
func everyAxis(n *Node) int { return n.Results[0].Type.Rank() }

// allButLast is that of ops along the last axis of the first operand.
func allButLast(n *Node) int { return n.Args[0].Type.Rank() - 1 }

// beforeAxis is that of ops along one axis.
func beforeAxis(n *Node) int { return n.Int("axis") }

// beforeAxes is that of reductions.
func beforeAxes(n *Node) int {
	if axes := n.Ints("axes"); len(axes) > 0 {
		return axes[0]
	}
	return everyAxis(n)
}

// fixedAxes is that of transpose: the leading axes that keep their places.
func fixedAxes(n *Node) int {
	for i, p := range n.Ints("perm") {
		if p != i {
			return i
		}
	}
	return everyAxis(n)
}

// sharedAxes is that of ops that count the copies which they make of the operand: the leading axes that it has too.
func sharedAxes(n *Node) int {
	x, out := n.Args[0].Type, n.Results[0].Type
	if x.Rank() < out.Rank() {
		return 0
	}
	for i, d := range x.Dims {
		if d != out.Dims[i] {
			return i
		}
	}
	return out.Rank()
}
