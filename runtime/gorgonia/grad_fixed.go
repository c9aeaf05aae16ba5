package gorgonia

import (
	"fmt"
	"slices"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

// carrying returns the values that a cotangent may pass: those that a parameter reaches without passing a detach.
func carrying(def *graph.Graph) map[*graph.Value]bool {
	carries := map[*graph.Value]bool{}
	for _, n := range def.Nodes {
		flows := n.Op.Name == "param"
		for _, a := range n.Args {
			flows = flows || carries[a] && n.Op.Name != "detach"
		}
		for _, v := range n.Results {
			carries[v] = flows && v.Type.Differentiable()
		}
	}
	return carries
}

// fixed reports whether n's results are constants that the reference kernels compute: behind a detach, and where neither a
// cotangent passes nor Gorgonia has an op.
func (f *forward) fixed(n *graph.Node) bool {
	if n.Op.Is(graph.Leaf) || n.Op.Name == "error" || n.Op.Name == "feedback" {
		return false
	}
	carried := slices.ContainsFunc(n.Results, func(v *graph.Value) bool { return f.carries[v] })
	return n.Op.Name == "detach" || !carried && f.ruleOf(n) == nil
}

// fix adds the results of n as constants.
func (f *forward) fix(n *graph.Node) error {
	for _, v := range n.Results {
		if !v.Type.Differentiable() {
			continue
		}
		b, err := f.value(v)
		if err != nil {
			return err
		}
		f.nodes[v] = f.constant(b, f.names[v])
	}
	return nil
}

// value returns what a leaf is given, and of other values what the reference kernels make of the leaves.
func (f *forward) value(v *graph.Value) (*buffer.Buffer, error) {
	n := v.Node
	if n.Op.Is(graph.Leaf) && n.Op.Name != "const" {
		return f.given(v)
	}
	if b := f.known[v]; b != nil {
		return b, nil
	}
	in := make([]*buffer.Buffer, len(n.Args))
	for i, a := range n.Args {
		var err error
		if in[i], err = f.value(a); err != nil {
			return nil, err
		}
	}
	out, err := native.Reference().Eval(n, f.binding, in...)
	if err != nil {
		return nil, err
	}
	for i, r := range n.Results {
		f.known[r] = out[i]
	}
	return f.known[v], nil
}

// given returns the value of a leaf that is no constant. Patterns are checked where they are read.
func (f *forward) given(v *graph.Value) (*buffer.Buffer, error) {
	b := f.leaves[v.Node.Name()]
	shape, err := v.Type.Shape(f.binding)
	switch {
	case err != nil:
		return nil, err
	case b == nil:
		return nil, fmt.Errorf("no value is given for %v", v)
	case !v.Type.Sparse && (b.DType != v.Type.DType || !slices.Equal(b.Shape, shape)):
		return nil, fmt.Errorf("%v%v is given for %v, which is %v%v", b.DType, b.Shape, v, v.Type.DType, shape)
	}
	return b, nil
}
