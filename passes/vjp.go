package passes

import (
	"slices"

	"graft/graph"
)

// VJP is the gradient rule of an op: it builds the vector-Jacobian products of a node. It returns one cotangent per operand, nil
// where none flows or none is needed.
type VJP func(l *Local) []*graph.Value

// VJPs gives the rule of each differentiable op by name. It is a value: extend a copy.
type VJPs map[string]VJP

// Local is a node as its gradient rule sees it.
type Local struct {
	// Node is the node of the definition: its attributes and types.
	Node *graph.Node
	// In and Out are its operands and results in the program that is being built.
	In, Out []*graph.Value
	// Dy are the cotangents of its results, nil where a result has none; at least one is there.
	Dy []*graph.Value
	// Need says which operands want a cotangent.
	Need []bool
	g    *graph.Graph
}

// Add appends a node to the program and returns its first result.
func (l *Local) Add(op string, attrs graph.Attrs, args ...*graph.Value) *graph.Value {
	return l.g.Add(op, attrs, args...)[0]
}

// Refuse reports that no cotangent can be built and why.
func (l *Local) Refuse(why string) []*graph.Value {
	return []*graph.Value{l.g.Invalid("%s at %v: %s", l.Node.Op.Name, l.Node.Pos, why)}
}

// orZeros returns the cotangent of result i, or zeros where it has none.
func (l *Local) orZeros(i int) *graph.Value {
	if l.Dy[i] == nil {
		return l.g.Const(0, l.Out[i].Type)
	}
	return l.Dy[i]
}

// sumTo reduces v to the type of a broadcast operand: the adjoint of broadcasting.
func (l *Local) sumTo(v *graph.Value, t graph.Type) *graph.Value {
	axes := broadcastAxes(t.Dims, v.Type.Dims)
	if len(axes) > 0 {
		v = l.Add("sum", graph.Attrs{"axes": axes}, v)
	}
	return l.reshape(v, t.Dims)
}

func (l *Local) reshape(v *graph.Value, dims []graph.Dim) *graph.Value {
	if slices.Equal(v.Type.Dims, dims) {
		return v
	}
	return l.Add("reshape", graph.Attrs{"shape": dims}, v)
}

// broadcastAxes returns the axes of to along which a value of dims from is repeated.
func broadcastAxes(from, to []graph.Dim) []int {
	var axes []int
	off := len(to) - len(from)
	for i, d := range to {
		if i < off || from[i-off] != d {
			axes = append(axes, i)
		}
	}
	return axes
}

// Rules returns graft's own gradient rules.
func Rules() VJPs {
	rules := VJPs{}
	for _, group := range []VJPs{elementwiseRules(), shapeRules(), productRules(), lossRules(), normRules(), indexRules()} {
		for op, rule := range group {
			rules[op] = rule
		}
	}
	return rules
}
